// How many requests an address may send in a second.
internal import Kernel

/// A token bucket for each network that sent requests of late, in a table of fixed size.
///
/// A network has a set of four places. One that is not there yet takes the place of the one in its set that has the most left, which
/// loses the least by being forgotten. So whoever floods from many networks makes room for himself at most in the sets that he
/// hits; nothing is allocated, and a request costs O(1).
struct RequestBudget {
    private struct Place {
        var network = ClientNetwork.none
        /// Thousandths of a request that are left.
        var left: UInt64 = 0
        /// When that was so, in milliseconds of the monotonic clock.
        var at: UInt64 = 0
    }

    private static let setCount = 1024
    private static let setSize = 4

    private let rate: UInt64
    private var places: [Place]
    /// Nobody can choose networks that share a set.
    private let seed = UInt64.random(in: 1 ... .max)

    /// - Parameter rate: requests a second; as many may come at once after a second of silence. 0 for any number.
    init(rate: Int) {
        self.rate = UInt64(max(rate, 0))
        places = rate > 0 ? Array(repeating: Place(), count: Self.setCount * Self.setSize) : []
    }

    /// Whether there is a limit at all.
    var isLimited: Bool { rate > 0 }

    /// Whether a network may send another request now, which is counted if so.
    ///
    /// - Parameter now: milliseconds of the monotonic clock.
    mutating func take(_ network: ClientNetwork, now: UInt64) -> Bool {
        guard isLimited else { return true }
        let index = place(of: network, now)
        let left = left(in: places[index], now)
        let mayGo = left >= 1000
        places[index] = Place(network: network, left: mayGo ? left - 1000 : left, at: now)
        return mayGo
    }

    private func left(in place: Place, _ now: UInt64) -> UInt64 {
        // Thousandths of a request a millisecond are requests a second.
        let silence = min(now > place.at ? now - place.at : 0, 1000)
        return min(place.left + silence * rate, rate * 1000)
    }

    /// Where a network is noted, or is to be.
    private mutating func place(of network: ClientNetwork, _ now: UInt64) -> Int {
        let first = Int(network.hash(seed) % UInt64(Self.setCount)) * Self.setSize
        let set = first..<first + Self.setSize
        if let known = set.first(where: { places[$0].network == network }) { return known }
        var most = first
        for index in set where left(in: places[index], now) > left(in: places[most], now) { most = index }
        // Nobody who was never seen, or long ago, has spent anything.
        places[most] = Place(network: network, left: rate * 1000, at: now)
        return most
    }
}
