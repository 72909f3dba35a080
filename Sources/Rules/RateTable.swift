// Who has done how much of what of late, in memory of a fixed size.
public import Kernel

/// Whose doings are counted together: a network's, or those under an API key.
public struct RateClient: Equatable, Sendable {
    private let high: UInt64
    private let low: UInt64
    let isLoopback: Bool

    static var none: RateClient { RateClient(high: 0, low: 0, isLoopback: false) }

    private init(high: UInt64, low: UInt64, isLoopback: Bool) {
        (self.high, self.low, self.isLoopback) = (high, low, isLoopback)
    }

    /// An IPv4 address or an IPv6 /64.
    ///
    /// - Parameter isForwarded: a proxy spoke for the client, whether it said who he is or hid it: nobody is spared for being on this machine.
    public init(_ network: ClientNetwork, isForwarded: Bool = false) {
        self.init(high: network.high, low: network.low, isLoopback: network.isLoopback && !isForwarded)
    }

    /// The API keys of a name, by its number, from wherever they are used; spared where he who uses them is.
    public init(key: UInt16, from network: RateClient) {
        // Networks have a lower half of 0 where the upper one is all ones.
        self.init(high: .max, low: UInt64(key) | 1 << 63, isLoopback: network.isLoopback)
    }

    /// A key is one client, wherever it is used.
    public static func == (one: RateClient, other: RateClient) -> Bool {
        one.high == other.high && one.low == other.low
    }

    /// A hash by which nobody who does not know the seed can choose clients that collide. A product alone would have neighbours share its
    /// last bits with one seed in a hundred: those that end with zeroes.
    func hash(_ seed: UInt64) -> UInt64 {
        let mixed = (high ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15 ^ low ^ seed << 1)
        var folded = mixed.high ^ mixed.low
        folded = (folded ^ folded >> 32) &* 0xd6e8_feb8_6659_fd93
        return folded ^ folded >> 32
    }
}

/// Four token buckets for each client that did something of late, in a table of fixed size.
///
/// A client has a set of four places. One that is not there yet takes the place of the one in its set that has spent the least of
/// what it may, which loses the least by being forgotten. So whoever comes from many networks makes room for himself at most in
/// the sets that he hits; nothing is allocated after the first client, and everything costs O(1).
///
/// Buckets are kept as what has been spent of them, in time: of a minute that holds n, each taken one spends a minute / n, and time
/// that passes gives it back. So all kinds are compared by the same measure, however many each allows.
public struct RateTable: Sendable {
    private struct Place {
        var client = RateClient.none
        /// Microseconds of the minute that are spent of each kind, at a time in milliseconds of the monotonic clock.
        var spent: [4 of UInt32] = .init(repeating: 0)
        /// Passphrases of which it is not known yet whether they are wrong.
        var underWay: UInt32 = 0
        var at: UInt64 = 0
    }

    private static let setCount = 1024
    private static let setSize = 4
    private static let minute: UInt32 = 60_000_000

    private let limitsLoopback: Bool
    /// Microseconds of the minute that one costs of each kind; 0 where any number is free.
    private var costs: [4 of UInt32] = .init(repeating: 0)
    /// Empty until the first client is counted: a server on the loopback needs no table.
    private var places: [Place] = []
    /// Nobody can choose clients that share a set.
    private let seed = UInt64.random(in: 1 ... .max)

    /// The bytes of all places.
    static var size: Int { setCount * setSize * MemoryLayout<Place>.stride }

    /// A table in which nobody has done anything.
    public init(_ limits: RateLimits) {
        limitsLoopback = limits.limitsLoopback
        for kind in RateKind.allCases {
            let limit = min(max(limits.perMinute(kind), 0), RateLimits.maximum)
            costs[kind.rawValue] = limit == 0 ? 0 : Self.minute / UInt32(limit)
        }
    }

    /// Whether a kind is limited at all.
    public func counts(_ kind: RateKind) -> Bool { costs[kind.rawValue] > 0 }

    /// Whether nobody was counted yet, so that nobody has to wait.
    public var isEmpty: Bool { places.isEmpty }

    /// Takes one of a kind for a client.
    ///
    /// - Parameter now: milliseconds of the monotonic clock.
    /// - Returns: nil if it was taken; else the seconds after which one will be there, and nothing was taken.
    public mutating func take(_ kind: RateKind, _ client: RateClient, now: UInt64) -> Int? {
        let cost = costs[kind.rawValue]
        guard cost > 0, limitsLoopback || !client.isLoopback else { return nil }
        let index = place(of: client, now)
        let spent = places[index].spent[kind.rawValue]
        guard spent <= Self.minute - cost else { return Self.seconds(spent - (Self.minute - cost)) }
        places[index].spent[kind.rawValue] = spent + cost
        return nil
    }

    /// Whether a client has none left of a kind, for what is refused before it is known how it would end.
    ///
    /// - Parameter now: milliseconds of the monotonic clock.
    /// - Returns: nil if there is one; else the seconds after which one will be there. Nothing is taken.
    public func wait(_ kind: RateKind, _ client: RateClient, now: UInt64) -> Int? {
        let cost = costs[kind.rawValue]
        guard cost > 0, limitsLoopback || !client.isLoopback, !places.isEmpty else { return nil }
        for index in set(of: client) where places[index].client == client {
            let spent = Self.left(of: places[index].spent[kind.rawValue], since: places[index].at, now)
            return spent <= Self.minute - cost ? nil : Self.seconds(spent - (Self.minute - cost))
        }
        return nil
    }

    /// Takes a wrong passphrase for a client before it is known whether it is wrong, so that as many as he has left are tried at
    /// one time, and no more. ``endTry(_:)`` gives it back; of a wrong one is taken after that, and will be there.
    ///
    /// - Parameter now: milliseconds of the monotonic clock.
    /// - Returns: nil if it was taken; else the seconds after which there may be one, and nothing was taken.
    public mutating func beginTry(_ client: RateClient, now: UInt64) -> Int? {
        let cost = costs[RateKind.wrongPassphrase.rawValue]
        guard cost > 0, limitsLoopback || !client.isLoopback else { return nil }
        let index = place(of: client, now)
        let spent = places[index].spent[RateKind.wrongPassphrase.rawValue] + places[index].underWay * cost
        guard spent <= Self.minute - cost else { return Self.seconds(spent - (Self.minute - cost)) }
        places[index].underWay += 1
        return nil
    }

    /// A passphrase that was tried is right or wrong now, or nobody waits for it any more.
    public mutating func endTry(_ client: RateClient) {
        if places.isEmpty { return }
        for index in set(of: client) where places[index].client == client && places[index].underWay > 0 {
            places[index].underWay -= 1
        }
    }

    private func set(of client: RateClient) -> Range<Int> {
        let first = Int(client.hash(seed) % UInt64(Self.setCount)) * Self.setSize
        return first..<first + Self.setSize
    }

    /// Where a client is noted from now on, with what is spent brought up to date.
    private mutating func place(of client: RateClient, _ now: UInt64) -> Int {
        if places.isEmpty { places = Array(repeating: Place(), count: Self.setCount * Self.setSize) }
        var least = (index: 0, spent: UInt32.max)
        for index in set(of: client) {
            if places[index].client == client {
                for kind in 0..<4 {
                    places[index].spent[kind] = Self.left(of: places[index].spent[kind], since: places[index].at, now)
                }
                places[index].at = max(now, places[index].at)
                return index
            }
            // One whose passphrase is being tried is forgotten last, or he could try more.
            var spent: UInt32 = places[index].underWay > 0 ? Self.minute - 1 : 0
            for kind in 0..<4 {
                spent = max(spent, Self.left(of: places[index].spent[kind], since: places[index].at, now))
            }
            if spent < least.spent { least = (index, spent) }
        }
        // Nobody who was never seen, or long ago, has spent anything.
        places[least.index] = Place(client: client, at: now)
        return least.index
    }

    /// What is still spent after some time.
    private static func left(of spent: UInt32, since: UInt64, _ now: UInt64) -> UInt32 {
        let passed = now > since ? min(now - since, 60_000) : 0
        return spent - min(spent, UInt32(passed) * 1000)
    }

    private static func seconds(_ microseconds: UInt32) -> Int { Int((microseconds + 999_999) / 1_000_000) }
}
