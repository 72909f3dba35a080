// Where a request comes from, and whether it may: the client behind proxies, his network and his country.
public import HTTPServer
internal import HTTPWire
public import Kernel
public import Rules

/// Who is believed about clients, and from where requests may come.
public struct ClientSettings: Sendable {
    /// Proxies that are believed about whom they speak for.
    public var trustedProxies: [AddressRange] = []
    /// From where anything may be done at all.
    public var places = PlaceRule()
    /// Countries by address.
    public var countries: CountryDatabase?
    /// The name of the field in which trusted proxies tell the client's country; empty for none.
    public var countryField: [UInt8] = []

    /// Believes nobody, and refuses nobody.
    public init() {}
}

/// The server's rule about places. An object, so that asking it copies none of its lists.
final class Places: Sendable {
    let rule: PlaceRule
    private let hasNetworks: Bool
    let hasCountries: Bool

    /// A rule, or nil where it is none.
    init?(_ rule: PlaceRule) {
        if rule.isEmpty { return nil }
        self.rule = rule
        hasNetworks = !rule.networks.isEmpty
        hasCountries = !rule.countries.isEmpty
    }

    /// Whether the networks permit a client.
    func permitNetwork(of client: ClientAddress) -> Bool {
        !hasNetworks || rule.networks.permits(client.isKnown ? client.address : nil)
    }
}

extension OnetimeService {
    /// The client, as far as proxies are believed.
    public func origin(of request: borrowing Request) -> RequestOrigin {
        let client = context.client(of: request)
        return RequestOrigin(client.address, isKnown: client.isKnown)
    }
}

extension ServiceContext {
    /// The client of a request: its peer, or whom trusted proxies speak for. Costs a branch where no proxy is trusted.
    ///
    /// An address for records is `address`, and `isKnown` says whether it is the client's. Budgets count ``network(of:)``.
    func client(of request: borrowing Request) -> ClientAddress {
        if settings.clients.trustedProxies.isEmpty { return ClientAddress(request.peer.host) }
        return ClientAddress(
            of: request.head, in: request.bytes, peer: request.peer.host, trusted: settings.clients.trustedProxies)
    }

    /// What budgets of a client are counted by: his IPv4 address, or the /64 of his IPv6 one. Those whom nobody knows share that of
    /// their proxy.
    func network(of client: ClientAddress) -> ClientNetwork { ClientNetwork(client.address) }

    /// The country that a client is in, or nil if nobody knows: what the field of a trusted proxy says, else the database. O(head) for
    /// the field.
    func country(of client: ClientAddress, _ request: borrowing Request) -> CountryCode? {
        if let country = countryField(request).country { return country }
        guard client.isKnown else { return nil }
        return settings.clients.countries?.country(of: client.address)
    }

    /// What a trusted proxy says about the client's country. It is clear if the field is missing, empty, or comes once with two
    /// letters or digits (`T1` is no country, and nobody's mistake): what is more than that, the client may have added.
    private func countryField(_ request: borrowing Request) -> (country: CountryCode?, isClear: Bool) {
        guard !settings.clients.countryField.isEmpty, settings.clients.trustedProxies.cover(request.peer.host) else {
            return (nil, true)
        }
        let field = settings.clients.countryField
        let name = field.span
        guard let line = request.head.lastLine(of: name, before: request.bytes.count, in: request.bytes) else {
            return (nil, true)
        }
        guard request.head.lastLine(of: name, before: line.lowerBound, in: request.bytes) == nil else {
            return (nil, false)
        }
        let value = line.span(in: request.bytes)
        return (CountryCode(value), value.isEmpty || value.count == 2)
    }

    /// Why the server's rule about places refuses a request; nil where it does not, which costs a branch where there is no rule.
    func placeRefusal(_ request: borrowing Request) -> PlaceRefusal? {
        guard let places else { return nil }
        let client = client(of: request)
        if !places.permitNetwork(of: client) { return .network }
        guard places.hasCountries else { return nil }
        return countryRefusal(client, request) { places.rule.countries.permits($0) }
    }

    /// Why a rule about countries, the server's or a secret's, refuses a client; nil where it does not.
    func countryRefusal(
        _ client: ClientAddress, _ request: borrowing Request, _ permits: (CountryCode?) -> Bool
    ) -> PlaceRefusal? {
        let country = country(of: client, request)
        // Nobody becomes unknown by what he sends himself.
        if country == nil, !client.isKnown || !countryField(request).isClear { return .country }
        return permits(country) ? nil : .country
    }
}
