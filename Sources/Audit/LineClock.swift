// Moments as people and programs read them: RFC 3339, in UTC, with milliseconds.
internal import Kernel

/// Writes moments. The date is worked out once a second.
struct LineClock {
    /// What to add to the monotonic clock to get the wall's, in milliseconds.
    private var offset: Int64
    /// The second that ``date`` shows, and the latest moment that was written, in milliseconds since 1970.
    private var second: Int64
    private var latest = Int64.min
    /// When the newest line was written, in seconds since 1970.
    var newest: Int64 { second }

    private var date: [19 of UInt8] = .init(repeating: 0x30)

    init(wallMilliseconds: Int64, at now: Moment) {
        offset = wallMilliseconds - Int64(now.milliseconds)
        second = .min
    }

    /// Appends 24 bytes, such as `2026-11-27T05:14:51.123Z`.
    ///
    /// A moment has whole seconds of the wall clock; the thousandths come from the monotonic one, kept within that second. Where they
    /// would not be, the wall clock was set, or the two were read at different times. What is older than what was written before it,
    /// or only seems to be since the wall clock was set back, is written as of the same time: lines never go back.
    mutating func write(_ now: Moment, into buffer: inout LineBuffer) {
        let wanted = Int64(now.milliseconds) + offset
        let first = now.wallSeconds * 1000
        let time = min(max(wanted, first), first + 999)
        offset += time - wanted
        if time >= latest {
            latest = time
            if now.wallSeconds != second { settle(now.wallSeconds) }
        }
        buffer.append(date.span)
        buffer.append(0x2E)
        buffer.append(UInt64(latest - second * 1000), digits: 3)
        buffer.append(0x5A)
    }

    private mutating func settle(_ seconds: Int64) {
        second = seconds
        let text = WallClock.timestamp(seconds)
        let bytes = text.utf8Span.span
        // Only years of four digits have this many.
        guard bytes.count == 20 else { return }
        for index in 0..<19 { date[index] = bytes[index] }
    }
}
