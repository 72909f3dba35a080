// Offsets of zones and when they change, against Python's zoneinfo.

import Testing

@testable import Rules

@Suite struct TimeZoneRuleTests {
    @Test func `every zone has the offset and the next change that Python's zoneinfo says`() throws {
        let lines = try vectorLines("zones")
        var names: Set<String> = []
        for line in lines {
            let numbers = line.dropFirst().compactMap { Int64($0) }
            try #require(numbers.count == 4)
            let name = String(line[0])
            let rule = try zone(name)
            names.insert(name)
            #expect(rule.offset(at: numbers[0]) == numbers[1], "\(line)")
            guard numbers[2] > 0 else { continue }
            #expect(rule.nextChange(after: numbers[0]) == numbers[2], "\(line)")
            #expect(rule.offset(at: numbers[2] - 1) == numbers[1], "\(line)")
            #expect(rule.offset(at: numbers[2]) == numbers[3], "\(line)")
        }
        #expect(names == Set(ZoneTable.names))
        #expect(names.count > 590)
    }

    @Test func `the table fits its places and is small`() {
        #expect(ZoneTable.bytes.count < 25_000)
        #expect(ZoneTable.names.allSatisfy { $0.utf8.count <= 40 })
    }

    @Test func `names are found in either case, and nothing else is`() throws {
        let amsterdam = find("Europe/Amsterdam")
        #expect(amsterdam != nil)
        #expect(find("europe/AMSTERDAM") == amsterdam)
        for name in [
            "", " ", "Europe", "Europe/Amsterda", "Europe/Amsterdamm", "CET-1CEST,M3.5.0,M10.5.0/3", "GMT0 ", "\n",
        ] {
            #expect(find(name) == nil, "\(name)")
        }
    }

    // Offsets that Python's zoneinfo gives for files which consist of the rule alone.
    @Test(arguments: [
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-15T00:00:00Z", 0),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-15T00:00:00Z", 3600),
        ("<+0330>-3:30<+0430>,J79/24,J263/24", "2028-03-20T20:29:59Z", 12600),
        ("<+0330>-3:30<+0430>,J79/24,J263/24", "2028-03-20T20:30:00Z", 16200),
        ("AAA3BBB,59/0,J300/0", "2027-03-01T02:59:59Z", -10800), ("AAA3BBB,59/0,J300/0", "2027-03-01T03:00:00Z", -7200),
        ("AAA3BBB,59/0,J300/0", "2028-02-29T03:00:00Z", -7200),
        ("AAA3BBB,J60/0,J300/0", "2028-03-01T02:59:59Z", -10800),
        ("AAA3BBB,J60/0,J300/0", "2028-03-01T03:00:00Z", -7200),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2088-03-27T00:00:00Z", 10800),
        ("XXX3EDT4,0/0,J365/23", "2026-12-31T23:30:00-04:00", -14400),
        ("XXX3EDT4,0/0,J365/23", "2027-01-01T00:30:00-04:00", -14400), ("XXX-14:59:59", "2026-05-01T00:00:00Z", 53999),
        ("AAA0BBB-2:30,M12.5.0/-167,M1.1.1/167", "2026-12-31T00:00:00Z", 9000),
    ])
    func `a rule is read as POSIX and RFC 8536 mean it`(_ text: String, _ time: String, _ offset: Int64) throws {
        let parsed = try #require(rule(text))
        let time = try moment(time)
        #expect(parsed.offset(at: time) == offset)
    }

    @Test(arguments: [
        "", "CET", "CE-1", "CET-25", "CET-1:60", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
        "<CET-1",
        "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J1", "CET-1CEST,366,1", "CET-1 ",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-99999999999999999999999", "C\u{0}T-1", "<+01>-1@60,0,1",
    ])
    func `what is no rule is refused`(_ text: String) {
        #expect(rule(text) == nil)
    }

    @Test func `days are counted as the calendar does`() {
        var number: Int64 = CivilDay.number(year: 1900, month: 1, day: 1)
        #expect(number == -25567)
        for year in 1900...2200 as ClosedRange<Int64> {
            for month in 1...12 as ClosedRange<Int64> {
                for day in 1...CivilDay.length(ofMonth: month, year: year) {
                    #expect(CivilDay.number(year: year, month: month, day: day) == number)
                    #expect(CivilDay.year(of: number) == year)
                    number += 1
                }
            }
        }
        // 2026-11-27 was a Friday, 1969-12-28 a Sunday.
        #expect(CivilDay.weekday(of: CivilDay.number(year: 2026, month: 11, day: 27)) == 4)
        #expect(CivilDay.weekday(of: -4) == 6)
    }
}
