// What an API key may do.

/// The scopes of a key: each lets its bearer do one kind of thing.
public struct KeyScopes: OptionSet, Sendable {
    /// One bit for each scope.
    public let rawValue: UInt8

    /// Scopes by their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// To create secrets: `share`, `create`, `generate`, and the page where it is closed to others.
    public static let create = KeyScopes(rawValue: 1)
    /// To reveal secrets by the API.
    public static let reveal = KeyScopes(rawValue: 2)
    /// To burn secrets by the API.
    public static let burn = KeyScopes(rawValue: 4)
    /// To look at receipts by the API.
    public static let receipt = KeyScopes(rawValue: 8)
    /// To list what was created with the same key.
    public static let recent = KeyScopes(rawValue: 16)
    /// To read what happened.
    public static let audit = KeyScopes(rawValue: 32)
    /// To rotate and revoke keys, and whatever else changes how the server is.
    public static let admin = KeyScopes(rawValue: 64)

    /// What a key may do that names no scopes, and that of `ONETIME_USER`: all but `audit` and `admin`, which came later than that
    /// key and tell of, or change, what others do.
    public static let standard: KeyScopes = [.create, .reveal, .burn, .receipt, .recent]

    private static let named: [(name: String, scope: KeyScopes)] = [
        ("create", .create), ("reveal", .reveal), ("burn", .burn), ("receipt", .receipt), ("recent", .recent),
        ("audit", .audit), ("admin", .admin),
    ]

    /// The names of all scopes, for messages.
    public static var allNames: String { named.map(\.name).joined(separator: ", ") }

    /// Scopes by their names with commas between them, at least one and none twice; nil for anything else.
    public init?(list: some StringProtocol) {
        var scopes: KeyScopes = []
        for name in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let scope = Self.named.first(where: { name == $0.name })?.scope, !scopes.contains(scope) else {
                return nil
            }
            scopes.insert(scope)
        }
        self = scopes
    }

    /// The names of the scopes, in the order of their bits.
    public var names: [String] { Self.named.filter { contains($0.scope) }.map(\.name) }
}
