// Everything that pages say, one property for each text: a language that lacks one does not compile.

/// The texts of one language. ``choose(acceptLanguage:override:fallback:)`` finds the right one for a reader.
///
/// In a text, `{}` stands for a value; where there are two, `{1}` and `{2}`. Quantities have a form for each class of numbers that
/// the language tells apart, with `|` between them, in the order of ``PluralRule``.
public struct Words: Sendable {
    /// The language tag (BCP 47), as it stands in `lang` and Content-Language.
    public let tag: String
    /// The language's own name.
    let name: String
    /// Which numbers take which form.
    let plural: PluralRule
    /// Whether it is written from right to left.
    var isRightToLeft: Bool { tag == "ar" || tag == "he" }

    // MARK: On every page

    /// Where secrets are kept, at the foot.
    let footer: String
    /// Opens the choice of languages.
    let language: String
    /// Above a problem, and before the title of its page.
    let problem: String
    /// A link to the form, for somebody else than the sender and for the sender.
    let share: String
    let shareAnother: String
    /// Nobody may rely on the connection's privacy.
    let insecureConnection: String
    /// The server can't be reached; nothing was stored or shown.
    let offline: String
    let copied: String

    // MARK: The form

    let createTitle: String
    let createLead: String
    let contentLabel: String
    /// Takes the size limit.
    let contentHint: String
    let addFiles: String
    /// Takes the name of a file.
    let removeFile: String
    /// Takes how much more there is room for.
    let roomLeft: String
    /// Opens the part of the form with passphrase, lifetime and so on.
    let optionsSummary: String
    let passphraseOptionalLabel: String
    let passphraseLabel: String
    let passphraseHint: String
    /// A quantity: the least number of characters.
    let passphraseMinimumHint: String
    /// A button that makes a passphrase up, and what it may be made of.
    let makePassphrase: String
    let madeOf: String
    let madeOfWords: String
    let madeOfCharacters: String
    let madeLength: String
    /// Takes one of the four grades that follow.
    let strength: String
    let strengthWeak: String
    let strengthFair: String
    let strengthGood: String
    let strengthBest: String
    let lifetimeLabel: String
    let lifetimeHint: String
    let readersLabel: String
    let readersHint: String
    let triesLabel: String
    let triesHint: String
    let linksLabel: String
    let linksHint: String
    let partsLabel: String
    let partsHint: String
    let partsNeededLabel: String
    let noteLabel: String
    let noteHint: String
    let labelLabel: String
    let labelHint: String
    /// When and from where a secret may be read.
    let notBeforeLabel: String
    let hoursLabel: String
    let hoursHint: String
    let allowNetworksLabel: String
    let denyNetworksLabel: String
    let allowCountriesLabel: String
    let denyCountriesLabel: String
    let createButton: String
    let generateButton: String
    let generateHint: String
    /// The browser seals, or cannot.
    let sealedHere: String
    let sealedByServer: String
    /// Take how far it is.
    let sealing: String
    let sending: String
    let cancel: String
    let cancelled: String
    let recentTitle: String

    // MARK: Several links at once

    let linksTitle: String
    let linksLead: String
    /// Takes how many are needed and how many there are.
    let partsLead: String
    /// Takes a number.
    let linkNumber: String

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
    /// The page has the link without its key.
    let linkKeyMissing: String
    let copyLink: String
    let copyPassphrase: String
    let sendLink: String
    let qrTitle: String
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
    let wrongTriesLabel: String
    /// Somebody was refused, and by what, in the order of ``ReceiptFacts/refusalCodes``, with `|` between them.
    let refusedTriesLabel: String
    let refusedBy: String
    let readLabel: String
    /// Takes how many and of how many.
    let countOf: String
    /// Takes a duration.
    let timeLeft: String
    let factsTitle: String
    let receiptHint: String
    let refreshLink: String
    /// Instead of the link before, where the page keeps itself up to date.
    let liveHint: String
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
    let senderNote: String
    let secretPassphraseHint: String
    let revealButton: String
    let destroyLink: String
    let destroyedTitle: String
    /// It was sealed in a browser.
    let needsScript: String
    let linkIncomplete: String
    let ownSecret: String
    /// Takes how far it is.
    let opening: String
    let doesNotOpen: String
    let revealedTitle: String
    let revealedLead: String
    let revealedLabel: String
    let revealedHint: String
    let copySecret: String
    let hideSecret: String
    let showSecret: String
    let filesLabel: String
    /// Takes the name of a file.
    let download: String
    let clearLabel: String
    let clearNever: String
    let clearNow: String
    let cleared: String

    // MARK: Parts of a split secret

    /// Takes which one and of how many.
    let partTitle: String
    /// Takes how many are missing.
    let partLead: String
    let partField: String
    let partAdd: String
    let partMismatch: String

    // MARK: Nothing to show

    let goneTitle: String
    let goneLead: String
    let goneAdvice: String
    let notFoundTitle: String
    let notFoundLead: String
    let malformedTitle: String
    let malformedLead: String
    let linkGone: String
    let keyRequired: String
    let refusedTitle: String
    let refusedLead: String
    let closedTitle: String
    let closedLead: String
    let placeTitle: String
    let placeLead: String
    let busyTitle: String
    let fullTitle: String
    let fullLead: String
    let tooLargeTitle: String

    // MARK: The operator's page

    let operatorTitle: String
    let keyLabel: String
    /// What an operator has stopped, as a title, and as told to those who ask for it.
    let lockTitle: String
    let lockLead: String
    /// To an operator whose form was about another state than there is.
    let staleLead: String
    let lockCreation: String
    let lockReveal: String
    let apply: String
    /// About those that were selected.
    let burnMany: String
    let burnManyLead: String
    let burnAll: String
    let reportTitle: String
    let fromLabel: String
    let untilLabel: String
    let more: String

    // MARK: Problems with a form

    let problemEmptyContent: String
    /// Takes the size limit.
    let problemContentTooLarge: String
    let problemPassphraseRequired: String
    /// Quantities.
    let problemPassphraseTooShort: String
    let problemPassphraseTooLong: String
    let problemWrongPassphrase: String
    /// The quantity of tries that are left, after ``problemWrongPassphrase``.
    let triesLeft: String
    let lastTry: String
    /// Takes how long to wait.
    let problemBusy: String
    /// After the label of a rule; takes what is wrong.
    let problemRule: String
    /// Amid a sentence.
    let example: String
    let problemNeverOpen: String

    // MARK: Quantities

    let seconds: String
    let minutes: String
    let hours: String
    let days: String
    let bytes: String
    /// Joins two quantities: hours and minutes.
    let both: String
    /// From January on, as they stand in a date, with `|` between them.
    let months: String
    /// Date and time of day: `{d}` day, `{M}` name of the month, `{y}` year, `{t}` time of day. Says that it is UTC.
    let dateAndTime: String
}
