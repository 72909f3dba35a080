// Where a webhook goes, what goes there, and how hard it tries.

/// What the operator decided about the webhook.
public struct WebhookSettings: Sendable {
    /// Where it goes.
    public struct Target: Sendable, Equatable {
        /// Whom to call.
        public let endpoint: Endpoint
        /// Whether TLS protects it.
        public let isSecure: Bool
        /// Path and query.
        let path: String

        /// Reads `https://host[:port][/path][?query]`, or the same with `http`; nil for anything else, above all one with a user,
        /// a password or a fragment.
        public init?(_ url: String) {
            let isSecure = url.hasPrefix("https://")
            guard isSecure || url.hasPrefix("http://"), url.utf8.count <= 2000,
                url.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !Self.excluded.contains($0) })
            else { return nil }
            let rest = url.dropFirst(isSecure ? 8 : 7)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard let endpoint = Endpoint(authority, defaultPort: isSecure ? 443 : 80) else { return nil }
            let path = rest[authority.endIndex...]
            self.endpoint = endpoint
            self.isSecure = isSecure
            self.path = path.hasPrefix("/") ? String(path) : "/" + path
        }

        /// Characters that stand in no URL as themselves, or begin a fragment.
        private static let excluded = Array("\"<>\\^`{|}#".utf8)

        /// The host as the field of HTTP has it.
        var authority: String {
            endpoint.port == (isSecure ? 443 : 80) ? endpoint.plainHost : "\(endpoint.plainHost):\(endpoint.port)"
        }
    }

    /// Where it goes.
    public var target: Target
    /// The values of `event.action` that are sent; all where there are none.
    public var events: [String] = []
    /// Whether it may go to this machine and to private networks, and there without TLS.
    public var allowsPrivate = false
    /// How often a message is tried at most.
    public var tries = 5
    /// Milliseconds that a try may take.
    public var timeout: UInt64 = 10_000
    /// Milliseconds after which a message is not tried again.
    public var patience: UInt64 = 120_000
    /// Milliseconds before the second try; the next pauses double, up to a minute.
    public var firstPause: UInt64 = 1000
    /// How many messages are under way at a time.
    public var threads = 2
    /// Bytes of messages that wait.
    public var queueBytes = 256 << 10
    /// How the name becomes an address.
    public var resolver = Resolver()
    /// What the field `User-Agent` says.
    public var userAgent = "onetime-lite"

    /// The standard for a target.
    public init(_ target: Target) {
        self.target = target
    }

    /// Whether the target is an address that may not be called: what a name leads to is judged when it is called.
    public var refusesTarget: Bool { target.endpoint.address.map { !policy.allows($0) } ?? false }

    /// Nothing protects plain HTTP, so it does not leave the private network even where that is allowed.
    var policy: AddressPolicy {
        if target.isSecure { return allowsPrivate ? .anyHost : .publicOnly }
        return allowsPrivate ? .privateOnly : .nobody
    }
}
