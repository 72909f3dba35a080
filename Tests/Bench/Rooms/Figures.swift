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

/// The memory that the process has, in megabytes.
func residentMegabytes() -> Double {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard unsafe fgets(&line, 128, file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
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
