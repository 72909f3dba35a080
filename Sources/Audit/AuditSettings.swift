// What the operator decides about the log.

/// How much of a client's address is written.
public enum AuditAddresses: String, Sendable {
    /// All of it: `source.ip`.
    case whole
    /// Its network, /24 of IPv4 and /48 of IPv6, the rest as zeroes: `source.ip`.
    case truncated
    /// 8 bytes of a hash under a key that lives as long as the process: `source.address`. Equal addresses are seen to be equal.
    case hashed
}

/// What the operator decides about the log.
public struct AuditSettings: Sendable {
    /// Bytes of lines that are kept in memory, the newest; 0 keeps none.
    public var ringBytes = 1 << 20
    /// How much of addresses is written.
    public var addresses = AuditAddresses.whole

    /// The standard settings.
    public init() {}
}

/// What the first line says.
public struct AuditStart: Sendable {
    /// The version of the program.
    public var version: String
    /// What protects the memory in which secrets move.
    public var memory: String
    /// Where it listens.
    public var listening: String

    /// What the first line says.
    public init(version: String, memory: String, listening: String) {
        self.version = version
        self.memory = memory
        self.listening = listening
    }
}
