// The very seconds at which hours open and close, whichever way they are asked about.

import TestRandomness
import Testing

@testable import Rules

@Suite struct WindowEdgeTests {
    /// Hours, and the stretches of time in which they are open, one after another: the first second of each, and the first second
    /// behind it. Nothing else is open between the first and the last of them.
    struct Edges: CustomTestStringConvertible {
        let hours: String
        let open: [(from: String, until: String)]
        var testDescription: String { hours }

        init(_ hours: String, _ open: (String, String)...) {
            self.hours = hours
            self.open = open
        }
    }

    private static let table = [
        Edges(
            "Mon-Fri 09:00-17:00 Europe/Amsterdam", ("2026-11-26T09:00:00+01:00", "2026-11-26T17:00:00+01:00"),
            ("2026-11-27T09:00:00+01:00", "2026-11-27T17:00:00+01:00"),
            ("2026-11-30T09:00:00+01:00", "2026-11-30T17:00:00+01:00")),
        Edges("Wed 23:59-24:00", ("2026-11-25T23:59:00Z", "2026-11-26T00:00:00Z")),
        Edges(
            "Wed-Thu 00:00-24:00 Asia/Kathmandu", ("2026-11-25T00:00:00+05:45", "2026-11-27T00:00:00+05:45")),
        // Over midnight, over the week's end, and into one's own beginning.
        Edges(
            "Sun 22:00-06:00", ("2026-11-22T22:00:00Z", "2026-11-23T06:00:00Z"),
            ("2026-11-29T22:00:00Z", "2026-11-30T06:00:00Z")),
        Edges(
            "Mon-Tue 22:00-21:59", ("2026-11-23T22:00:00Z", "2026-11-24T21:59:00Z"),
            ("2026-11-24T22:00:00Z", "2026-11-25T21:59:00Z")),
        Edges("Sat 12:00-00:00", ("2026-11-28T12:00:00Z", "2026-11-29T00:00:00Z")),
        // Two windows that touch, and one within another.
        Edges("Mon 09:00-10:00; Mon 10:00-11:00", ("2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z")),
        Edges("Mon 09:00-12:00; Mon 10:00-11:00 UTC", ("2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z")),
        Edges(
            "Mon 09:00-10:00 Europe/Amsterdam; Mon 09:00-10:00 America/New_York",
            ("2026-11-23T09:00:00+01:00", "2026-11-23T10:00:00+01:00"),
            ("2026-11-23T09:00:00-05:00", "2026-11-23T10:00:00-05:00")),
        // Amsterdam, 29 March 2026: 02:00 is 03:00; 25 October: 03:00 is 02:00 again.
        Edges(
            "Sun 01:30-03:30 Europe/Amsterdam", ("2026-03-22T01:30:00+01:00", "2026-03-22T03:30:00+01:00"),
            ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"),
            ("2026-04-05T01:30:00+02:00", "2026-04-05T03:30:00+02:00")),
        Edges(
            "02:00-03:00 Europe/Amsterdam", ("2026-03-28T02:00:00+01:00", "2026-03-28T03:00:00+01:00"),
            ("2026-03-30T02:00:00+02:00", "2026-03-30T03:00:00+02:00")),
        Edges("Sun 02:30-03:30 Europe/Amsterdam", ("2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00")),
        Edges(
            "Sun 02:00-02:30 Europe/Amsterdam", ("2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00")),
        Edges("Sun 02:00-03:00 Europe/Amsterdam", ("2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00")),
        Edges("Sat 22:00-03:00 Europe/Amsterdam", ("2026-10-24T22:00:00+02:00", "2026-10-25T03:00:00+01:00")),
        Edges("Sat 22:00-03:00 Europe/Amsterdam", ("2026-03-28T22:00:00+01:00", "2026-03-29T03:00:00+02:00")),
        // New York, 8 March: 02:00 is 03:00; 1 November: 02:00 is 01:00 again.
        Edges("Sun 02:00-04:00 America/New_York", ("2026-03-08T03:00:00-04:00", "2026-03-08T04:00:00-04:00")),
        Edges("Sat 20:00-06:00 America/New_York", ("2026-03-07T20:00:00-05:00", "2026-03-08T06:00:00-04:00")),
        Edges(
            "Sun 01:00-01:30 America/New_York", ("2026-11-01T01:00:00-04:00", "2026-11-01T01:30:00-04:00"),
            ("2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-05:00")),
        Edges("Sat 20:00-06:00 America/New_York", ("2026-10-31T20:00:00-04:00", "2026-11-01T06:00:00-05:00")),
        // Lord Howe, by half an hour: 5 April 02:00 is 01:30 again, 4 October 02:00 is 02:30.
        Edges(
            "Sun 01:30-01:45 Australia/Lord_Howe", ("2026-04-05T01:30:00+11:00", "2026-04-05T01:45:00+11:00"),
            ("2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30")),
        Edges("Sat 23:00-04:00 Australia/Lord_Howe", ("2026-04-04T23:00:00+11:00", "2026-04-05T04:00:00+10:30")),
        Edges("Sun 02:15-02:45 Australia/Lord_Howe", ("2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00")),
        Edges("Sat 23:00-04:00 Australia/Lord_Howe", ("2026-10-03T23:00:00+10:30", "2026-10-04T04:00:00+11:00")),
    ]

    /// Moments at the edges, and what is so at each: the seconds before, at and behind every opening and closing, in order.
    private func questions(_ edges: Edges) throws -> [(moment: Int64, isOpen: Bool)] {
        let stretches = try edges.open.map { (try moment($0.from), try moment($0.until)) }
        var moments: Set<Int64> = []
        for (from, until) in stretches {
            moments.formUnion([from - 1, from, from + 1, (from + until) / 2, until - 1, until, until + 1])
        }
        return moments.sorted().map { moment in (moment, stretches.contains { $0.0 <= moment && moment < $0.1 }) }
    }

    @Test(arguments: table)
    func `hours are open from their first second on, and closed from their end on`(_ edges: Edges) throws {
        let windows = try hours(edges.hours)
        for (moment, isOpen) in try questions(edges) {
            #expect(windows.isOpen(at: moment) == isOpen, "\(moment)")
            let next = try #require(windows.nextOpening(after: moment))
            #expect(windows.isOpen(at: next))
            #expect(isOpen ? next == moment : next > moment && !windows.isOpen(at: next - 1), "\(moment)")
            #expect((WindowRefusal(at: moment, server: windows) == nil) == isOpen)
        }
    }

    @Test(arguments: table)
    func `the server's hours are so as well, whatever they answered before`(_ edges: Edges) throws {
        let windows = try hours(edges.hours)
        let questions = try questions(edges)
        // Each after each, so that what is remembered is of any moment before or behind; and once more, when it is remembered.
        for before in questions {
            for (moment, isOpen) in questions {
                var clock = HoursClock(windows)
                _ = clock.isOpen(at: before.moment)
                let answers = [clock.isOpen(at: moment), clock.isOpen(at: moment), clock.isOpen(at: before.moment)]
                #expect(answers == [isOpen, isOpen, before.isOpen], "\(before.moment), \(moment)")
            }
        }
        // One clock through all of them, on and back.
        var clock = HoursClock(windows)
        for (moment, isOpen) in questions + questions.reversed() + questions {
            let answer = clock.isOpen(at: moment)
            #expect(answer == isOpen, "\(moment)")
        }
    }

    @Test func `the windows of a secret are so as well, with one memory of zones for all of them`() throws {
        var clock = ZoneClock()
        var asked: [(text: String, windows: TimeWindows, moment: Int64, isOpen: Bool)] = []
        for edges in Self.table {
            let windows = try hours(edges.hours)
            asked += try questions(edges).map { (edges.hours, windows, $0.moment, $0.isOpen) }
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3 {
            for (text, windows, moment, isOpen) in asked {
                var answer = false
                for index in 0..<windows.count {
                    answer = TimeWindows.isOpen(own: windows.kept(index), at: moment, &clock) || answer
                }
                #expect(answer == isOpen, "\(text) at \(moment)")
            }
            asked.shuffle(using: &generator)
        }
    }

    @Test func `hours that nobody asked about for years are asked anew`() throws {
        let windows = try hours("Mon-Fri 09:00-17:00 Europe/Amsterdam")
        var clock = HoursClock(windows)
        for time in [
            "2026-11-27T12:00:00+01:00", "2041-07-17T08:59:59+02:00", "2041-07-17T09:00:00+02:00",
            "2026-11-27T16:59:59+01:00", "1971-01-04T09:00:00+01:00", "2090-01-02T17:00:00+01:00",
        ] {
            let moment = try moment(time)
            let isOpen = clock.isOpen(at: moment)
            #expect(isOpen == windows.isOpen(at: moment), "\(time)")
        }
    }

    @Test func `moments at the end of time have hours as well`() throws {
        let (first, last) = (try moment("1970-01-01T00:00:00Z"), try moment("9999-12-31T23:59:59Z"))
        for name in ZoneTable.names {
            let windows = try hours("Mon-Sun 00:00-24:00 \(name)")
            var clock = HoursClock(windows)
            for moment in [last, first, last] {
                #expect(windows.isOpen(at: moment), "\(name)")
                let isOpen = clock.isOpen(at: moment)
                #expect(isOpen, "\(name)")
            }
            let rare = try hours("Tue 03:00-03:01 \(name)")
            let opening = try #require(rare.nextOpening(after: last), "\(name)")
            #expect(opening > last && opening <= last + 9 * 86_400 && rare.isOpen(at: opening), "\(name)")
        }
        let far = try #require(WindowRefusal(at: 1_800_000_000, server: try hours("Mon 09:00-10:00"), notBefore: last))
        #expect(far.rule == .notBefore)
        // The last day of the year 9999 is a Friday.
        #expect(far.opens == last + 1 + 2 * 86_400 + 9 * 3600)
        #expect(far.retryAfter(now: 1_800_000_000) == last + 1 + 2 * 86_400 + 9 * 3600 - 1_800_000_000)
    }
}
