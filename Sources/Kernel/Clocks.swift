// The two clocks: one that only goes forward and counts suspended time, and the wall clock for what people read.

// Both modules declare timespec; whose fields the compiler means depends on which files it has read before.
internal import CLinux
internal import Glibc

/// The monotonic clock that counts the time a machine was suspended (`CLOCK_BOOTTIME`).
public enum BootClock {
    /// Milliseconds since the machine started.
    public static func milliseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Microseconds since the machine started.
    public static func microseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    /// Does nothing for a while, or until a signal comes. The corresponding C function is `poll`.
    public static func pause(milliseconds: Int32) {
        _ = poll(nil, 0, milliseconds)
    }
}

/// The wall clock. For display only: people and NTP set it.
public enum WallClock {
    /// Seconds since 1970-01-01T00:00:00Z.
    public static func seconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    public static func milliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// A moment on both clocks, handed in with every request.
public struct Moment: Sendable {
    /// Milliseconds on a monotonic clock that counts suspended time.
    public let milliseconds: UInt64
    /// Seconds since 1970, for display.
    public let wallSeconds: Int64

    /// A moment.
    public init(milliseconds: UInt64, wallSeconds: Int64) {
        self.milliseconds = milliseconds
        self.wallSeconds = wallSeconds
    }

    /// The present moment.
    public static var now: Moment {
        Moment(milliseconds: BootClock.milliseconds(), wallSeconds: WallClock.seconds())
    }
}

extension WallClock {
    /// A moment as HTTP writes it (IMF-fixdate of RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    public static func fixedDate(_ seconds: Int64) -> String {
        let days: [7 of StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months: [12 of StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let parts = unsafe calendar(seconds)
        let (day, month) = unsafe (days[Int(parts.tm_wday)], months[Int(parts.tm_mon)])
        let date = unsafe "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1900)"
        return unsafe "\(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }

    /// A moment as RFC 3339 writes it, in UTC: `2026-11-23T20:17:00Z`.
    public static func timestamp(_ seconds: Int64) -> String {
        let parts = unsafe calendar(seconds)
        let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return unsafe "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }

    private static func calendar(_ seconds: Int64) -> tm {
        var time = time_t(seconds)
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        return unsafe parts
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
