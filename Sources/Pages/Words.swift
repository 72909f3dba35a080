// Everything that pages say, one property for each text: a language that lacks one does not compile.

/// The texts of one language. ``choose(acceptLanguage:override:fallback:)`` finds the right one for a reader.
public struct Words: Sendable {
    /// The language tag (BCP 47), as it stands in `lang` and Content-Language.
    public let tag: String

    // MARK: On every page

    /// Where secrets are kept, at the foot.
    let footer: String
    /// Above a problem, and before the title of its page.
    let problem: String
    /// A link to the form, for somebody else than the sender and for the sender.
    let share: String
    let shareAnother: String
    /// Nobody may rely on the connection's privacy.
    let insecureConnection: String

    // MARK: The form

    let createTitle: String
    let createLead: String
    let contentLabel: String
    /// Takes the size limit.
    let contentHint: @Sendable (String) -> String
    /// Opens the part of the form with passphrase and lifetime.
    let optionsSummary: String
    let passphraseOptionalLabel: String
    let passphraseLabel: String
    let passphraseHint: String
    /// Takes the least number of characters.
    let passphraseMinimumHint: @Sendable (Int) -> String
    let lifetimeLabel: String
    let lifetimeHint: String
    let createButton: String
    let generateButton: String
    let generateHint: String

    // MARK: The sender's receipt

    let receiptNewTitle: String
    let receiptReceivedTitle: String
    let receiptBurnedTitle: String
    let receiptExpiredTitle: String
    let receiptNewLead: String
    let receiptReceivedLead: String
    let receiptBurnedLead: String
    let receiptExpiredLead: String
    let linkLabel: String
    let linkWarning: String
    let linkPassphraseHint: String
    let generatedLabel: String
    let generatedHint: String
    let stateLabel: String
    let stateNew: String
    let stateReceived: String
    let stateBurned: String
    let stateExpired: String
    let createdLabel: String
    let expiresLabel: String
    let receivedLabel: String
    let burnedLabel: String
    let expiredLabel: String
    let passphraseSet: String
    let passphraseNone: String
    /// Takes a duration.
    let timeLeft: @Sendable (String) -> String
    let factsTitle: String
    let receiptHint: String
    let refreshLink: String
    let burnLink: String

    // MARK: Burning

    let burnTitle: String
    let burnLead: String
    let burnPassphraseHint: String
    let burnButton: String
    let keepLink: String

    // MARK: The recipient's page

    let secretTitle: String
    let secretLead: String
    let secretOnce: String
    let serverLabel: String
    let secretPassphraseHint: String
    let revealButton: String
    let revealedTitle: String
    let revealedLead: String
    let revealedLabel: String
    let revealedHint: String

    // MARK: Nothing to show

    let goneTitle: String
    let goneLead: String
    let goneAdvice: String
    let notFoundTitle: String
    let notFoundLead: String
    let malformedTitle: String
    let malformedLead: String
    let refusedTitle: String
    let refusedLead: String
    let busyTitle: String
    let fullTitle: String
    let fullLead: String
    let tooLargeTitle: String

    // MARK: Problems with a form

    let problemEmptyContent: String
    /// Takes the size limit.
    let problemContentTooLarge: @Sendable (String) -> String
    let problemPassphraseRequired: String
    let problemPassphraseTooShort: @Sendable (Int) -> String
    let problemPassphraseTooLong: @Sendable (Int) -> String
    let problemWrongPassphrase: String
    let problemWrongPassphraseTriesLeft: @Sendable (Int) -> String
    /// Takes how long to wait.
    let problemBusy: @Sendable (String) -> String

    // MARK: Quantities

    let seconds: @Sendable (Int) -> String
    let minutes: @Sendable (Int) -> String
    let hours: @Sendable (Int) -> String
    let days: @Sendable (Int) -> String
    let bytes: @Sendable (Int) -> String
    /// Joins two quantities: hours and minutes.
    let both: @Sendable (String, String) -> String
    /// From January on.
    let months: [12 of String]
    /// Date and time of day, saying that it is UTC. Takes the name of the month too.
    let dateAndTime: @Sendable (CalendarTime, String) -> String

    /// A moment for a person to read.
    func moment(_ time: CalendarTime) -> String { dateAndTime(time, months[time.month - 1]) }
}
