// A token sealed under another secret value: how a receipt knows its secret's link, and a key's owner his receipts.
public import SecureMemory

/// A token in AES-256-GCM: 31 bytes of ciphertext and the tag.
///
/// Key and nonce are HKDF-SHA256 of what it is sealed under, so each is used once.
public struct SealedToken: Sendable {
    /// The size in bytes.
    public static let size = Token.size + CipherSuite.tagSize

    let bytes: [47 of UInt8]

    /// Under what a token is sealed; each purpose derives a key of its own.
    public enum Purpose: Sendable {
        /// The secret's token under its receipt's token.
        case secretInReceipt
        /// A receipt's token under the API token of the one who created it.
        case receiptForOwner

        var label: StaticString {
            switch self {
            case .secretInReceipt: "onetime-lite 1 secret token in receipt"
            case .receiptForOwner: "onetime-lite 1 receipt token for owner"
            }
        }
    }

    /// Seals a token.
    ///
    /// - Parameters:
    ///   - sealer: the secret value that opens it again.
    ///   - id: the record it belongs to; makes the key unique, and nothing else opens it.
    public init(
        _ token: Span<UInt8>, under sealer: Span<UInt8>, for id: RecordID, purpose: Purpose, suite: CipherSuite,
        arena: SecureArena
    ) throws(SealingError) {
        precondition(token.count == Token.size)
        let key = try Self.derive(sealer, id, purpose, suite, arena)
        var sealed: [47 of UInt8] = .init(repeating: 0)
        var target = sealed.mutableSpan
        let keySpan = key.span
        try suite.seal(
            token, key: keySpan.extracting(first: CipherSuite.keySize),
            nonce: keySpan.extracting(droppingFirst: CipherSuite.keySize), associatedData: Span(), into: &target)
        bytes = sealed
    }

    /// Appends the token. Throws `notAuthentic` under any other secret value.
    public func open(
        under sealer: Span<UInt8>, for id: RecordID, purpose: Purpose, into output: inout SecureBytes,
        suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) {
        let key = try Self.derive(sealer, id, purpose, suite, arena)
        let keySpan = key.span
        try suite.open(
            bytes.span, key: keySpan.extracting(first: CipherSuite.keySize),
            nonce: keySpan.extracting(droppingFirst: CipherSuite.keySize), associatedData: Span(), into: &output)
    }

    private static func derive(
        _ sealer: Span<UInt8>, _ id: RecordID, _ purpose: Purpose, _ suite: CipherSuite, _ arena: SecureArena
    ) throws(SealingError) -> SecureBytes {
        let size = CipherSuite.keySize + CipherSuite.nonceSize
        guard var key = arena.allocate(size) else { throw .arenaFull }
        let salt = id.encoded
        try suite.derive(from: sealer, salt: salt.span, label: purpose.label, count: size, into: &key)
        return key
    }
}

extension RecordID {
    /// The 16 bytes, in order.
    var encoded: [16 of UInt8] {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
            bytes[8 + index] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
        }
        return bytes
    }
}
