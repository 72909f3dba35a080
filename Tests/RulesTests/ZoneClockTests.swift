// The clock that remembers how far zones are from UTC: whatever it was asked before, it says what the zone's rule says.

import TestRandomness
import Testing

@testable import Rules

@Suite struct ZoneClockTests {
    /// The lines of all rules of the table, each once.
    private var lines: [UInt16] {
        var lines: Set<UInt16> = []
        for name in ZoneTable.names { if let zone = find(name) { lines.insert(zone.line) } }
        return lines.sorted()
    }

    /// The moments at which the clocks of a zone are changed in 2026, with the offsets before and behind; from Python's zoneinfo.
    private static let changes: [(zone: String, moment: Int64, before: Int64, behind: Int64)] = [
        ("Europe/Amsterdam", 1_774_746_000, 3600, 7200), ("Europe/Amsterdam", 1_792_890_000, 7200, 3600),
        ("America/New_York", 1_772_953_200, -18_000, -14_400), ("America/New_York", 1_793_512_800, -14_400, -18_000),
        ("Australia/Lord_Howe", 1_775_314_800, 39_600, 37_800), ("Australia/Lord_Howe", 1_791_041_400, 37_800, 39_600),
    ]

    @Test func `what was remembered before a change of the clocks is not said behind it, nor the other way round`()
        throws
    {
        for (zone, change, before, behind) in Self.changes {
            let line = try #require(find(zone)).line
            // On over the change second by second, and back; from a moment long before, and from one long behind.
            for steps in [[-1, 0, 1, 0, -1, -2], [-5_000_000, -1, 0, 5_000_000, 0, -1], [5_000_000, 0, -1, 0]]
                as [[Int64]]
            {
                var clock = ZoneClock()
                for step in steps {
                    let offset = clock.offset(of: line, at: change + step)
                    #expect(offset == (step < 0 ? before : behind), "\(zone) \(step) of \(steps)")
                }
            }
        }
    }

    @Test func `a wall clock that is set back by years finds the offsets of then`() throws {
        var clock = ZoneClock()
        let line = try #require(find("Europe/Amsterdam")).line
        let rule = try zone("Europe/Amsterdam")
        var moment = try moment("2034-01-01T00:00:00Z")
        while moment > 1_700_000_000 {
            let offset = clock.offset(of: line, at: moment)
            #expect(offset == rule.offset(at: moment), "\(moment)")
            moment -= 1_234_567
        }
    }

    @Test func `zones asked in turn have their own offsets, however many there are`() throws {
        let lines = lines
        try #require(lines.count > 90)
        var clock = ZoneClock()
        // Side by side, so that those which share a place in its memory push each other out; in the winter and the summer of both
        // hemispheres.
        for moment in [try moment("2026-01-15T12:00:00Z"), try moment("2026-07-15T12:00:00Z")] {
            let expected = lines.map { TimeZoneRule(line: $0)?.offset(at: moment) }
            for distance in 0..<16 {
                for index in lines.indices {
                    let other = (index + distance) % lines.count
                    let pair = (clock.offset(of: lines[index], at: moment), clock.offset(of: lines[other], at: moment))
                    #expect(pair.0 == expected[index] && pair.1 == expected[other], "\(lines[index]) \(lines[other])")
                }
            }
        }
    }

    @Test func `10 000 questions of random zones at random moments are answered as without a memory`() throws {
        var generator = SeededGenerator(seed: 20_261_127)
        let (lines, start, end) = (lines, try moment("2026-01-01T00:00:00Z"), try moment("2100-01-01T00:00:00Z"))
        var clock = ZoneClock()
        var asked = lines[0..<1]
        var moment = start
        for step in 0..<10_000 {
            if step % 50 == 0 {
                // Now and then other zones, a few or many, and another year.
                let first = Int.random(in: 0..<lines.count - 12, using: &generator)
                asked = lines[first..<first + Int.random(in: 1...12, using: &generator)]
                moment = Int64.random(in: start..<end, using: &generator)
            }
            moment += Int64.random(in: -2_000_000...2_000_000, using: &generator)
            let line = try #require(asked.randomElement(using: &generator))
            let offset = clock.offset(of: line, at: moment)
            #expect(offset == TimeZoneRule(line: line)?.offset(at: moment), "line \(line) at \(moment)")
        }
    }

    @Test func `a line without a rule has no offset, and takes nothing from others`() throws {
        var clock = ZoneClock()
        let line = try #require(find("Asia/Kathmandu")).line
        for _ in 0..<2 {
            let offset = clock.offset(of: line, at: 1_800_000_000)
            #expect(offset == 20_700)
            // The name in place of the rule.
            let none = clock.offset(of: try #require(find("Asia/Kathmandu")).name, at: 1_800_000_000)
            #expect(none == nil)
        }
    }

    @Test func `random windows are open by the clock's memory as they are without it`() throws {
        var generator = SeededGenerator(seed: 5)
        let names = ZoneTable.names
        var clock = ZoneClock()
        for _ in 0..<300 {
            let start = Int.random(in: 0..<1440, using: &generator)
            let zone = try #require(find(names[Int.random(in: 0..<names.count, using: &generator)]))
            let window = TimeWindow(
                days: UInt8.random(in: 1...127, using: &generator), start: start,
                length: Int.random(in: 1...1440, using: &generator), zone: zone)
            var moment = Int64.random(in: 1_767_225_600..<2_000_000_000, using: &generator)
            for _ in 0..<10 {
                let isOpen = TimeWindows.isOpen(own: window.bits, at: moment, &clock)
                #expect(isOpen == window.state(at: moment).isOpen, "\(window) at \(moment)")
                // Where it opens or ends, to the second, and some time further.
                let until = window.state(at: moment).until
                for edge in [until - 1, until] {
                    let isOpen = TimeWindows.isOpen(own: window.bits, at: edge, &clock)
                    #expect(isOpen == window.state(at: edge).isOpen, "\(window) at \(edge)")
                }
                moment = until + Int64.random(in: -500_000...500_000, using: &generator)
            }
        }
    }
}
