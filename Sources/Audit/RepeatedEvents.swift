// What comes again and again: the first are told, the others counted.
internal import Sealing

/// Which events were told within the last minute, in memory of a bounded size, so that a flood of them pushes nothing else out.
///
/// Events are alike that are by one rule, about one secret or receipt, of one network (an IPv4 address, an IPv6 /64) or of clients whom
/// nobody knows, and with one key.
/// Where there are more of different kinds than there are places within a minute, the others are told apart by their action and rule
/// alone. An event is found among all others in about 0.3 us.
struct RepeatedEvents {
    private struct Entry {
        /// The first one.
        let event: AuditEvent
        var keyName: String?
        let hash: Int
        /// The number of an older one in the same bucket, or of none that is counted still.
        let older: UInt64
        /// Milliseconds on the monotonic clock.
        let ends: UInt64
        var told: UInt32 = 1
        var untold: UInt64 = 0
    }

    /// Of how many kinds events are told apart.
    let places: Int
    /// For how long they are counted together, in milliseconds.
    static let span: UInt64 = 60_000

    /// Those that are counted have the numbers from `first` up to `next`, in the order in which they end, and stand by the lowest bits of
    /// these. Twice as many as there are places: rules are few, so no flood makes more than some entries without a name.
    private var entries: [Entry] = []
    private var first: UInt64 = 1
    private var next: UInt64 = 1
    /// The numbers of the newest entries by the lowest bits of their hashes.
    private var buckets: [UInt64]

    /// With so many places.
    init(places: Int) {
        self.places = places
        var capacity = 2
        while capacity < 2 * places { capacity *= 2 }
        buckets = Array(repeating: 0, count: capacity)
    }

    /// When a count is due, in milliseconds of the monotonic clock.
    var nextEnd: UInt64? { first < next ? entries[index(first)].ends : nil }

    /// Whether an event is to be told; otherwise it is counted. What is to be told may not tell who it was.
    ///
    /// - Parameter limit: how many of its kind are told, at least one.
    mutating func admit(_ event: inout AuditEvent, _ keyName: inout String?, upTo limit: Int, now: UInt64) -> Bool {
        var hash = Self.hash(event, keyName)
        var place = place(of: event, keyName, hash)
        if place == nil, next - first >= UInt64(places) {
            (event.address, event.country, event.secret, event.receipt, keyName) = (nil, nil, nil, nil, nil)
            (event.isFromUnknown, event.userID) = (false, nil)
            event.reason = "from many addresses"
            hash = Self.hash(event, keyName)
            place = self.place(of: event, keyName, hash)
        }
        guard let place else {
            insert(event, keyName, hash, now)
            return true
        }
        if entries[place].told < limit {
            entries[place].told += 1
            return true
        }
        entries[place].untold += 1
        return false
    }

    /// The next count that is due: an event like those that were not told, with how many there were, and the name of their key.
    mutating func takeNext(endedBy now: UInt64) -> (event: AuditEvent, keyName: String?)? {
        while let end = nextEnd, end <= now {
            let place = index(first)
            first += 1
            var event = entries[place].event
            // Nothing is kept of what is over.
            let keyName = entries[place].keyName.take()
            guard entries[place].untold > 0 else { continue }
            event.count = entries[place].untold
            event.reason = "repeated"
            return (event, keyName)
        }
        return nil
    }

    private mutating func insert(_ event: AuditEvent, _ keyName: String?, _ hash: Int, _ now: UInt64) {
        // There are not that many rules; if there were, a line too many would be no harm.
        guard next - first < UInt64(buckets.count) else { return }
        // A moment may be handed in that is older than another one before it.
        let ends = max(now + Self.span, first < next ? entries[index(next - 1)].ends : 0)
        let entry = Entry(
            event: event, keyName: keyName, hash: hash, older: buckets[bucket(hash)], ends: ends)
        let place = index(next)
        if place < entries.count { entries[place] = entry } else { entries.append(entry) }
        buckets[bucket(hash)] = next
        next += 1
    }

    private func index(_ number: UInt64) -> Int { Int(truncatingIfNeeded: number - 1) & (buckets.count - 1) }

    private func bucket(_ hash: Int) -> Int { hash & (buckets.count - 1) }

    private func place(of event: AuditEvent, _ keyName: String?, _ hash: Int) -> Int? {
        var number = buckets[bucket(hash)]
        // Whatever is behind one that is over is older, and over, too.
        while number >= first {
            let place = index(number)
            if entries[place].hash == hash, entries[place].keyName == keyName,
                Self.areAlike(entries[place].event, event)
            {
                return place
            }
            number = entries[place].older
        }
        return nil
    }

    /// The same for events that are alike, and not to be foreseen by who makes many.
    private static func hash(_ event: AuditEvent, _ keyName: String?) -> Int {
        var hasher = Hasher()
        hasher.combine(event.action.rawValue)
        hasher.combine(event.receipt?.low)
        hasher.combine(event.secret?.low)
        hasher.combine(network(event.address))
        hasher.combine(event.isFromUnknown)
        hasher.combine(keyName)
        hasher.combine(event.userID)
        hasher.combine(event.rule?.utf8CodeUnitCount)
        return hasher.finalize()
    }

    private static func areAlike(_ one: AuditEvent, _ other: AuditEvent) -> Bool {
        one.action == other.action && one.receipt == other.receipt && one.secret == other.secret
            && network(one.address) == network(other.address) && one.isFromUnknown == other.isFromUnknown
            && one.userID == other.userID && areSame(one.rule, other.rule)
    }

    /// The half of an address that is the same for all of a network; nil for none.
    private static func network(_ address: [16 of UInt8]?) -> UInt64? {
        guard let address else { return nil }
        let high = half(address, from: 0)
        // An IPv4 address in its mapped form, or the loopback.
        return high == 0 ? half(address, from: 8) : high
    }

    private static func half(_ address: [16 of UInt8], from start: Int) -> UInt64 {
        var half: UInt64 = 0
        for index in start..<start + 8 { half = half << 8 | UInt64(address[index]) }
        return half
    }

    private static func areSame(_ one: StaticString?, _ other: StaticString?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        guard one.utf8CodeUnitCount == other.utf8CodeUnitCount else { return false }
        for index in 0..<one.utf8CodeUnitCount {
            // A StaticString shows its bytes by a pointer that lives as long as the program.
            if unsafe one.utf8Start[index] != other.utf8Start[index] { return false }
        }
        return true
    }
}
