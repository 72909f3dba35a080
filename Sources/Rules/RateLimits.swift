// How often something may be done by one client.

/// What is counted, each for itself.
public enum RateKind: Int, CaseIterable, Sendable {
    /// A secret is made.
    case creation
    /// A secret or a receipt is asked for that is not there.
    case miss
    /// A passphrase is wrong.
    case wrongPassphrase
    /// An API key is wrong.
    case failedKey
}

/// How often each kind may happen in a minute for one client; as many may come at once after a minute without. 0 is any number.
public struct RateLimits: Equatable, Sendable {
    /// The largest number a limit can be.
    public static let maximum = 1_000_000

    /// Secrets made.
    public var creations = 600
    /// Secrets and receipts that were not there.
    public var misses = 120
    /// Wrong passphrases.
    public var wrongPassphrases = 30
    /// Wrong API keys.
    public var failedKeys = 10
    /// Whether all this is so for the loopback, too. Otherwise it is spared: a proxy there speaks for everybody.
    public var limitsLoopback = false

    /// The standard limits.
    public init() {}

    func perMinute(_ kind: RateKind) -> Int {
        switch kind {
        case .creation: creations
        case .miss: misses
        case .wrongPassphrase: wrongPassphrases
        case .failedKey: failedKeys
        }
    }
}
