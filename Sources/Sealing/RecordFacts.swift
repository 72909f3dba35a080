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

    /// Facts.
    public init(id: RecordID, created: Int64, timeToLive: UInt32, isLocked: Bool) {
        self.id = id
        self.created = created
        self.timeToLive = timeToLive
        self.isLocked = isLocked
    }

    /// Version, id, creation, TTL, flags; numbers in network order.
    var encoded: [30 of UInt8] {
        var bytes: [30 of UInt8] = .init(repeating: 0)
        var offset = 0
        func put(_ value: UInt64, _ size: Int, into bytes: inout [30 of UInt8]) {
            for index in 0..<size {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(size - 1 - index)))
            }
            offset += size
        }
        put(1, 1, into: &bytes)
        put(id.high, 8, into: &bytes)
        put(id.low, 8, into: &bytes)
        put(UInt64(bitPattern: created), 8, into: &bytes)
        put(UInt64(timeToLive), 4, into: &bytes)
        put(isLocked ? 1 : 0, 1, into: &bytes)
        return bytes
    }
}
