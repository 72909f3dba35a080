// A moment as calendar and clock show it in UTC.
internal import HTTPServer

/// Date and time of day in UTC, in the Gregorian calendar, also before it was in use.
struct CalendarTime: Equatable, Sendable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// The moment so many seconds after 1970-01-01T00:00:00Z, as POSIX counts: every day has 86 400.
    ///
    /// Counts in years that begin on 1 March, which puts a leap day at the very end, and in eras of 400 years, after
    /// which the calendar repeats to the day.
    init(epochSeconds: Int) {
        let (days, time) = Self.floorDivide(epochSeconds, 86_400)
        (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)

        let daysFrom0000March = days + 719_468
        let (era, dayOfEra) = Self.floorDivide(daysFrom0000March, 146_097)
        let leapDays = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // From March on, months of 31, 30, 31, 30, 31 days repeat: 153 days for five months.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// The time of day as `20:04`.
    var clock: String { "\(Self.twoDigits(hour)):\(Self.twoDigits(minute))" }

    /// The moment as RFC 3339, section 5.6, writes it: `2026-02-28T20:04:59Z`.
    var timestamp: String {
        "\(Self.twoDigits(year / 100))\(Self.twoDigits(year % 100))-\(Self.twoDigits(month))-\(Self.twoDigits(day))"
            + "T\(clock):\(Self.twoDigits(second))Z"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func floorDivide(_ number: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension ResponseWriter {
    /// Appends a `time` element for a moment in epoch seconds.
    mutating func time(_ epochSeconds: Int, _ words: Words) {
        let moment = CalendarTime(epochSeconds: epochSeconds)
        markup("<time")
        attribute("datetime", moment.timestamp)
        markup(">")
        text(words.moment(moment))
        markup("</time>")
    }
}
