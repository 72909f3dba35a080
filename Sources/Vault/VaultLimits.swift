// What the vault holds at most, and what it says when that is reached.

/// The vault's ceilings.
public struct VaultLimits: Sendable {
    /// How many secrets live at the same time.
    public var secrets: Int
    /// How many bytes all of them take, ciphertext and books together.
    public var bytes: Int
    /// How many wrong passphrases a secret takes; the last one burns it.
    public var passphraseAttempts: UInt8
    /// For how many seconds a claim may repeat its reveal.
    public var claimSeconds: Int
    /// How many receipts of secrets that are gone are remembered; the oldest give way.
    public var goneReceipts: Int
    /// How many receipts are listed for the owner of an API key; the oldest give way.
    public var ownedReceipts: Int
    /// How many shares lie in locked memory, 32 bytes each.
    public var lockedShares: Int

    /// Ceilings.
    public init(
        secrets: Int = 1_100_000, bytes: Int = 1 << 30, passphraseAttempts: UInt8 = 5, goneReceipts: Int = 8192,
        ownedReceipts: Int = 1000, lockedShares: Int = 16384, claimSeconds: Int = 60
    ) {
        self.secrets = secrets
        self.bytes = bytes
        self.passphraseAttempts = passphraseAttempts
        self.goneReceipts = goneReceipts
        self.ownedReceipts = ownedReceipts
        self.lockedShares = lockedShares
        self.claimSeconds = claimSeconds
    }
}

/// Why the vault takes no new secret. None that it holds is lost for it.
public enum VaultRefusal: Error, Equatable, Sendable {
    /// It holds as many secrets as it may.
    case tooManySecrets
    /// It holds as many bytes as it may.
    case tooManyBytes
}
