// What a sender asks of whoever is to read his secret: when, and from where.
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Vault

/// The rules of one secret. The vault keeps them with it and asks nothing of them.
final class SecretRules: SecretConditions {
    let hours: TimeWindows?
    /// Seconds since 1970.
    let notBefore: Int64?
    let places: PlaceRule
    private let hasNetworks: Bool
    /// The rule about countries; nil for all.
    let countries: CountryRule?

    /// How many networks each list may have.
    static let maximumNetworks = 16
    /// How many countries each list may have.
    static let maximumCountries = 64
    /// The longest text of a rule, in bytes.
    static let maximumText = TimeWindows.maximumText

    /// Rules, or nil where there are none.
    init?(hours: TimeWindows?, notBefore: Int64?, places: PlaceRule) {
        if hours == nil && notBefore == nil && places.isEmpty { return nil }
        self.hours = hours
        self.notBefore = notBefore
        self.places = places
        hasNetworks = !places.networks.isEmpty
        countries = places.countries.isEmpty ? nil : places.countries
    }

    /// Whether the networks permit a client.
    func permitNetwork(of client: ClientAddress) -> Bool {
        !hasNetworks || places.networks.permits(client.isKnown ? client.address : nil)
    }

    var byteCount: Int {
        let ranges = places.networks.allowed.count + places.networks.denied.count
        return 256 + ranges * 24 + (places.countries.allowed.count + places.countries.denied.count) * 2
    }
}

extension RuleTexts {
    /// The rules that a secret has, as they may be sent.
    init(_ conditions: (any SecretConditions)?) {
        self.init()
        guard let rules = conditions as? SecretRules else { return }
        notBefore = rules.notBefore
        if let hours = rules.hours { self[.hours] = hours.description }
        self[.allowNetworks] = Self.list(rules.places.networks.allowed)
        self[.denyNetworks] = Self.list(rules.places.networks.denied)
        self[.allowCountries] = Self.list(rules.places.countries.allowed)
        self[.denyCountries] = Self.list(rules.places.countries.denied)
    }

    private static func list(_ ranges: [AddressRange]) -> String {
        var text = ""
        for range in ranges { text += text.isEmpty ? range.description : ", " + range.description }
        return text
    }

    private static func list(_ countries: [CountryCode]) -> String {
        var text = ""
        for country in countries { text += text.isEmpty ? country.description : ", " + country.description }
        return text
    }
}
