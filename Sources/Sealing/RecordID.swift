// Look-up ids: what the server knows a secret or a receipt by, without knowing its token.

/// The 16-byte id under which a secret or a receipt is filed: one-way from its token.
public struct RecordID: Hashable, Sendable {
    /// The first 8 bytes.
    public let high: UInt64
    /// The last 8 bytes.
    public let low: UInt64

    /// An id from its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension CipherSuite {
    /// The id of the secret that a token opens: the first 16 bytes of SHA-256 over a label and the token.
    /// Label and token fit into one block of the hash, which halves its time.
    public func secretID(of token: Span<UInt8>) throws(SealingError) -> RecordID {
        try identifier("onetime-lite secret id ", token)
    }

    /// The id of the receipt that a token opens. The same token would have another id as a secret.
    public func receiptID(of token: Span<UInt8>) throws(SealingError) -> RecordID {
        try identifier("onetime-lite receipt id ", token)
    }

    func identifier(_ label: StaticString, _ token: Span<UInt8>) throws(SealingError) -> RecordID {
        var digest: [32 of UInt8] = .init(repeating: 0)
        try hash(label, token, into: &digest)
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<8 {
            high = high << 8 | UInt64(digest[index])
            low = low << 8 | UInt64(digest[8 + index])
        }
        return RecordID(high: high, low: low)
    }
}
