// A few words beside a secret, such as a note for its recipient: sealed under the token of whoever may see them.
public import SecureMemory

/// A short text under AES-256-GCM. A dump of the vault does not show it; whoever has the token sees it as often as he likes.
///
/// The key is derived from the token and the id that belongs to it, for one text only, so the nonce is zero.
public struct SealedWords: Sendable {
    /// The largest text, in bytes.
    public static let limit = 1024

    /// Whom the words are for; each purpose derives a key of its own.
    public enum Purpose: Sendable {
        /// The recipient: under the secret's token and id.
        case note
        /// The sender: under the receipt's token and id.
        case label

        var label: StaticString {
            switch self {
            case .note: "onetime-lite note"
            case .label: "onetime-lite label"
            }
        }
    }

    private let bytes: [UInt8]

    /// How many bytes the text has.
    public var count: Int { bytes.count - CipherSuite.tagSize }

    /// Seals a text of at most ``limit`` bytes.
    public init(
        _ text: Span<UInt8>, under token: Span<UInt8>, of id: RecordID, purpose: Purpose, suite: CipherSuite,
        arena: SecureArena
    ) throws(SealingError) {
        precondition(text.count <= Self.limit)
        let key = try Self.derive(token, id, purpose, suite, arena)
        let nonce: [12 of UInt8] = .init(repeating: 0)
        var sealed = [UInt8](repeating: 0, count: text.count + CipherSuite.tagSize)
        var target = sealed.mutableSpan
        try suite.seal(text, key: key.span, nonce: nonce.span, associatedData: Span(), into: &target)
        bytes = sealed
    }

    /// The text. Throws `notAuthentic` for another token.
    public func open(
        under token: Span<UInt8>, of id: RecordID, purpose: Purpose, suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) -> SecureBytes {
        guard var text = arena.allocate(max(count, 1)) else { throw .arenaFull }
        let key = try Self.derive(token, id, purpose, suite, arena)
        let nonce: [12 of UInt8] = .init(repeating: 0)
        try suite.open(bytes.span, key: key.span, nonce: nonce.span, associatedData: Span(), into: &text)
        return text
    }

    private static func derive(
        _ token: Span<UInt8>, _ id: RecordID, _ purpose: Purpose, _ suite: CipherSuite, _ arena: SecureArena
    ) throws(SealingError) -> SecureBytes {
        guard var key = arena.allocate(CipherSuite.keySize) else { throw .arenaFull }
        try suite.derive(from: token, id.encoded.span, label: purpose.label, into: &key)
        return key
    }
}
