// How much the server takes from a client, and how long it waits for one.
public import HTTPWire
public import Kernel

/// Bounds on connections; times in milliseconds.
public struct ServerLimits: Sendable {
    /// Bounds on a request's head.
    public var head = HeadLimits()
    /// How many connections are open at the same time; more wait in the kernel's queue.
    public var connections = 16384
    /// How many connections one IPv4 address or IPv6 /64 may have; 0 for any number.
    public var connectionsPerAddress = 4096
    /// Whether the loopback has no such limit: a proxy there speaks for everybody.
    public var sparesLoopback = true
    /// Proxies that speak for everybody: no limit counts their connections.
    public var trustedProxies: [AddressRange] = []
    /// Whether connections begin with a header of the PROXY protocol, version 2: those of trusted proxies if there are such, else
    /// all. One without it is closed.
    public var expectsProxyHeader = false
    /// How many requests one IPv4 address or IPv6 /64 may send in a second; 0 for any number.
    public var requestsPerAddress = 0
    /// How many connections of an address may hold memory, or wait for it, before those of other addresses come first.
    public var claimsPerAddress = 8
    /// How long a request's head may take from its first byte on.
    public var headTimeout: UInt64 = 10_000
    /// How long a body may take beyond what it needs at `bodyRate`.
    public var bodyTimeout: UInt64 = 20_000
    /// Bytes per second that a body has to come with on average.
    public var bodyRate: UInt64 = 8192
    /// How long a client may take to accept an answer beyond what it needs at `writeRate`.
    public var writeTimeout: UInt64 = 30_000
    /// Bytes per second that a client has to accept of an answer on average.
    public var writeRate: UInt64 = 1024
    /// Takes the place of `bodyTimeout` and `writeTimeout` while others wait for the memory that a body or an answer holds.
    public var pressedTimeout: UInt64 = 2_000
    /// How long a connection may be idle between requests.
    public var idleTimeout: UInt64 = 60_000
    /// How long an answer may be dormant before it ends: shorter than proxies wait, longer than a client minds asking again.
    public var dormantTimeout: UInt64 = 45_000
    /// How long requests in flight may go on once the server is to end.
    public var drainTimeout: UInt64 = 5_000
    /// How long a connection is read and thrown away after an answer that came before the end of its request.
    public var lingerTimeout: UInt64 = 2_000

    /// For how many seconds browsers that came by TLS shall come by nothing else (RFC 6797); 0 says nothing about it.
    public var strictTransportSeconds = 0
    /// Bytes of protected memory that are kept free so that any one request that is there can be served, from its first
    /// byte to its last. A handler that keeps memory from one call to the next leaves as much.
    public static let requestReserve = 128 * 1024

    /// The standard bounds.
    public init() {}
}
