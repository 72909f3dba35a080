// Moments as RFC 3339 writes them: the one reader of such texts.

/// A moment from a text such as `2026-11-27T09:00:00.25+01:00` (RFC 3339, section 5.6).
///
/// Nothing but that grammar: `T` and `Z` in either case, a leap second only where one can be, at the end of a day in UTC; it is the
/// first second of the next day, as POSIX counts. Years from 1970 to 9999, in UTC.
public struct Timestamp: Equatable, Sendable {
    /// Seconds since 1970, without the part of a second.
    public let seconds: Int64
    /// Whether there is a part of a second beyond.
    public let hasFraction: Bool

    /// The last second of the year 9999.
    static let last: Int64 = 253_402_300_799
    /// How long a text may be, in bytes.
    static let maximumText = 40

    /// Reads a text; nil for anything else.
    public init?(parsing text: Span<UInt8>) {
        guard text.count <= Self.maximumText else { return nil }
        var scanner = TextScanner(text)
        guard let day = Self.date(&scanner), scanner.skip("T") || scanner.skip("t"),
            let hour = scanner.digits(2), hour < 24, scanner.skip(":"), let minute = scanner.digits(2), minute < 60,
            scanner.skip(":"), let second = scanner.digits(2), second <= 60
        else { return nil }
        var hasFraction = false
        if scanner.skip(".") {
            guard scanner.isAtDigit else { return nil }
            while scanner.isAtDigit { if scanner.take() != UInt8(ascii: "0") { hasFraction = true } }
        }
        guard let offset = Self.offset(&scanner), scanner.isAtEnd else { return nil }
        let seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
        guard (0...Self.last).contains(seconds), second < 60 || seconds % 86_400 == 0 else { return nil }
        self.seconds = seconds
        self.hasFraction = hasFraction
    }

    /// `2026-11-27`, as a day counted from 1970.
    private static func date(_ scanner: inout TextScanner) -> Int64? {
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), (1...12).contains(month),
            scanner.skip("-"), let day = scanner.digits(2),
            day >= 1, day <= CivilDay.length(ofMonth: month, year: year)
        else { return nil }
        return CivilDay.number(year: year, month: month, day: day)
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
