// What can be wrong with what a client asks for.
internal import HTTPWire
internal import Pages
internal import Rules

/// Why a request is refused. What each means to an API client and on a page is said where it is written.
enum Refusal: Error, Equatable {
    case nothingToShare
    case contentTooLarge
    case contentIsNotText
    /// Words beside the secret are longer than ``SealedWords/limit``.
    case wordsTooLong
    /// A script has to name its reader.
    case claimMissing
    /// What was sealed in a browser is opened in one.
    case needsScript
    /// An answer of the API can't hold files.
    case holdsFiles
    case passphraseTooShort
    case passphraseTooLong
    case passphraseMissing
    /// JSON gives it as an object, or as an array in which nothing is said.
    case passphraseIsNoText
    case recipientWithoutAccount
    /// About API keys and creation links.
    case key(KeyRefusal)
    case unknownSecret
    case malformedKey
    case wrongPassphrase(attemptsLeft: Int)
    /// None was given where there is one: no guess.
    case passphraseRequired(attemptsLeft: Int)
    case lockedOut
    case tooBusy
    case vaultFull
    case noMemory
    case foreignOrigin
    case duplicateField
    case malformedBody(FieldFault)
    case bodyTooLarge
    /// A rule of the server or of the secret.
    case rule(RuleRefusal)
    /// A rule that the sender gave is not understood: what is allowed instead, and what of it was wrong.
    case malformedRule(SecretRule, allowed: String, wrong: String)
    /// With the rules that the sender gave, nobody could ever read the secret, because of this one.
    case neverOpen(SecretRule)
    /// With this rule that the sender gave, which says so, nobody could read the secret from anywhere.
    case nowhereOpen(SecretRule, wrong: String)
    /// The server's hours do not come before the secret would expire; when they do, in seconds since 1970.
    case serverClosed(opens: Int64?)
    /// A number that the sender chose is none, or not from 1 up to the most.
    case outOfRange(Choice, most: Int)
    /// A creation link was sent to the API, which takes none.
    case linkInAPI
    case internalError
    /// The operator has stopped creating or revealing.
    case lockedDown
    /// What an operator is to burn was not said, or not said twice.
    case nothingSelected
    case unconfirmed
    /// A page shows another state than there is: what its form would change is not what somebody meant to.
    case stale
    /// A field that nothing is known of, where ignoring it could burn too much.
    case unknownField
}

extension Refusal {
    /// A number that a sender may choose for a secret.
    enum Choice {
        case readers
        case tries

        /// The field's name.
        var name: StaticString {
            switch self {
            case .readers: "readers"
            case .tries: "tries"
            }
        }
    }

    /// What figures call it: the rule as the audit log has it, or which part of one that stands for several.
    var name: StaticString {
        switch self {
        case .nothingToShare: "nothing-to-share"
        case .contentTooLarge: "content-too-large"
        case .contentIsNotText: "content-is-not-text"
        case .wordsTooLong: "words-too-long"
        case .claimMissing: "claim-missing"
        case .needsScript: "needs-script"
        case .holdsFiles: "holds-files"
        case .passphraseTooShort: "passphrase-too-short"
        case .passphraseTooLong: "passphrase-too-long"
        case .passphraseMissing: "passphrase-missing"
        case .passphraseIsNoText: "passphrase-is-no-text"
        case .wrongPassphrase: "wrong-passphrase"
        case .vaultFull: "vault-full"
        case .noMemory: "no-memory"
        case .duplicateField: "duplicate-field"
        case .malformedBody: "malformed-body"
        case .bodyTooLarge: "body-too-large"
        case .malformedRule: "malformed-rule"
        case .outOfRange: "out-of-range"
        case .linkInAPI: "link-in-api"
        case .nothingSelected: "nothing-selected"
        case .unconfirmed: "unconfirmed"
        case .stale: "stale"
        case .unknownField: "unknown-field"
        case .key(.malformedField): "malformed-field"
        case .key(.tooMany): "too-many-keys"
        case .recipientWithoutAccount, .key, .unknownSecret, .malformedKey, .passphraseRequired, .lockedOut, .tooBusy,
            .foreignOrigin, .rule, .neverOpen, .nowhereOpen, .serverClosed, .internalError, .lockedDown:
            ruleName
        }
    }

    /// Whether a passphrase was wrong or not given, or as many as may be are being tried on the secret already.
    var isAboutPassphrase: Bool {
        switch self {
        case .wrongPassphrase, .passphraseRequired, .lockedOut: true
        default: false
        }
    }
}

extension KeyRefusal {
    /// The rule that refused, in the audit log.
    var ruleName: StaticString {
        switch self {
        case .required, .unknown: "api-key"
        case .expired: "api-key-expired"
        case .usedUp: "api-key-uses"
        case .outOfScope: "api-key-scope"
        case .outOfNetwork: "api-key-network"
        case .timeToLive: "api-key-ttl"
        case .content: "api-key-size"
        case .creationsUsedUp: "api-key-count"
        case .linkGone: "creation-link"
        case .noSuchKey: "unknown-key"
        case .tooMany: "capacity"
        case .malformedField: "form"
        }
    }

    /// Whether there is a key of which it says what it may not, or that it is no good any more.
    var isOfKey: Bool {
        switch self {
        case .expired, .usedUp, .outOfScope, .outOfNetwork, .timeToLive, .content, .creationsUsedUp: true
        case .required, .unknown, .linkGone, .noSuchKey, .tooMany, .malformedField: false
        }
    }
}
