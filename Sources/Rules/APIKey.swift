// One API key as the server knows it: never its text.
public import Kernel

/// What a key is limited to; nil where it is not.
public struct KeyCaps: Equatable, Sendable {
    /// The longest TTL of what it creates, in seconds.
    public var maximumTimeToLive: Int?
    /// The largest content that it creates, in bytes.
    public var maximumContent: Int?
    /// How many secrets it creates in its life.
    public var creations: Int?
    /// How many times it does anything in its life.
    public var uses: Int?

    /// From where it may be used; empty for everywhere.
    public var networks: [AddressRange] = []

    /// No limits.
    public init() {}
}

/// What a key has used up. A key and the one that it is rotated to share it, or rotating would be a way to get more.
public final class KeyBudget {
    /// How many things were done.
    public internal(set) var uses = 0
    /// How many secrets were created, or handed to somebody to be created.
    public internal(set) var creations = 0

    init() {}
}

/// A key that is or was valid. Times are seconds since 1970.
public final class APIKey {
    /// Where it comes from.
    public enum Origin: Equatable, Sendable {
        /// From `ONETIME_USER` and `ONETIME_APITOKEN`.
        case environment
        /// From the key file or `API_KEYS`.
        case file
        /// Made while the server runs. It is gone with it.
        case memory
    }

    /// Several keys may have one name. Its line may give it another.
    public internal(set) var name: String
    /// By what it is found.
    public let id: KeyID
    /// SHA-256 of its text; nil for the environment's key, whose hash is salted and kept elsewhere.
    public let hash: [32 of UInt8]?
    /// Numbers the name, 1 to 32767; 0 where there were too many names.
    public internal(set) var owner: UInt16
    /// Where it comes from.
    public internal(set) var origin: Origin
    /// What it may do.
    public internal(set) var scopes: KeyScopes
    /// What it is limited to.
    public internal(set) var caps: KeyCaps
    /// When its line lets it end.
    var lineExpires: Int64?
    /// When rotating lets it end.
    private var retires: Int64?
    /// Whether an administrator ended it, or the file no longer has it.
    public internal(set) var isRevoked = false
    /// Whether it was an administrator who ended it.
    private var wasRevoked = false
    /// What it has used up.
    public let budget: KeyBudget
    /// The key that was rotated to this one; nil for one that was not made so, or whose id is another key's now.
    var parent: KeyID?
    /// The key of the file or the environment that this one was made from, by however many steps: it ends with that, and may do what that
    /// may.
    var source: KeyID?

    init(
        _ line: KeyLine, origin: Origin, owner: UInt16, budget: KeyBudget = KeyBudget(), rotatedFrom old: APIKey? = nil
    ) {
        parent = old?.id
        source = old.map { $0.origin == .memory ? $0.source ?? $0.id : $0.id }
        name = line.name
        id = line.id
        hash = origin == .environment ? nil : line.hash
        self.owner = owner
        self.origin = origin
        scopes = line.scopes
        caps = line.caps
        lineExpires = line.expires
        self.budget = budget
    }

    /// When it stops to be valid, or nil.
    public var expires: Int64? {
        guard let lineExpires, let retires else { return lineExpires ?? retires }
        return min(lineExpires, retires)
    }

    /// It is no key any more. Those who hold it still, such as creation links, see that.
    func depart() {
        wasRevoked = isRevoked
        isRevoked = true
    }

    /// Ends as a key ended that has departed.
    func takeEnd(of old: APIKey) {
        isRevoked = old.wasRevoked
        retires = old.retires
    }

    /// Lets it end at a moment, if it does not before.
    func retire(at moment: Int64) {
        retires = min(retires ?? moment, moment)
    }

    /// Whether it was revoked, or its time is over.
    func hasEnded(now: Int64) -> Bool { isRevoked || expires.map { $0 <= now } ?? false }

    /// Why the key is good for nothing now, or nil.
    public func refusal(now: Int64) -> KeyRefusal? {
        if isRevoked { return .unknown }
        if let expires, expires <= now { return .expired }
        if let uses = caps.uses, budget.uses >= uses { return .usedUp }
        return nil
    }

    /// Whether it may be used from an address; nil for one that is not known, from which only a key may that has no networks.
    public func isValid(from client: InternetAddress?) -> Bool {
        if caps.networks.isEmpty { return true }
        return client.map { caps.networks.cover($0) } ?? false
    }

    /// Why it may not create one more secret, or nil.
    public var refusalToCreate: KeyRefusal? {
        if !scopes.contains(.create) { return .outOfScope }
        return refusalOfCount
    }

    /// Why it may not let somebody create one more secret by a creation link, or nil.
    public var refusalToInvite: KeyRefusal? {
        if scopes.isDisjoint(with: [.create, .admin]) { return .outOfScope }
        return refusalOfCount
    }

    private var refusalOfCount: KeyRefusal? {
        if let creations = caps.creations, budget.creations >= creations { return .creationsUsedUp }
        return nil
    }

    /// Something was done with it. Call it once what was asked for is done: a refusal uses nothing up.
    public func use(isCreation: Bool = false) {
        budget.uses += 1
        if isCreation { budget.creations += 1 }
    }

    /// The line of a key file that makes it.
    public var line: KeyLine? {
        guard let hash else { return nil }
        return KeyLine(name: name, id: id, hash: hash, scopes: scopes, caps: caps, expires: lineExpires)
    }
}
