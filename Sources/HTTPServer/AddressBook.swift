// Who has how much: connections and claims to memory, by the address they come from.
internal import Kernel

/// Counts by network, for those that have a connection: a hash table with open addressing, never larger than four times the most
/// networks that had one.
struct AddressBook {
    private struct Entry {
        var network = ClientNetwork.none
        /// Open connections; 0 marks an entry that is free.
        var connections: UInt32 = 0
        /// Those of them that hold memory or wait for it.
        var claims: UInt32 = 0
    }

    private var entries = [Entry](repeating: Entry(), count: 16)
    private var used = 0
    /// Nobody can choose addresses that collide.
    private let seed = UInt64.random(in: 1 ... .max)

    /// How many networks have a connection.
    var count: Int { used }

    /// Notes a connection unless there are as many as may be. O(1) on average.
    ///
    /// - Parameter limit: how many a network may have; 0 for any number.
    /// - Returns: false, and nothing is noted, when there are as many.
    mutating func add(_ network: ClientNetwork, limit: Int) -> Bool {
        if used * 2 >= entries.count { grow() }
        let index = place(of: network)
        guard limit == 0 || entries[index].connections < limit else { return false }
        if entries[index].connections == 0 {
            used += 1
            entries[index].network = network
        }
        entries[index].connections += 1
        return true
    }

    /// Takes a connection off again. O(1) on average.
    mutating func remove(_ network: ClientNetwork) {
        let index = place(of: network)
        guard entries[index].connections > 0 else { return }
        entries[index].connections -= 1
        guard entries[index].connections == 0 else { return }
        used -= 1
        closeGap(at: index)
    }

    /// How many connections of a network hold memory or wait for it. O(1) on average.
    func claims(of network: ClientNetwork) -> Int {
        Int(entries[place(of: network)].claims)
    }

    /// Notes that a connection begins or ceases to hold memory or to wait for it. O(1) on average.
    mutating func noteClaim(of network: ClientNetwork, isMade: Bool) {
        let index = place(of: network)
        guard entries[index].connections > 0 else { return }
        if isMade { entries[index].claims += 1 } else { entries[index].claims -= 1 }
    }

    /// The entry of a network, or the free one where it would be.
    private func place(of network: ClientNetwork) -> Int {
        var index = home(network)
        while entries[index].connections > 0 && entries[index].network != network {
            index = (index + 1) & (entries.count - 1)
        }
        return index
    }

    private func home(_ network: ClientNetwork) -> Int {
        Int(truncatingIfNeeded: network.hash(seed)) & (entries.count - 1)
    }

    /// Moves entries that stand behind a freed one to where they are found without it (Knuth, TAOCP 3, section 6.4,
    /// algorithm R).
    private mutating func closeGap(at freed: Int) {
        let mask = entries.count - 1
        var gap = freed
        var index = (freed + 1) & mask
        while entries[index].connections > 0 {
            let home = home(entries[index].network)
            if (index - home) & mask >= (index - gap) & mask {
                entries[gap] = entries[index]
                gap = index
            }
            index = (index + 1) & mask
        }
        entries[gap] = Entry()
    }

    private mutating func grow() {
        let old = entries
        entries = [Entry](repeating: Entry(), count: old.count * 2)
        for entry in old where entry.connections > 0 {
            var index = home(entry.network)
            while entries[index].connections > 0 { index = (index + 1) & (entries.count - 1) }
            entries[index] = entry
        }
    }
}
