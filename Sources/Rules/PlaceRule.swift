// From where something may be done: networks and countries together. One for the server, or one for a secret.
public import Kernel

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

    /// Why a client may not, or nil where he may.
    ///
    /// - Parameters:
    ///   - address: nil for one that is not known.
    ///   - country: asked only where a rule needs it; nil for one that is not known.
    public func refusal(of address: InternetAddress?, country: () -> CountryCode?) -> PlaceRefusal? {
        if !networks.isEmpty, !networks.permits(address) { return .network }
        if !countries.isEmpty, !countries.permits(country()) { return .country }
        return nil
    }
}
