// The rule of a time zone as POSIX writes it.

extension TimeZoneRule {
    /// Reads a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, the format of POSIX's TZ with the wider hours of RFC 8536, section 3.3.1.
    /// Nil if it is not one, or names daylight saving time without saying when it is. At most 64 bytes.
    public init?(parsing text: Span<UInt8>) {
        guard text.count <= 64 else { return nil }
        var scanner = TextScanner(text)
        guard let rule = Self.read(&scanner), scanner.isAtEnd else { return nil }
        self = rule
    }

    /// The rule of a line of the table, with its list where it has one.
    init?(line: UInt16) {
        var scanner = TextScanner(ZoneTable.word(at: line))
        guard let rule = Self.read(&scanner) else { return nil }
        if scanner.skip("@") {
            self.init(rule, after: ZoneList(place: line + UInt16(scanner.index)))
        } else {
            guard scanner.isAtEnd else { return nil }
            self = rule
        }
    }

    private static func read(_ scanner: inout TextScanner) -> TimeZoneRule? {
        guard skipName(&scanner), let west = seconds(&scanner, hours: 24) else { return nil }
        guard scanner.next == UInt8(ascii: "<") || isLetter(scanner.next) else { return TimeZoneRule(offset: -west) }
        guard skipName(&scanner) else { return nil }
        var daylight = 3600 - west
        if !scanner.skip(",") {
            guard let west = seconds(&scanner, hours: 24), scanner.skip(",") else { return nil }
            daylight = -west
        }
        guard let begins = change(&scanner), scanner.skip(","), let ends = change(&scanner) else { return nil }
        return TimeZoneRule(standard: -west, daylight: daylight, begins: begins, ends: ends, list: nil)
    }

    /// A name of at least three letters, or of letters, digits and signs in angle brackets.
    private static func skipName(_ scanner: inout TextScanner) -> Bool {
        var count = 0
        if scanner.skip("<") {
            while isLetter(scanner.next) || scanner.isAtDigit || scanner.next == UInt8(ascii: "+")
                || scanner.next == UInt8(ascii: "-")
            {
                _ = scanner.take()
                count += 1
            }
            guard scanner.skip(">") else { return false }
        } else {
            while isLetter(scanner.next) {
                _ = scanner.take()
                count += 1
            }
        }
        return count >= 3
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func seconds(_ scanner: inout TextScanner, hours limit: Int) -> Int32? {
        let isNegative = scanner.skip("-")
        if !isNegative { _ = scanner.skip("+") }
        guard let hours = scanner.integer(upTo: limit) else { return nil }
        var total = hours * 3600
        if scanner.skip(":") {
            guard let minutes = scanner.integer(upTo: 59) else { return nil }
            total += minutes * 60
            if scanner.skip(":") {
                guard let seconds = scanner.integer(upTo: 59) else { return nil }
                total += seconds
            }
        }
        return Int32(isNegative ? -total : total)
    }

    /// `Mm.w.d`, `Jn` or `n`, with a time behind `/` or at 02:00.
    private static func change(_ scanner: inout TextScanner) -> YearlyChange? {
        let day: YearlyChange.Day
        if scanner.skip("M") {
            guard let month = scanner.integer(upTo: 12), month > 0, scanner.skip("."),
                let week = scanner.integer(upTo: 5), week > 0, scanner.skip("."), let weekday = scanner.integer(upTo: 6)
            else { return nil }
            day = .weekday(Int8(weekday), week: Int8(week), month: Int8(month))
        } else if scanner.skip("J") {
            guard let number = scanner.integer(upTo: 365), number > 0 else { return nil }
            day = .julian(Int16(number))
        } else {
            guard let number = scanner.integer(upTo: 365) else { return nil }
            day = .ordinal(Int16(number))
        }
        guard scanner.skip("/") else { return YearlyChange(day: day, time: 7200) }
        guard let time = seconds(&scanner, hours: 167) else { return nil }
        return YearlyChange(day: day, time: time)
    }
}
