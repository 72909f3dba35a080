// What comes again and again: the first are told, the others counted.
internal import Sealing

/// Which events were told within the last minute, in memory of a bounded size, so that a flood of them pushes nothing else out.
///
/// Events are alike that are by one rule, about one secret or receipt, of one network (an IPv4 address, an IPv6 /64) and with one key. Where there are more of different kinds than there are places within a minute, the others are told apart
/// by their action and rule alone.
struct RepeatedEvents {
    private struct Entry {
        /// The first one.
        var event: AuditEvent
        /// Milliseconds on the monotonic clock.
        let ends: UInt64
        var told: UInt32 = 1
        var untold: UInt64 = 0
    }

    /// Of how many kinds events are told apart. Rules are few, so no flood makes many more entries.
    let places: Int
    /// For how long they are counted together, in milliseconds.
    static let span: UInt64 = 60_000

    /// In the order in which they end.
    private var entries: [Entry] = []

    /// With so many places.
    init(places: Int) { self.places = places }

    /// When a count is due, in milliseconds of the monotonic clock.
    var nextEnd: UInt64? { entries.first?.ends }

    /// Whether an event is to be told; otherwise it is counted. What is to be told may not tell who it was.
    ///
    /// - Parameter limit: how many of its kind are told, at least one.
    mutating func admit(_ event: inout AuditEvent, upTo limit: Int, now: UInt64) -> Bool {
        var index = index(of: event)
        if index == nil, entries.count >= places {
            (event.address, event.country, event.secret, event.receipt, event.keyName) = (nil, nil, nil, nil, nil)
            event.reason = "from many addresses"
            index = self.index(of: event)
        }
        guard let index else {
            // A moment may be handed in that is older than another one before it.
            entries.append(Entry(event: event, ends: max(now + Self.span, entries.last?.ends ?? 0)))
            return true
        }
        if entries[index].told < limit {
            entries[index].told += 1
            return true
        }
        entries[index].untold += 1
        return false
    }

    /// The next count that is due: an event like those that were not told, with how many there were.
    mutating func takeNext(endedBy now: UInt64) -> AuditEvent? {
        while let first = entries.first, first.ends <= now {
            entries.removeFirst()
            guard first.untold > 0 else { continue }
            var event = first.event
            event.count = first.untold
            event.reason = "repeated"
            return event
        }
        return nil
    }

    private func index(of event: AuditEvent) -> Int? {
        for index in entries.indices where Self.areAlike(entries[index].event, event) { return index }
        return nil
    }

    private static func areAlike(_ one: AuditEvent, _ other: AuditEvent) -> Bool {
        one.action == other.action && one.receipt == other.receipt && one.secret == other.secret
            && network(one.address) == network(other.address)
            && areSame(one.rule, other.rule) && one.keyName == other.keyName
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
