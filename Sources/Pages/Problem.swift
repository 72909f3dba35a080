// What can be wrong with a form that was sent in, so that it is shown again.
public import HTTPWire

/// Why a form is shown again. Each case knows its status and its text in the reader's language.
public enum Problem: Equatable, Sendable {
    /// There was nothing to share.
    case emptyContent
    /// The content has more bytes than the limit.
    case contentTooLarge(limit: Int)
    /// This server takes no secret without a passphrase.
    case passphraseRequired
    /// The passphrase has fewer characters than the minimum.
    case passphraseTooShort(minimum: Int)
    /// The passphrase has more characters than the maximum.
    case passphraseTooLong(maximum: Int)
    /// The passphrase does not open the secret. `triesLeft`: how many more the secret allows, if that is to be told.
    case wrongPassphrase(triesLeft: Int?)
    /// It was sealed in a browser and opens only there.
    case needsScript
    /// A rule that the sender gave is not understood or can't be kept. `wrong`: what of it, which is escaped when written;
    /// `isKept`: whether this server keeps such rules at all.
    case malformedRule(SecretRule, wrong: String, isKept: Bool)
    /// With the rules that the sender gave, nobody could read it, because of this one.
    case neverOpen(SecretRule)
    /// The server's hours do not come before it would expire. `opens`: when they do, in seconds since 1970; nil where nobody knows.
    case serverClosed(opens: Int?)
    /// The server has too much to do. `retryAfter`: seconds to wait, also sent as Retry-After.
    case busy(retryAfter: Int)

    /// The status that the page with this problem has.
    public var status: ResponseStatus {
        switch self {
        case .emptyContent, .passphraseRequired, .passphraseTooShort, .passphraseTooLong, .needsScript,
            .malformedRule, .neverOpen, .serverClosed:
            .unprocessableContent
        case .contentTooLarge: .contentTooLarge
        case .wrongPassphrase: .forbidden
        case .busy: .tooManyRequests
        }
    }

    /// How many seconds to wait before the next try, if waiting helps.
    var retryAfter: Int? {
        guard case .busy(let seconds) = self else { return nil }
        return seconds
    }

    /// Whether it is about the passphrase.
    var concernsPassphrase: Bool {
        switch self {
        case .passphraseRequired, .passphraseTooShort, .passphraseTooLong, .wrongPassphrase: true
        default: false
        }
    }

    /// Whether it is about the content.
    var concernsContent: Bool {
        switch self {
        case .emptyContent, .contentTooLarge: true
        default: false
        }
    }

    /// The field for a rule that it is about.
    var rule: SecretRule? {
        switch self {
        case .malformedRule(let rule, _, _), .neverOpen(let rule): rule
        default: nil
        }
    }

    func text(_ words: Words) -> String {
        switch self {
        case .needsScript: words.needsScript
        case .emptyContent: words.problemEmptyContent
        case .contentTooLarge(let limit): words.fill(words.problemContentTooLarge, words.size(limit))
        case .passphraseRequired: words.problemPassphraseRequired
        case .passphraseTooShort(let minimum): words.quantity(words.problemPassphraseTooShort, minimum)
        case .passphraseTooLong(let maximum): words.quantity(words.problemPassphraseTooLong, maximum)
        case .wrongPassphrase(.some(1)): "\(words.problemWrongPassphrase) \(words.lastTry)"
        case .wrongPassphrase(.some(let tries)):
            "\(words.problemWrongPassphrase) \(words.quantity(words.triesLeft, tries))"
        case .wrongPassphrase(nil): words.problemWrongPassphrase
        case .malformedRule(let rule, let wrong, let isKept):
            rule.label(words) + " – " + words.fill(words.problemRule, Self.isolated(wrong))
                + (isKept ? " (" + words.fill(words.example, Self.isolated("\(rule.example)")) + ")" : "")
        case .neverOpen, .serverClosed(nil): words.problemNeverOpen
        case .serverClosed(.some(let opens)):
            words.problemNeverOpen + " " + words.fill(words.closedLead, words.moment(CalendarTime(epochSeconds: opens)))
        case .busy(let seconds): words.fill(words.problemBusy, words.duration(seconds))
        }
    }

    /// What is the same in all languages, with a direction of its own amid a sentence (UAX #9, FSI and PDI), which nothing in it can end.
    private static func isolated(_ text: String) -> String { "\u{2068}" + Legible.text(text) + "\u{2069}" }
}
