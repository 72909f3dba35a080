// From where something may be done: networks and countries together. One for the server, or one for a secret.

/// What a place was refused by.
public enum PlaceRefusal: Equatable, Sendable {
    /// The address is not in an allowed network, or in a denied one.
    case network
    /// The country is not an allowed one, or a denied one.
    case country

    /// The rule's name in records of what happened.
    public var rule: StaticString {
        switch self {
        case .network: "network"
        case .country: "country"
        }
    }
}

/// A rule about networks and one about countries; both have to permit.
public struct PlaceRule: Equatable, Sendable {
    /// The rule about networks.
    public var networks: NetworkRule
    /// The rule about countries.
    public var countries: CountryRule

    /// A rule; without lists it lets everybody do everything.
    public init(networks: NetworkRule = NetworkRule(), countries: CountryRule = CountryRule()) {
        self.networks = networks
        self.countries = countries
    }

    /// Whether there is no rule at all.
    public var isEmpty: Bool { networks.isEmpty && countries.isEmpty }
}
