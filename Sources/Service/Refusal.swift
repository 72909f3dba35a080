// What can be wrong with what a client asks for.
internal import HTTPWire
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
    case recipientWithoutAccount
    /// About API keys and creation links.
    case key(KeyRefusal)
    case unknownSecret
    case malformedKey
    case wrongPassphrase(attemptsLeft: Int)
    case lockedOut
    case tooBusy
    case vaultFull
    case noMemory
    case foreignOrigin
    case duplicateField
    case malformedBody(FieldFault)
    case bodyTooLarge
    case internalError
    /// The operator has stopped creating or revealing.
    case lockedDown
    /// What an operator is to burn was not said, or not said twice.
    case nothingSelected
    case unconfirmed
    /// A field that nothing is known of, where ignoring it could burn too much.
    case unknownField
}

extension Refusal {
    /// Whether a passphrase was wrong, or as many as may be are being tried on the secret already.
    var isAboutPassphrase: Bool {
        switch self {
        case .wrongPassphrase, .lockedOut: true
        default: false
        }
    }
}
