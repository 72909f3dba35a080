// A token sealed under another secret value: how a receipt knows its secret's link, and a key's owner his receipts.
public import SecureMemory

/// A token under a key that is as long as it is and used once: 31 bytes of ciphertext.
///
/// The key is derived from the secret value that it is sealed under, the id of a record and the purpose, and added bit by bit: a
/// one-time pad of pseudorandom bits. It carries no tag, because a token proves itself: its id is one-way from it, 128 bits,
/// and whoever opens it knows that id. So nothing but the right token is ever handed out, whatever the key or the ciphertext,
/// for no more than one hash; AES-GCM took four times as long for the same, and 16 bytes more of each record.
public struct SealedToken: Sendable {
    /// The size in bytes.
    public static let size = Token.size

    let bytes: [31 of UInt8]

    /// Under what a token is sealed; each purpose derives a key of its own.
    public enum Purpose: Sendable {
        /// The secret's token under its receipt's token.
        case secretInReceipt
        /// A receipt's token under the API token of the one who created it.
        case receiptForOwner

        // With a receipt's token and an id, four bytes fill one block of the hash.
        var label: StaticString {
            switch self {
            case .secretInReceipt: "link"
            case .receiptForOwner: "list"
            }
        }
    }

    init(bytes: [31 of UInt8]) {
        self.bytes = bytes
    }

    /// Seals a token.
    ///
    /// - Parameters:
    ///   - sealer: the secret value that opens it again.
    ///   - id: the receipt it belongs to, and no other: it makes the key unique. Nothing else opens it.
    public init(
        _ token: Span<UInt8>, under sealer: Span<UInt8>, for id: RecordID, purpose: Purpose, suite: CipherSuite,
        arena: SecureArena
    ) throws(SealingError) {
        precondition(token.count == Token.size)
        guard var pad = arena.allocate(CipherSuite.keySize) else { throw .arenaFull }
        try suite.derive(from: sealer, id.encoded.span, label: purpose.label, into: &pad)
        var sealed: [31 of UInt8] = .init(repeating: 0)
        let key = pad.span
        for index in token.indices { sealed[index] = token[index] ^ key[index] }
        bytes = sealed
    }

    /// Appends the token, for which the output needs room for 32 bytes.
    ///
    /// - Parameters:
    ///   - tokenID: the id of the token that is sealed: of a secret or a receipt, as the purpose says.
    ///
    /// Throws `notAuthentic`, and leaves nothing in the output, when what comes out is not that token.
    public func open(
        under sealer: Span<UInt8>, for id: RecordID, purpose: Purpose, tokenID: RecordID,
        into output: inout SecureBytes, suite: CipherSuite
    ) throws(SealingError) {
        let start = output.count
        try suite.derive(from: sealer, id.encoded.span, label: purpose.label, into: &output)
        output.truncate(to: start + Token.size)
        var opened = output.mutableSpan
        for index in bytes.indices { opened[start + index] ^= bytes[index] }
        let found: RecordID
        switch purpose {
        case .secretInReceipt: found = try suite.secretID(of: output.span.extracting(droppingFirst: start))
        case .receiptForOwner: found = try suite.receiptID(of: output.span.extracting(droppingFirst: start))
        }
        guard found == tokenID else {
            output.truncate(to: start)
            throw .notAuthentic
        }
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
