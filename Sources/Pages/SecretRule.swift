// The rules that a sender may give a secret: how the form's fields for them are called, and their values as text.

/// A rule of a secret, and a field of the form.
public enum SecretRule: UInt8, Sendable {
    /// When it may be read.
    case hours
    /// From where it may be read, and from where it may not.
    case allowNetworks, denyNetworks, allowCountries, denyCountries
    /// The moment before which it may not be read.
    case notBefore

    /// The name of its field.
    public var name: StaticString {
        switch self {
        case .hours: "hours"
        case .allowNetworks: "allow_networks"
        case .denyNetworks: "deny_networks"
        case .allowCountries: "allow_countries"
        case .denyCountries: "deny_countries"
        case .notBefore: "not_before"
        }
    }

    /// What a value may look like, and of a list how much of it there may be. The same in all languages.
    var example: StaticString {
        switch self {
        case .hours: "Mon-Fri 09:00-17:00 Europe/Amsterdam"
        case .allowNetworks, .denyNetworks: "192.0.2.0/24, 2001:db8::/32"
        case .allowCountries, .denyCountries: "NL, DE"
        case .notBefore: "2026-11-27T09:00"
        }
    }

    func label(_ words: Words) -> String {
        switch self {
        case .hours: words.hoursLabel
        case .allowNetworks: words.allowNetworksLabel
        case .denyNetworks: words.denyNetworksLabel
        case .allowCountries: words.allowCountriesLabel
        case .denyCountries: words.denyCountriesLabel
        case .notBefore: words.notBeforeLabel
        }
    }
}

/// What a secret's rules are, as text. Escaped when written; none of it is secret.
public struct RuleTexts: Equatable, Sendable {
    /// The moment before which it may not be read, in seconds since 1970.
    public var notBefore: Int64?
    private var texts = [String](repeating: "", count: Int(SecretRule.notBefore.rawValue))

    /// No rules.
    public init() {}

    /// The rules that are texts, in the order in which they are shown.
    public static var rules: [SecretRule] { [.hours, .allowNetworks, .denyNetworks, .allowCountries, .denyCountries] }

    /// The text of a rule that is one; empty where it says nothing.
    public subscript(rule: SecretRule) -> String {
        get { rule == .notBefore ? "" : texts[Int(rule.rawValue)] }
        set { if rule != .notBefore { texts[Int(rule.rawValue)] = newValue } }
    }

    /// Whether there is any rule.
    public var isEmpty: Bool { notBefore == nil && texts.allSatisfy { $0.isEmpty } }
}
