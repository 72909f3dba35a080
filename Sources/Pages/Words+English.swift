// English.

extension Words {
    /// English.
    public static let english = Words(
        tag: "en",
        footer: "Secrets are kept in this server’s memory only, and end with it.",
        problem: "That did not work",
        share: "Share a secret",
        shareAnother: "Share another secret",
        insecureConnection: "This page did not come over an encrypted connection (HTTPS): "
            + "others on the network may be able to read along.",
        createTitle: "Share a secret, once",
        createLead: "Put it in, send the link. The link opens one time, then the secret is gone.",
        contentLabel: "Your secret",
        contentHint: { "A password, a key, a note: any text up to \($0)." },
        optionsSummary: "Passphrase and lifetime",
        passphraseOptionalLabel: "Passphrase (optional)",
        passphraseLabel: "Passphrase",
        passphraseHint: "The recipient has to enter it. Tell it by another way than the link: a call, for example.",
        passphraseMinimumHint: { "At least \($0) characters." },
        lifetimeLabel: "Lifetime",
        lifetimeHint: "Unread after this time, it is destroyed. The shorter, the safer.",
        createButton: "Create a secret link",
        generateButton: "Generate a password",
        generateHint: "Need a new password for someone? We make one up and share it the same way.",
        receiptNewTitle: "Your secret link is ready",
        receiptReceivedTitle: "Your secret was read",
        receiptBurnedTitle: "Your secret was burned",
        receiptExpiredTitle: "Your secret expired unread",
        receiptNewLead: "Send this link to one person.",
        receiptReceivedLead: "It no longer exists on this server. If it was not your recipient who read it, "
            + "somebody else now knows it: change it where it is used.",
        receiptBurnedLead: "It was destroyed before anybody read it. Its link no longer works.",
        receiptExpiredLead: "Nobody read it in time, and now nobody can.",
        linkLabel: "Secret link",
        linkWarning: "Do not open it to try it out: whoever shows the secret uses the link up.",
        linkPassphraseHint: "Tell the passphrase by another way than the link.",
        generatedLabel: "Generated password",
        generatedHint: "It is shown to you only this once.",
        stateLabel: "State",
        stateNew: "Not read yet",
        stateReceived: "Read",
        stateBurned: "Burned",
        stateExpired: "Expired",
        createdLabel: "Created",
        expiresLabel: "Expires",
        receivedLabel: "Read",
        burnedLabel: "Burned",
        expiredLabel: "Expired",
        passphraseSet: "Set",
        passphraseNone: "None",
        timeLeft: { "\($0) left" },
        factsTitle: "Receipt",
        receiptHint: "Keep this receipt to yourself: it tells whether the secret was read, and can burn it.",
        refreshLink: "Refresh the receipt",
        burnLink: "Burn the secret",
        burnTitle: "Burn this secret?",
        burnLead: "It is destroyed at once, and its link stops working. There is no way back.",
        burnPassphraseHint: "The one that you gave this secret.",
        burnButton: "Burn it",
        keepLink: "Keep it",
        secretTitle: "Somebody sent you a secret",
        secretLead: "It can be shown only once. Then it is deleted from the server.",
        secretOnce: "Have a safe place ready to put it, and show it when nobody looks over your shoulder.",
        serverLabel: "Kept on",
        secretPassphraseHint: "The sender tells it to you by another way than the link.",
        revealButton: "Show the secret",
        revealedTitle: "Here is your secret",
        revealedLead: "It no longer exists on the server, and this page cannot be shown again.",
        revealedLabel: "The secret",
        revealedHint: "Copy it to a safe place, then close this page.",
        goneTitle: "There is nothing here any more",
        goneLead: "A secret can be read once. This one was read, burned or has expired, "
            + "or the link was never complete: this page looks the same in each case.",
        goneAdvice: "Did you expect a secret here? Tell its sender that you could not read it, and ask for a new link.",
        notFoundTitle: "This page does not exist",
        notFoundLead: "The address leads nowhere on this server. Perhaps the link was cut off.",
        malformedTitle: "That request could not be understood",
        malformedLead: "The form arrived incomplete. Nothing was stored or shown. Please open the page again.",
        refusedTitle: "That request was refused",
        refusedLead: "It did not come from a page of this server, or from one that was open too long. "
            + "Nothing was stored or shown. Please open the page again.",
        busyTitle: "Too busy just now",
        fullTitle: "No room at the moment",
        fullLead: "This server holds as many secrets as it can. Yours was not stored. "
            + "Try again once others have been read or have expired.",
        tooLargeTitle: "That is too large",
        problemEmptyContent: "There is nothing to share yet. Please enter your secret.",
        problemContentTooLarge: { "A secret can have up to \($0). Nothing was stored." },
        problemPassphraseRequired: "This server shares secrets only with a passphrase. "
            + "Please enter your secret again, with one.",
        problemPassphraseTooShort: {
            "A passphrase needs at least \($0) characters. Please enter your secret again, with a longer one."
        },
        problemPassphraseTooLong: {
            "A passphrase can have at most \($0) characters. Please enter your secret again, with a shorter one."
        },
        problemWrongPassphrase: "That is not the right passphrase.",
        problemWrongPassphraseTriesLeft: {
            $0 == 1
                ? "That is not the right passphrase. One try left: if it fails, the secret is destroyed."
                : "That is not the right passphrase. \($0) tries left."
        },
        problemBusy: { "The server has too much to do. Nothing was stored or shown. Please try again in \($0)." },
        seconds: { $0 == 1 ? "1 second" : "\($0) seconds" },
        minutes: { $0 == 1 ? "1 minute" : "\($0) minutes" },
        hours: { $0 == 1 ? "1 hour" : "\($0) hours" },
        days: { $0 == 1 ? "1 day" : "\($0) days" },
        bytes: { $0 == 1 ? "1 byte" : "\($0) bytes" },
        both: { "\($0) and \($1)" },
        months: [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ],
        dateAndTime: { "\($0.day) \($1) \($0.year), \($0.clock) UTC" }
    )
}
