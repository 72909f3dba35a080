// A moment as people and programs write it.

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z as POSIX counts them.
public struct Instant: Equatable, Sendable {
    /// Seconds since 1970, up to the end of the year 9999.
    public let seconds: Int64

    /// Reads digits as seconds since 1970, and else what ``Timestamp`` reads. A part of a second counts as a whole one, so that a
    /// moment never comes too early. Nil for anything else.
    public init?(parsing text: Span<UInt8>) {
        guard text.count <= Timestamp.maximumText else { return nil }
        var scanner = TextScanner(text)
        if let number = scanner.integer(upTo: Int(Timestamp.last)), scanner.isAtEnd {
            seconds = Int64(number)
            return
        }
        guard let timestamp = Timestamp(parsing: text) else { return nil }
        let seconds = timestamp.seconds + (timestamp.hasFraction ? 1 : 0)
        guard seconds <= Timestamp.last else { return nil }
        self.seconds = seconds
    }
}
