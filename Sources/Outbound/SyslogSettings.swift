// Which syslog server gets the lines, and as what.

/// What the operator decided about syslog.
public struct SyslogSettings: Sendable {
    /// How messages travel.
    public enum Transport: Sendable, Equatable {
        /// RFC 5426: one message in one datagram.
        case udp(Endpoint)
        /// RFC 6587, section 3.4.1: each message behind its length.
        case tcp(Endpoint)
        /// RFC 5425: the same within TLS.
        case tls(Endpoint)
        /// A socket of this machine, of datagrams or, where it is one, of a stream with a line for each message.
        case path(String)

        /// Reads `syslog+udp://host:port`, `syslog+tcp://host:port`, `syslog+tls://host:port` or `syslog+unix:/dev/log`; nil for
        /// anything else. Ports that are missing are 514, 601 and 6514.
        public init?(_ url: String) {
            guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
            if url.hasPrefix("syslog+unix:") {
                var path = url.dropFirst(12)
                if path.hasPrefix("//") { path = path.dropFirst(2) }
                guard path.hasPrefix("/"), path.utf8.count <= 107 else { return nil }
                self = .path(String(path))
            } else if url.hasPrefix("syslog+udp://") {
                guard let endpoint = Endpoint(url.dropFirst(13), defaultPort: 514) else { return nil }
                self = .udp(endpoint)
            } else if url.hasPrefix("syslog+tcp://") {
                guard let endpoint = Endpoint(url.dropFirst(13), defaultPort: 601) else { return nil }
                self = .tcp(endpoint)
            } else if url.hasPrefix("syslog+tls://") {
                guard let endpoint = Endpoint(url.dropFirst(13), defaultPort: 6514) else { return nil }
                self = .tls(endpoint)
            } else {
                return nil
            }
        }
    }

    /// The names of the facilities, each at the place of its number (RFC 5424, section 6.2.1).
    public static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
        "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]

    /// Where they go.
    public var transport: Transport
    /// An index into ``facilities``.
    public var facility = 16
    /// What this machine is called.
    public var hostName: String?
    /// What the program is called.
    public var applicationName = "onetime-lite"
    /// The number of the process.
    public var processID = "-"
    /// Milliseconds that connecting, or the sending of one message, may take.
    public var timeout: UInt64 = 10_000
    /// Milliseconds for which a connection has to last after a message went for that to count as delivered; it may be up to twice of that
    /// until it does.
    public var proof: UInt64 = 4000
    /// Milliseconds before the second try to connect; the next pauses double, up to half a minute.
    public var firstPause: UInt64 = 500
    /// Bytes of messages that wait, besides up to 64 KiB that are being sent.
    public var queueBytes = 1 << 20
    /// How a name becomes an address.
    public var resolver = Resolver()

    /// The standard for a transport.
    public init(_ transport: Transport) {
        self.transport = transport
    }
}
