// How figures are taken and printed: a line for people, and `name value unit` for programs.
import Glibc

/// Nanoseconds on a clock that nobody sets.
func nanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Nanoseconds that this thread was given, by a system call: what others on the machine take does not count.
func ownNanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

enum Figures {
    /// Prints one figure.
    ///
    /// - Parameters:
    ///   - limit: what it should not exceed, if that was settled.
    static func print(_ name: String, _ value: Double, _ unit: String, limit: String = "") {
        let rounded = (value * 10).rounded() / 10
        Swift.print("\(name) \(rounded) \(unit)" + (limit.isEmpty ? "" : "  (at most \(limit))"))
    }
}

extension [Double] {
    /// The middle one.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
