// What became of all secrets so far, in numbers.

/// Counts since the start. Every secret that was created is held still, or ended in one of four ways.
public struct VaultCounts: Sendable {
    /// Secrets that were taken in.
    public internal(set) var created: UInt64 = 0
    /// Readers who got one; whoever asks for his own again does not count again.
    public internal(set) var revealed: UInt64 = 0
    /// Secrets that ended because all readers had them.
    public internal(set) var received: UInt64 = 0
    /// Secrets that were destroyed by sender, recipient or the last wrong passphrase.
    public internal(set) var burned: UInt64 = 0
    /// Secrets whose time was over.
    public internal(set) var expired: UInt64 = 0
    /// Secrets that were destroyed with all others, by a signal or at the end.
    public internal(set) var wiped: UInt64 = 0
    /// Passphrases that were wrong.
    public internal(set) var wrongPassphrases: UInt64 = 0

    /// Counts an end.
    mutating func note(_ end: ReceiptView.State) {
        switch end {
        case .received: received += 1
        case .burned: burned += 1
        case .expired: expired += 1
        case .new: break
        }
    }
}
