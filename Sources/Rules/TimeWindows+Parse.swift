// Hours as people write them: `Mon-Fri 09:00-17:00 Europe/Amsterdam; Sat 10:00-12:00`.

/// What is wrong with a text of hours.
public enum HoursFault: Error, Equatable, Sendable {
    /// There is no window in it.
    case empty
    /// It is longer than 512 bytes.
    case tooLong
    /// It has more than 8 windows.
    case tooMany
    /// A window is not days, hours and a zone.
    case malformed
    /// A day is none of the seven.
    case unknownDay
    /// A time is not one from 00:00 to 24:00.
    case badTime
    /// A window ends when it begins.
    case noLength
    /// A zone is not in the table.
    case unknownZone

    /// What is allowed instead, as the end of a sentence that begins with "has to be".
    public var allowed: String {
        switch self {
        case .empty, .malformed:
            "days, hours and a time zone, such as Mon-Fri 09:00-17:00 Europe/Amsterdam; days may be left out for every day, the zone for UTC"
        case .tooLong: "at most \(TimeWindows.maximumText) characters"
        case .tooMany: "at most \(TimeWindows.maximumCount) windows, with semicolons between them"
        case .unknownDay: "of days Mon, Tue, Wed, Thu, Fri, Sat and Sun, as a list Mon,Wed or a range Fri-Mon"
        case .badTime: "of hours from 00:00 to 24:00, such as 09:00-17:00, or 22:00-06:00 over midnight"
        case .noLength: "of hours with an end that is not their beginning; a whole day is 00:00-24:00"
        case .unknownZone: "in a time zone of tzdata \(ZoneTable.version), such as Europe/Amsterdam or UTC"
        }
    }
}

extension TimeWindows {
    /// Reads windows with semicolons between them.
    ///
    /// A window is days, hours and a zone with spaces between them. Days are names of three letters in either case, as a list
    /// `Mon,Wed` and in ranges, which may go over the week's end, `Fri-Mon`; without them it is every day. Hours are
    /// `09:00-17:00`; those that end before they begin go over midnight. Zones are those of the table; without one it is UTC.
    public init(parsing text: Span<UInt8>) throws(HoursFault) {
        self.init()
        try add(parsing: text)
    }

    /// Reads further windows. After a fault those before it may have been added.
    public mutating func add(parsing text: Span<UInt8>) throws(HoursFault) {
        guard text.count <= Self.maximumText else { throw .tooLong }
        let before = count
        var start = 0
        for index in 0...text.count where index == text.count || text[index] == UInt8(ascii: ";") {
            if let window = try TimeWindow(parsing: text.extracting(start..<index)), !append(window) { throw .tooMany }
            start = index + 1
        }
        guard count > before else { throw .empty }
    }
}

extension TimeWindow {
    /// Reads one window; nil if there are but spaces.
    fileprivate init?(parsing text: Span<UInt8>) throws(HoursFault) {
        var rest = text
        var word = Self.takeWord(&rest)
        guard !word.isEmpty else { return nil }
        var days: UInt8 = 127
        if !Self.isHours(word) {
            days = try Self.days(word)
            word = Self.takeWord(&rest)
        }
        guard !word.isEmpty else { throw .malformed }
        let (start, length) = try Self.hours(word)
        word = Self.takeWord(&rest)
        let zone = word.isEmpty ? ZoneTable.Zone.utc : ZoneTable.find(word)
        guard let zone else { throw .unknownZone }
        guard Self.takeWord(&rest).isEmpty else { throw .malformed }
        self.init(days: days, start: start, length: length, zone: zone)
    }

    /// Takes what is before the next space.
    @_lifetime(copy text)
    @_lifetime(text: copy text)
    private static func takeWord(_ text: inout Span<UInt8>) -> Span<UInt8> {
        var start = 0
        while start < text.count, text[start] == UInt8(ascii: " ") { start += 1 }
        var end = start
        while end < text.count, text[end] != UInt8(ascii: " ") { end += 1 }
        let word = text.extracting(start..<end)
        text = text.extracting(end..<text.count)
        return word
    }

    private static func isHours(_ word: Span<UInt8>) -> Bool {
        word.indices.contains { word[$0] == UInt8(ascii: ":") } || TextScanner(word).isAtDigit
    }

    /// `Mon,Wed-Fri` as bits, Monday's the lowest.
    private static func days(_ word: Span<UInt8>) throws(HoursFault) -> UInt8 {
        var scanner = TextScanner(word)
        var days: UInt8 = 0
        repeat {
            var day = try day(&scanner)
            let last = scanner.skip("-") ? try Self.day(&scanner) : day
            days |= 1 << day
            while day != last {
                day = (day + 1) % 7
                days |= 1 << day
            }
        } while scanner.skip(",")
        guard scanner.isAtEnd else { throw .unknownDay }
        return days
    }

    /// A day's name, as 0 for Monday to 6.
    private static func day(_ scanner: inout TextScanner) throws(HoursFault) -> UInt8 {
        let letters = (scanner.take() | 0x20, scanner.take() | 0x20, scanner.take() | 0x20)
        for (index, name) in dayNames.enumerated() {
            let bytes = name.utf8Span.span
            if letters == (bytes[0] | 0x20, bytes[1], bytes[2]) { return UInt8(index) }
        }
        throw .unknownDay
    }

    /// `09:00-17:00` as the minute in which it begins and how many minutes it has.
    private static func hours(_ word: Span<UInt8>) throws(HoursFault) -> (start: Int, length: Int) {
        var scanner = TextScanner(word)
        let start = try time(&scanner)
        guard scanner.skip("-") else { throw .badTime }
        let end = try time(&scanner)
        guard scanner.isAtEnd, start < 1440 else { throw .badTime }
        guard end != start else { throw .noLength }
        return (start, end > start ? end - start : end + 1440 - start)
    }

    /// `9:00` or `09:00` in minutes, up to 24:00.
    private static func time(_ scanner: inout TextScanner) throws(HoursFault) -> Int {
        guard let hours = scanner.integer(upTo: 24), scanner.skip(":"), let minutes = scanner.digits(2), minutes < 60,
            hours * 60 + Int(minutes) <= 1440
        else { throw .badTime }
        return hours * 60 + Int(minutes)
    }
}
