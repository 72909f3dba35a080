// The facts about a record that its ciphertext is bound to.

/// What is known about a secret besides its content. It goes into the associated data of the last chunk: a record whose facts
/// were changed, or a ciphertext moved to another record, does not open.
public struct RecordFacts: Sendable, Equatable {
    /// The secret's id.
    public let id: RecordID
    /// When it was created, in seconds since 1970.
    public let created: Int64
    /// How long it was to live, in seconds.
    public let timeToLive: UInt32
    /// Whether a passphrase locks it.
    public let isLocked: Bool
    /// What its content is.
    public let kind: ContentKind

    /// Facts.
    public init(id: RecordID, created: Int64, timeToLive: UInt32, isLocked: Bool, kind: ContentKind = .text) {
        self.id = id
        self.created = created
        self.timeToLive = timeToLive
        self.isLocked = isLocked
        self.kind = kind
    }

    /// Version, id, creation, TTL, flags; numbers in network order.
    var encoded: [30 of UInt8] {
        var bytes: [30 of UInt8] = .init(repeating: 0)
        bytes[0] = 1
        for index in 0..<8 {
            let shift = UInt64(56 - 8 * index)
            bytes[1 + index] = UInt8(truncatingIfNeeded: id.high >> shift)
            bytes[9 + index] = UInt8(truncatingIfNeeded: id.low >> shift)
            bytes[17 + index] = UInt8(truncatingIfNeeded: UInt64(bitPattern: created) >> shift)
        }
        for index in 0..<4 { bytes[25 + index] = UInt8(truncatingIfNeeded: timeToLive >> UInt32(24 - 8 * index)) }
        bytes[29] = (isLocked ? 1 : 0) | kind.rawValue << 1
        return bytes
    }
}
