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
    /// What figures call it.
    var name: StaticString {
        switch self {
        case .nothingToShare: "nothing_to_share"
        case .contentTooLarge: "content_too_large"
        case .contentIsNotText: "content_is_not_text"
        case .wordsTooLong: "words_too_long"
        case .claimMissing: "claim_missing"
        case .needsScript: "needs_script"
        case .holdsFiles: "holds_files"
        case .passphraseTooShort: "passphrase_too_short"
        case .passphraseTooLong: "passphrase_too_long"
        case .passphraseMissing: "passphrase_missing"
        case .passphraseIsNoText: "passphrase_is_no_text"
        case .recipientWithoutAccount: "recipient_without_account"
        case .key(let refusal): refusal.name
        case .unknownSecret: "unknown_secret"
        case .malformedKey: "malformed_key"
        case .wrongPassphrase: "wrong_passphrase"
        case .passphraseRequired: "passphrase_required"
        case .lockedOut: "locked_out"
        case .tooBusy: "too_busy"
        case .vaultFull: "vault_full"
        case .noMemory: "no_memory"
        case .foreignOrigin: "foreign_origin"
        case .duplicateField: "duplicate_field"
        case .malformedBody: "malformed_body"
        case .bodyTooLarge: "body_too_large"
        case .rule(let rule): rule.name
        case .malformedRule: "malformed_rule"
        case .neverOpen: "never_open"
        case .lockedDown: "locked_down"
        case .nothingSelected: "nothing_selected"
        case .unconfirmed: "unconfirmed"
        case .stale: "stale"
        case .unknownField: "unknown_field"
        case .internalError: "internal_error"
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
    /// What figures call it.
    var name: StaticString {
        switch self {
        case .required: "key_required"
        case .unknown: "key_unknown"
        case .expired: "key_expired"
        case .usedUp: "key_used_up"
        case .outOfScope: "key_out_of_scope"
        case .outOfNetwork: "key_out_of_network"
        case .timeToLive: "key_ttl"
        case .content: "key_content"
        case .creationsUsedUp: "key_creations_used_up"
        case .linkGone: "link_gone"
        case .noSuchKey: "no_such_key"
        case .tooMany: "too_many_keys"
        case .malformedField: "malformed_key_field"
        }
    }
}
