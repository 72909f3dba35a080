// A moment as people and programs write it.

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z as POSIX counts them.
public struct Instant: Equatable, Sendable {
    /// Seconds since 1970, up to the end of the year 9999.
    public let seconds: Int64

    /// What a text may be, as the end of a sentence that begins with "has to be".
    public static let allowed = "seconds since 1970, or a moment such as 2026-11-27T09:00:00+01:00"

    private static let limit: Int64 = 253_402_300_799

    /// Reads digits as seconds since 1970, and else a moment by RFC 3339, section 5.6, with a space in place of the `T` if one
    /// likes. A part of a second counts as a whole one, so that a moment never comes too early. Nil for anything else, and
    /// for years before 1970.
    public init?(parsing text: Span<UInt8>) {
        guard text.count <= 40 else { return nil }
        var scanner = TextScanner(text)
        if let number = scanner.integer(upTo: Int(Self.limit)), scanner.isAtEnd {
            seconds = Int64(number)
            return
        }
        scanner = TextScanner(text)
        guard let day = Self.date(&scanner), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let time = Self.time(&scanner), let offset = Self.offset(&scanner), scanner.isAtEnd
        else { return nil }
        let seconds = day * 86_400 + time - offset
        guard (0...Self.limit).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// `2026-11-27`, as a day counted from 1970.
    private static func date(_ scanner: inout TextScanner) -> Int64? {
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), (1...12).contains(month),
            scanner.skip("-"), let day = scanner.digits(2),
            day >= 1, day <= CivilDay.length(ofMonth: month, year: year)
        else { return nil }
        return CivilDay.number(year: year, month: month, day: day)
    }

    /// `09:00:00.5` in seconds. A leap second, 60, is the first one of the next minute.
    private static func time(_ scanner: inout TextScanner) -> Int64? {
        guard let hour = scanner.digits(2), hour < 24, scanner.skip(":"), let minute = scanner.digits(2), minute < 60,
            scanner.skip(":"), let second = scanner.digits(2), second <= 60
        else { return nil }
        var isMore = false
        if scanner.skip(".") {
            guard scanner.isAtDigit else { return nil }
            while scanner.isAtDigit { if scanner.take() != UInt8(ascii: "0") { isMore = true } }
        }
        return hour * 3600 + minute * 60 + second + (isMore ? 1 : 0)
    }

    /// `Z` or `+01:00`, in seconds east of UTC.
    private static func offset(_ scanner: inout TextScanner) -> Int64? {
        if scanner.skip("Z") || scanner.skip("z") { return 0 }
        let isWest = scanner.skip("-")
        guard isWest || scanner.skip("+"), let hours = scanner.digits(2), hours < 24, scanner.skip(":"),
            let minutes = scanner.digits(2), minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
