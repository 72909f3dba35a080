// How far zones are from UTC, for hours that are asked about once: those of secrets.

/// Remembers the offset of a few zones for as long as it holds, so that asking again costs comparisons: a zone's rule is a text, and
/// reading it takes longer than all the rest of asking for hours.
public struct ZoneClock: Sendable {
    private struct Answer {
        /// Where in the table the zone's rule is.
        var line: UInt16 = 0
        /// The moments between which it holds, in seconds since 1970.
        var from = Int64.max
        var until = Int64.min
        var offset: Int64 = 0
    }

    private static var size: Int { 8 }
    private var answers: [8 of Answer] = .init(repeating: Answer())

    /// A clock that was asked nothing yet.
    public init() {}

    /// Seconds east of UTC of the zone whose rule is at a line of the table; nil if there is none. Moments may go back.
    mutating func offset(of line: UInt16, at moment: Int64) -> Int64? {
        let place = Int(line) % Self.size
        let known = answers[place]
        if known.line == line, moment >= known.from, moment < known.until { return known.offset }
        guard let rule = TimeZoneRule(line: line) else { return nil }
        let offset = rule.offset(at: moment)
        answers[place] = Answer(
            line: line, from: moment, until: rule.nextChange(after: moment) ?? .max, offset: offset)
        return offset
    }
}
