// The Date field of answers.
internal import Kernel

/// The line of a `Date` field (RFC 9110, sections 5.6.7 and 6.6.1). It is worked out once a second.
struct DateField {
    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT`, with its line end.
    private(set) var line: [37 of UInt8] = .init(repeating: 0x20)
    private var second = Int64.min

    /// Whether there is a line: before the first moment there is none.
    var isSet: Bool { second != .min }

    /// Shows a moment, in seconds since 1970.
    @inline(__always)
    mutating func show(_ seconds: Int64) {
        if seconds != second { settle(seconds) }
    }

    @inline(never)
    private mutating func settle(_ seconds: Int64) {
        let text = "Date: \(WallClock.fixedDate(seconds))\r\n"
        let bytes = text.utf8Span.span
        // Years of more than four digits have no such date; the last one that had one stands.
        guard bytes.count == line.count else { return }
        for index in line.indices { line[index] = bytes[index] }
        second = seconds
    }
}
