// How many secrets there were, and what became of them.

/// What became of all secrets so far. With those that are held still, the other numbers make up the first one.
public struct VaultTally: Sendable, Equatable {
    /// How many were taken in.
    public var created: UInt64 = 0
    /// How many all their readers had.
    public var revealed: UInt64 = 0
    /// How many were destroyed before that, by somebody or by wrong passphrases.
    public var burned: UInt64 = 0
    /// How many had their time end before that.
    public var expired: UInt64 = 0
    /// How many were wiped with everything else.
    public var wiped: UInt64 = 0

    /// Nothing yet.
    public init() {}

    @inline(__always)
    mutating func count(_ state: ReceiptView.State) {
        switch state {
        case .received: revealed += 1
        case .burned: burned += 1
        case .expired: expired += 1
        case .new: break
        }
    }
}
