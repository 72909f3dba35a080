// A time zone's offset from UTC: by a rule that holds for every year, and by a list where no rule says it.

/// How far the clocks of a zone are from UTC, and when they change.
///
/// Holds from 2026 on. Earlier moments are read by the same rule, which a zone need not have had then.
public struct TimeZoneRule: Equatable, Sendable {
    /// A day of every year and a time on it, by the clocks before the change.
    struct YearlyChange: Equatable {
        enum Day: Equatable {
            /// 1 to 365; 29 February is never counted.
            case julian(Int16)
            /// 0 to 365; 29 February is counted.
            case ordinal(Int16)
            /// The week 1 to 5 in which a weekday comes in a month, 5 for the last one; Sunday is 0.
            case weekday(Int8, week: Int8, month: Int8)
        }

        let day: Day
        /// Seconds after that day's midnight, from -167 to 167 hours.
        let time: Int32

        /// When it is, in seconds since 1970 by the clocks before the change.
        func local(year: Int64) -> Int64 {
            let first = CivilDay.number(year: year, month: 1, day: 1)
            let number: Int64
            switch day {
            case .julian(let day): number = first + Int64(day) - (day < 60 || !CivilDay.isLeap(year) ? 1 : 0)
            case .ordinal(let day): number = first + Int64(day)
            case .weekday(let weekday, let week, let month):
                let start = CivilDay.number(year: year, month: Int64(month), day: 1)
                // The table of the calendar begins a week on Monday, POSIX on Sunday.
                let ahead = (Int64(weekday) + 13 - Int64(CivilDay.weekday(of: start))) % 7
                var date = ahead + 7 * (Int64(week) - 1)
                if date >= CivilDay.length(ofMonth: Int64(month), year: year) { date -= 7 }
                number = start + date
            }
            return number * 86_400 + Int64(time)
        }
    }

    /// Seconds east of UTC, and those while daylight saving time is in force.
    let standard: Int32
    let daylight: Int32
    /// When daylight saving time begins and ends each year; nil where the clocks are never changed.
    let begins: YearlyChange?
    let ends: YearlyChange?
    /// Where in the table a list of changes is that comes before the rule; nil where there is none.
    let list: ZoneList?

    /// A rule without changes.
    ///
    /// - Parameter offset: seconds east of UTC.
    init(offset: Int32) {
        (standard, daylight, begins, ends, list) = (offset, offset, nil, nil, nil)
    }

    init(standard: Int32, daylight: Int32, begins: YearlyChange, ends: YearlyChange, list: ZoneList?) {
        (self.standard, self.daylight, self.begins, self.ends, self.list) = (standard, daylight, begins, ends, list)
    }

    /// The same rule behind a list of changes.
    init(_ rule: TimeZoneRule, after list: ZoneList) {
        (standard, daylight, begins, ends) = (rule.standard, rule.daylight, rule.begins, rule.ends)
        self.list = list
    }

    /// Seconds east of UTC at a moment, which is in seconds since 1970.
    public func offset(at moment: Int64) -> Int64 {
        if let list, let offset = list.find(moment).offset { return offset }
        guard let begins, let ends else { return Int64(standard) }
        // A change may be days away from the year that names it, and which of the two comes first is the hemisphere's business: the
        // last change before the moment decides.
        let year = CivilDay.year(of: CivilDay.floorDivide(moment + Int64(standard), 86_400))
        var last = Int64.min
        var isDaylight = false
        for year in year - 1...year + 1 {
            let begin = begins.local(year: year) - Int64(standard)
            let end = ends.local(year: year) - Int64(daylight)
            if begin <= moment, begin >= last { (last, isDaylight) = (begin, true) }
            if end <= moment, end >= last { (last, isDaylight) = (end, false) }
        }
        return Int64(isDaylight ? daylight : standard)
    }

    /// The first moment after another at which the clocks may be changed; nil where they never are. Both in seconds since 1970.
    public func nextChange(after moment: Int64) -> Int64? {
        if let list, let next = list.find(moment).next { return next }
        guard let begins, let ends else { return nil }
        let year = CivilDay.year(of: CivilDay.floorDivide(moment + Int64(standard), 86_400))
        var next = Int64.max
        for year in year - 1...year + 2 {
            let begin = begins.local(year: year) - Int64(standard)
            let end = ends.local(year: year) - Int64(daylight)
            if begin > moment { next = min(next, begin) }
            if end > moment { next = min(next, end) }
        }
        return next
    }
}

/// A list of changes in the table of zones: `@BEFORE,AFTER,HOUR,HOURS...`. Between the two offsets, in minutes, the clocks go back and
/// forth, the first time in the hour that is counted from 1970, and each time after so many hours later.
struct ZoneList: Equatable {
    /// Where its first digit is.
    let place: UInt16

    /// What a list says of a moment.
    ///
    /// - Returns: the offset then, nil from the last change on; and the first change after it, nil if there is none.
    func find(_ moment: Int64) -> (offset: Int64?, next: Int64?) {
        var scanner = TextScanner(ZoneTable.bytes, from: Int(place))
        guard let before = scanner.integer(upTo: 900), scanner.skip(","), let after = scanner.integer(upTo: 900)
        else { return (nil, nil) }
        var time: Int64 = 0
        var count = 0
        while scanner.skip(","), let hours = scanner.integer(upTo: 10_000_000) {
            time += Int64(hours) * 3600
            if moment < time { return (Int64(count % 2 == 0 ? before : after) * 60, time) }
            count += 1
        }
        return (nil, nil)
    }
}
