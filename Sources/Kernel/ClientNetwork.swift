// Whom budgets are for: an address, as far as one customer has it.

/// Where a connection comes from, as far as budgets go: an IPv4 address, or the /64 of an IPv6 one, which is what one customer
/// or machine is given (RFC 6177).
public struct ClientNetwork: Equatable, Sendable {
    /// The upper half of the address; 0 for IPv4.
    public let high: UInt64
    /// The IPv4 address; 0 for IPv6.
    public let low: UInt64
    /// Whether it is this machine itself.
    public let isLoopback: Bool

    /// Nobody's.
    public static var none: ClientNetwork { ClientNetwork(high: 0, low: 0, isLoopback: false) }

    private init(high: UInt64, low: UInt64, isLoopback: Bool) {
        self.high = high
        self.low = low
        self.isLoopback = isLoopback
    }

    /// The network of an address.
    public init(_ address: InternetAddress) {
        high = address.high
        low = address.isIPv4 ? address.low : 0
        isLoopback = address.isLoopback
    }

    /// The network of an address, whatever its port.
    public init(_ address: SocketAddress) {
        self.init(address.host)
    }

    /// A hash by which nobody who does not know the seed can choose networks that collide.
    public func hash(_ seed: UInt64) -> UInt64 {
        let mixed = (high ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15 ^ low ^ seed << 1)
        return mixed.high ^ mixed.low
    }
}
