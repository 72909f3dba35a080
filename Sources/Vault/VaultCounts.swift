// What the tally does not tell: it is about secrets, this about what people did.

/// Counts since the start.
public struct VaultCounts: Sendable {
    /// Readers who got a secret; whoever asks for his own again does not count again.
    public internal(set) var readers: UInt64 = 0
    /// Passphrases that were wrong.
    public internal(set) var wrongPassphrases: UInt64 = 0
}
