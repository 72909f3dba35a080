// Hours of the day on days of the week: how they are written, when they are open, and when they open next.

import Testing

@testable import Rules

@Suite struct TimeWindowsTests {
    @Test func `10 000 random moments are open or closed, and open next, as a search with Python's zoneinfo finds`()
        throws
    {
        var windows: TimeWindows?
        var count = 0
        for line in try vectorLines("windows") {
            guard line.count == 2, let moment = Int64(line[0]), let seconds = Int64(line[1]) else {
                let text = line.joined(separator: " ")
                let parsed = try hours(text)
                windows = parsed
                let again = try hours(parsed.description)
                #expect(again == parsed, "\(text)")
                continue
            }
            let hours = try #require(windows)
            count += 1
            #expect(hours.isOpen(at: moment) == (seconds == 0), "\(hours) at \(moment)")
            #expect(hours.nextOpening(after: moment) == moment + seconds, "\(hours) at \(moment)")
        }
        #expect(count == 10_000)
    }

    // Each line: hours, a moment, and when it opens next; the same moment if it is open.
    @Test(arguments: [
        // Amsterdam, 29 March 2026: 02:00 is 03:00.
        ("Sun 02:15-02:45 Europe/Amsterdam", "2026-03-29T01:30:00+01:00", "2026-04-05T02:15:00+02:00"),
        ("Sun 02:30-05:00 Europe/Amsterdam", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"),
        ("Sat 22:00-06:00 Europe/Amsterdam", "2026-03-29T05:59:59+02:00", "2026-03-29T05:59:59+02:00"),
        ("Sat 22:00-06:00 Europe/Amsterdam", "2026-03-29T06:00:00+02:00", "2026-04-04T22:00:00+02:00"),
        // 25 October 2026: 03:00 is 02:00 again.
        ("Sun 02:15-02:45 Europe/Amsterdam", "2026-10-25T02:45:00+02:00", "2026-10-25T02:15:00+01:00"),
        ("Sun 02:15-02:45 Europe/Amsterdam", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("Sun 02:15-02:45 Europe/Amsterdam", "2026-10-25T02:45:00+01:00", "2026-11-01T02:15:00+01:00"),
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-10-23T17:00:00+02:00", "2026-10-26T09:00:00+01:00"),
        // New York, 8 March and 1 November 2026.
        ("Sun 02:00-03:00 America/New_York", "2026-03-08T01:59:59-05:00", "2026-03-15T02:00:00-04:00"),
        ("Sun 02:30-03:30 America/New_York", "2026-03-08T00:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("01:00-01:30 America/New_York", "2026-11-01T01:30:00-04:00", "2026-11-01T01:00:00-05:00"),
        ("01:00-01:30 America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-02T01:00:00-05:00"),
        // Lord Howe, half an hour: 5 April 2026 back from 02:00 to 01:30, 4 October on from 02:00 to 02:30.
        ("Sun 01:30-01:45 Australia/Lord_Howe", "2026-04-05T01:45:00+11:00", "2026-04-05T01:30:00+10:30"),
        ("Sun 01:30-01:45 Australia/Lord_Howe", "2026-04-05T01:45:00+10:30", "2026-04-12T01:30:00+10:30"),
        ("Sun 02:00-02:30 Australia/Lord_Howe", "2026-10-04T01:59:59+10:30", "2026-10-11T02:00:00+11:00"),
        ("Sun 02:10-02:40 Australia/Lord_Howe", "2026-10-04T01:59:59+10:30", "2026-10-04T02:30:00+11:00"),
        // Over midnight and over the week's end; the night belongs to the day on which it begins.
        ("Fri 22:00-06:00", "2026-11-28T05:59:59Z", "2026-11-28T05:59:59Z"),
        ("Fri 22:00-06:00", "2026-11-27T05:59:59Z", "2026-11-27T22:00:00Z"),
        ("Fri-Mon 10:00-11:00", "2026-11-24T10:30:00Z", "2026-11-27T10:00:00Z"),
        ("Fri-Mon 10:00-11:00", "2026-11-23T10:30:00Z", "2026-11-23T10:30:00Z"),
        ("Mon-Sun 00:00-24:00", "2026-11-23T23:59:59Z", "2026-11-23T23:59:59Z"),
        ("Mon 20:00-00:00; tue 9:00-10:00 utc", "2026-11-24T00:00:00Z", "2026-11-24T09:00:00Z"),
    ])
    func `the clock on the wall decides`(_ text: String, _ time: String, _ opening: String) throws {
        let hours = try hours(text)
        let time = try moment(time)
        let opening = try moment(opening)
        #expect(hours.isOpen(at: time) == (time == opening))
        #expect(hours.nextOpening(after: time) == opening)
    }

    @Test func `hours over a change of the clocks are as long as the clocks on the wall make them`() throws {
        let hours = try hours("22:00-06:00 Europe/Amsterdam")
        for (evening, expected) in [
            ("2026-03-28T21:00:00Z", 7), ("2026-10-24T20:00:00Z", 9), ("2026-12-01T21:00:00Z", 8),
        ] {
            let start = try moment(evening)
            #expect(!hours.isOpen(at: start - 1))
            let length = (0..<20).first { !hours.isOpen(at: start + Int64($0) * 3600) }
            #expect(length == expected, "\(evening)")
        }
    }

    @Test(arguments: [
        ("", HoursFault.empty), (" ; ;", .empty), ("Mon", .malformed), ("Mon-Fri", .malformed), ("Mon 09:00", .badTime),
        ("09:00-17:00 UTC please", .malformed), ("Mon Tue 09:00-17:00", .badTime), ("Mond 09:00-17:00", .unknownDay),
        ("Mon, 09:00-17:00", .unknownDay), ("Mo-Fr 09:00-17:00", .unknownDay), ("Mon-Fri 9-17", .badTime),
        ("Mon 09:00-24:01", .badTime), ("Mon 24:00-09:00", .badTime), ("Mon 09:60-10:00", .badTime),
        ("Mon 09:0-10:00", .badTime), ("Mon 09:000-10:00", .badTime), ("Mon 25:00-26:00", .badTime),
        ("Mon 09:00-17:00x", .badTime), ("09:00-09:00", .noLength), ("Mon 09:00-17:00 Europe/Amsterdm", .unknownZone),
        ("Mon 09:00-17:00 +01:00", .unknownZone), ("Mon 09:00-17:00 CET-1", .unknownZone),
        ("99999999999999999999:00-17:00", .badTime),
    ])
    func `what is not understood is refused with what is allowed`(_ text: String, _ fault: HoursFault) {
        #expect(throws: fault) { try hours(text) }
        #expect(!fault.allowed.isEmpty)
    }

    @Test func `there are eight windows at most, in texts of 512 bytes`() throws {
        let eight = Array(repeating: "Mon 09:00-10:00", count: 8).joined(separator: ";")
        let hours = try hours(eight)
        #expect(hours.count == 8)
        #expect(throws: HoursFault.tooMany) { try RulesTests.hours(eight + ";Tue 09:00-10:00") }
        #expect(throws: HoursFault.tooLong) {
            try RulesTests.hours(String(repeating: " ", count: 513))
        }
    }

    @Test func `windows are kept as eight bytes each, and bytes that are none are refused`() throws {
        let text = "Mon-Fri 09:00-17:00 Europe/Amsterdam; Sat-Sun 22:00-06:00 America/St_Johns; Mon-Sun 00:00-24:00 UTC"
        let hours = try hours(text)
        #expect("\(hours)" == text)
        let kept = (0..<hours.count).map { hours.kept($0) }
        #expect(windows(kept: kept) == hours)
        for bad in [
            [], [0], [.max], [kept[0] ^ 1 << 30], [kept[0] ^ 1 << 46], [kept[0] | 1 << 63],
            Array(repeating: kept[0], count: 9),
        ] {
            #expect(windows(kept: bad) == nil, "\(bad)")
        }
        #expect(MemoryLayout<TimeWindows>.size == 72)
    }

    @Test func `a clock of hours says what its hours say, also when time goes back`() throws {
        let windows = try hours(
            "Mon-Fri 09:00-17:00 Europe/Amsterdam; Sun 01:00-02:30 Europe/Amsterdam; 16:00-18:15 Asia/Gaza")
        var clock = HoursClock(windows)
        let start = try moment("2026-10-16T00:00:00Z")
        for step in 0..<3000 {
            // On by ten minutes, and now and then back by days.
            let moment = start + Int64(step) * 600 - (step % 97 == 0 ? 200_000 : 0)
            let isOpen = clock.isOpen(at: moment)
            #expect(isOpen == windows.isOpen(at: moment), "\(moment)")
        }
    }

    @Test func `a refusal names its rule, and says when all rules allow`() throws {
        let server = try hours("Mon-Fri 09:00-17:00 Europe/Amsterdam")
        let secret = try hours("Mon 08:00-10:00 Europe/Amsterdam")
        let tuesday = try moment("2026-11-24T12:00:00+01:00")
        #expect(WindowRefusal(at: tuesday) == nil)
        #expect(WindowRefusal(at: tuesday, server: server, notBefore: tuesday) == nil)
        let evening = try moment("2026-11-24T17:00:00+01:00")
        let closed = try #require(WindowRefusal(at: evening, server: server))
        #expect(closed.rule == .serverHours)
        #expect(closed.opens == seconds("2026-11-25T09:00:00+01:00"))
        #expect(closed.retryAfter(now: evening) == 57_600)
        let both = try #require(WindowRefusal(at: tuesday, server: server, secret: secret))
        #expect(both.rule == .secretHours)
        #expect(both.opens == seconds("2026-11-30T09:00:00+01:00"))
        let early = try #require(WindowRefusal(at: tuesday, server: server, notBefore: tuesday + 6 * 3600))
        #expect(early.rule == .notBefore)
        #expect(early.opens == seconds("2026-11-25T09:00:00+01:00"))
    }

    @Test func `hours that never meet open never`() throws {
        let server = try hours("Mon-Fri 09:00-17:00")
        let refusal = WindowRefusal(
            at: 1_800_000_000, server: server, secret: try hours("Sat 09:00-17:00; 17:00-09:00"))
        #expect(refusal?.opens == nil)
        #expect(refusal?.retryAfter(now: 1_800_000_000) == nil)
    }
}
