// One stretch of hours on some days of the week, in a zone, in the eight bytes in which it is kept.

/// Hours of the day on days of the week. The clock on the wall of the zone decides: a moment is inside if the time it shows then is.
///
/// So hours that a change of the clocks leaves out do not come on that day, and those that it repeats come twice. Hours over
/// midnight belong to the day on which they begin.
struct TimeWindow: Equatable, Sendable {
    /// From the lowest bit: 7 bits of days from Monday on, 11 of the minute in which it begins, 11 of how many minutes it has, 16
    /// where in the table the zone's name is, 16 where the line of its rule is. 0 is no window.
    let bits: UInt64

    static let none = TimeWindow(bits: 0)

    /// A window.
    ///
    /// - Parameters:
    ///   - days: a bit for each day, Monday's the lowest.
    ///   - start: minutes after midnight, 0 to 1439.
    ///   - length: minutes, 1 to 1440.
    init(days: UInt8, start: Int, length: Int, zone: ZoneTable.Zone) {
        bits =
            UInt64(days & 127) | UInt64(start & 2047) << 7 | UInt64(length & 2047) << 18 | UInt64(zone.name) << 29
            | UInt64(zone.line) << 45
    }

    /// The window that this process kept as eight bytes.
    init(bits: UInt64) { self.bits = bits }

    /// The window that was kept as eight bytes; nil if they are not one.
    init?(kept bits: UInt64) {
        let window = TimeWindow(bits: bits)
        guard window.days != 0, window.start < 1440, (1...1440).contains(window.length), bits >> 61 == 0,
            Int(window.zone.line) < Int(window.zone.name), Int(window.zone.name) < ZoneTable.bytes.count,
            ZoneTable.find(ZoneTable.word(at: window.zone.name)) == window.zone
        else { return nil }
        self = window
    }

    var days: UInt8 { UInt8(bits & 127) }
    var start: Int64 { Int64(bits >> 7 & 2047) }
    var length: Int64 { Int64(bits >> 18 & 2047) }
    var zone: ZoneTable.Zone {
        ZoneTable.Zone(
            name: UInt16(truncatingIfNeeded: bits >> 29), line: UInt16(truncatingIfNeeded: bits >> 45))
    }

    /// Whether the window is open, and until when that surely lasts: the clocks may be changed before it would end, and then
    /// the question has to be asked anew.
    struct State {
        var isOpen: Bool
        /// Seconds since 1970. For a closed window the moment at which it opens next.
        var until: Int64
    }

    /// What is at a moment, in seconds since 1970. O(1), and nothing is allocated.
    func state(at moment: Int64) -> State {
        // Every window that can be made has a zone of the table, and scripts/zones makes no line without a rule.
        guard let rule = TimeZoneRule(line: zone.line) else { return State(isOpen: false, until: .max) }
        var from = moment
        // Between two changes of the clocks a day has 24 hours. A week without a change has every hour of the week; zones do not
        // change their clocks twice in every week.
        for _ in 0..<64 {
            let offset = rule.offset(at: from)
            let change = rule.nextChange(after: from) ?? .max
            if let end = end(local: from + offset) {
                return from == moment
                    ? State(isOpen: true, until: min(end - offset, change)) : State(isOpen: false, until: from)
            }
            let opening = opening(afterLocal: from + offset) - offset
            if opening < change { return State(isOpen: false, until: opening) }
            from = change
        }
        return State(isOpen: false, until: .max)
    }

    /// Whether the window is open at a moment, in seconds since 1970.
    func isOpen(at moment: Int64, _ zones: inout ZoneClock) -> Bool {
        guard let offset = zones.offset(of: zone.line, at: moment) else { return false }
        return end(local: moment + offset) != nil
    }

    /// When the window ends that is open at a time, both by the clock on the wall; nil if it is not open then.
    private func end(local: Int64) -> Int64? {
        let day = CivilDay.floorDivide(local, 86_400)
        for day in day - 1...day where isOn(day) {
            let begin = day * 86_400 + start * 60
            if local >= begin, local < begin + length * 60 { return begin + length * 60 }
        }
        return nil
    }

    /// When a window opens that is closed at a time, both by the clock on the wall.
    private func opening(afterLocal local: Int64) -> Int64 {
        var day = CivilDay.floorDivide(local, 86_400)
        // At least one day of the week is the window's.
        while !isOn(day) || day * 86_400 + start * 60 < local { day += 1 }
        return day * 86_400 + start * 60
    }

    private func isOn(_ day: Int64) -> Bool { days >> UInt8(CivilDay.weekday(of: day)) & 1 == 1 }
}

extension TimeWindow: CustomStringConvertible {
    static let dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// As it may be written: `Mon-Fri 09:00-17:00 Europe/Amsterdam`.
    var description: String {
        var groups: [String] = []
        var day = 0
        while day < 7 {
            var last = day
            while last < 7, days >> UInt8(last) & 1 == 1 { last += 1 }
            switch last - day {
            case 0: break
            case 1: groups.append(Self.dayNames[day])
            default: groups.append("\(Self.dayNames[day])-\(Self.dayNames[last - 1])")
            }
            day = max(last, day + 1)
        }
        let end = start + length
        let name = ZoneTable.string(ZoneTable.word(at: zone.name))
        return
            "\(groups.joined(separator: ",")) \(Self.clock(start))-\(Self.clock(end > 1440 ? end - 1440 : end)) \(name)"
    }

    private static func clock(_ minutes: Int64) -> String {
        "\(minutes / 600)\(minutes / 60 % 10):\(minutes % 60 / 10)\(minutes % 10)"
    }
}
