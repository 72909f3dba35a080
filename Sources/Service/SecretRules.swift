// What a sender asks of whoever is to read his secret: when, and from where.
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Vault

/// The rules of one secret. The vault keeps them with it and asks nothing of them.
final class SecretRules: SecretConditions {
    let hours: TimeWindows?
    /// Seconds since 1970.
    let notBefore: Int64?
    private let places: PlaceRule
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

/// The rules of a secret as they come in, field by field.
final class DraftRules {
    var hours: TimeWindows?
    var notBefore: Int64?
    var places = PlaceRule()

    /// The rules for the vault, or nil where there are none.
    var settled: SecretRules? { SecretRules(hours: hours, notBefore: notBefore, places: places) }

    /// Takes the value of a field.
    ///
    /// - Returns: what is allowed instead, where it is not understood: a rule that is not understood must not be none.
    func read(_ field: Draft.Field, _ text: Span<UInt8>) -> String? {
        // An empty field of a form says nothing.
        if text.isEmpty { return nil }
        switch field {
        case .hours:
            do throws(HoursFault) {
                hours = try TimeWindows(parsing: text)
            } catch {
                return error.allowed
            }
        case .notBefore:
            guard let instant = Instant(parsing: text) else { return Instant.allowed }
            notBefore = instant.seconds
        default: return readPlaces(field, text)
        }
        return nil
    }

    private func readPlaces(_ field: Draft.Field, _ text: Span<UInt8>) -> String? {
        do throws(ListFault) {
            switch field {
            case .allowNetworks: places.networks.allowed = try Self.networks(text)
            case .denyNetworks: places.networks.denied = try Self.networks(text)
            case .allowCountries: places.countries.allowed = try Self.countries(text)
            default: places.countries.denied = try Self.countries(text)
            }
        } catch {
            switch field {
            case .allowNetworks, .denyNetworks:
                return "up to \(SecretRules.maximumNetworks) addresses and ranges such as 192.0.2.0/24, 2001:db8::/32"
            default: return "up to \(SecretRules.maximumCountries) codes of countries such as NL, DE"
            }
        }
        return nil
    }

    /// Lets go of what a field said.
    func forget(_ field: Draft.Field) {
        switch field {
        case .hours: hours = nil
        case .notBefore: notBefore = nil
        case .allowNetworks: places.networks.allowed = []
        case .denyNetworks: places.networks.denied = []
        case .allowCountries: places.countries.allowed = []
        default: places.countries.denied = []
        }
    }

    private static func networks(_ text: Span<UInt8>) throws(ListFault) -> [AddressRange] {
        try [AddressRange](ranges: text, limit: SecretRules.maximumNetworks)
    }

    private static func countries(_ text: Span<UInt8>) throws(ListFault) -> [CountryCode] {
        let countries = try [CountryCode](countries: text)
        guard countries.count <= SecretRules.maximumCountries else { throw ListFault(text: "there are too many") }
        return countries
    }
}

extension Draft.Field {
    /// What the field is called, where it is a rule of the secret.
    var ruleName: StaticString? {
        switch self {
        case .hours: "hours"
        case .notBefore: "not_before"
        case .allowNetworks: "allow_networks"
        case .denyNetworks: "deny_networks"
        case .allowCountries: "allow_countries"
        case .denyCountries: "deny_countries"
        default: nil
        }
    }
}
