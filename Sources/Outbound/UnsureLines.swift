// Lines that went to a syslog server and of which nobody knows yet whether it read them: syslog has no word for that.
internal import Kernel

/// The newest lines that went. They have arrived, as far as can be told, once they left the kernel and nothing was heard of an end or an
/// error for a while; those that there is no room for are believed to have. All others go once more if the connection ends.
struct UnsureLines: ~Copyable {
    private var ring: LineRing
    private let period: UInt64
    /// Where those begin that the connection got that there is.
    private var origin: UInt64 = 0
    /// What is before it went a period ago when it is ``due``.
    private var mark: UInt64 = 0
    /// When to look what has become of them, in milliseconds of ``BootClock``.
    private(set) var due = UInt64.max

    /// Room for so many bytes of lines, each of which is unsure for a period of so many milliseconds, or up to two.
    init(capacity: Int, period: UInt64) {
        ring = LineRing(capacity: capacity)
        self.period = period
    }

    var isEmpty: Bool { ring.count == 0 }

    /// Lines went, each with its line feed. Returns how many older ones are no longer kept for want of room.
    mutating func add(_ lines: Span<UInt8>, at now: UInt64) -> Int {
        guard !lines.isEmpty else { return 0 }
        let isFirst = isEmpty
        let missing = lines.count - ring.freeCapacity
        let count = missing > 0 ? Int(ring.drop(bytes: missing)) : 0
        ring.append(lines)
        if isFirst { (mark, due) = (ring.end, now + period) }
        return count
    }

    /// Settles what went a period ago, but for the last bytes, which the kernel still has. Returns how many lines that are, and whether the
    /// connection has lasted long enough to be believed.
    mutating func settle(keeping bytes: Int, at now: UInt64) -> (count: Int, isProof: Bool) {
        let limit = min(mark, ring.end - UInt64(min(bytes, ring.count)))
        let isProof = limit > origin
        let count = drop(before: limit)
        (mark, due) = (ring.end, isEmpty ? .max : now + period)
        return (count, isProof)
    }

    /// Settles all but the last bytes. Returns how many lines that are.
    mutating func settleAll(keeping bytes: Int = 0) -> Int {
        let count = drop(before: ring.end - UInt64(min(max(bytes, 0), ring.count)))
        if isEmpty { due = .max }
        return count
    }

    /// Moves all of them behind what is in the bytes: the connection has ended.
    mutating func takeAll(into bytes: inout [UInt8]) {
        ring.takeLines(.max, into: &bytes)
        (origin, due) = (ring.end, .max)
    }

    private mutating func drop(before limit: UInt64) -> Int {
        var (place, count) = (ring.start, 0)
        while place < limit {
            let next = ring.placeAfterLine(at: place)
            guard next <= limit else { break }
            place = next
            count += 1
        }
        ring.removeAll(before: place)
        return count
    }
}
