// Moments as RFC 3339 writes them, in UTC.

/// Seconds since 1970 from and to text such as `2026-11-23T20:17:00Z` (RFC 3339, section 5.6).
public enum Timestamp {
    /// The moment that a text means, or nil where it is none between the years 1970 and 9999. UTC, whole seconds, no leap second.
    public static func seconds(_ text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        for (index, expected) in zip([4, 7, 10, 13, 16, 19], "--T::Z".utf8) where bytes[index] != expected {
            return nil
        }
        guard let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            year >= 1970, (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        return Int64(days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01. Years begin in March, which puts a leap day at their end.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        return year * 365 + year / 4 - year / 100 + year / 400 + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
    }
}
