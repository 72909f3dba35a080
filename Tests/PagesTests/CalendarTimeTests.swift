// Dates and durations as people read them.
import Foundation
import Testing

@testable import Pages

@Suite struct CalendarTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (951_868_799, "2000-02-29T23:59:59Z"),
        (951_868_800, "2000-03-01T00:00:00Z"), (1_772_300_699, "2026-02-28T17:44:59Z"),
        (1_767_225_599, "2025-12-31T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
    ])
    func epochSecondsBecomeATimestamp(_ seconds: Int, _ timestamp: String) {
        #expect(CalendarTime(epochSeconds: seconds).timestamp == timestamp)
    }

    @Test func everyDayOfEightCenturiesAgreesWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -141_000, through: 141_000, by: 1) {
            // Foundation's calendar turns Julian before 1582; the range stays clear of that.
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let expected = calendar.dateComponents([.year, .month, .day], from: date)
            let time = CalendarTime(epochSeconds: day * 86_400)
            guard time.year == expected.year, time.month == expected.month, time.day == expected.day else {
                Issue.record("day \(day): \(time) is not \(expected)")
                return
            }
        }
    }

    @Test func aMomentIsReadableInEachLanguage() {
        let moment = CalendarTime(epochSeconds: 1_772_300_699)
        #expect(Words.english.moment(moment) == "28 February 2026, 17:44 UTC")
        #expect(Words.dutch.moment(moment) == "28 februari 2026, 17:44 UTC")
    }

    @Test(arguments: [
        (1, "1 second", "1 seconde"), (90, "90 seconds", "90 seconden"), (60, "1 minute", "1 minuut"),
        (5400, "90 minutes", "90 minuten"), (3600, "1 hour", "1 uur"), (14_400, "4 hours", "4 uur"),
        (86_400, "1 day", "1 dag"), (604_800, "7 days", "7 dagen"), (0, "0 seconds", "0 seconden"),
    ])
    func aDurationIsExact(_ seconds: Int, _ english: String, _ dutch: String) {
        #expect(Words.english.duration(seconds) == english)
        #expect(Words.dutch.duration(seconds) == dutch)
    }

    @Test(arguments: [
        (-5, "0 seconds"), (59, "59 seconds"), (119, "1 minute"), (3599, "59 minutes"), (3600, "1 hour"),
        (3661, "1 hour and 1 minute"), (86_399, "23 hours and 59 minutes"), (86_400, "1 day"),
        (180_000, "2 days and 2 hours"),
    ])
    func timeLeftHasTwoUnitsAtMost(_ seconds: Int, _ text: String) {
        #expect(Words.english.roughDuration(seconds) == text)
    }

    @Test func sizesAreRoundOnlyWhereTheyAre() {
        #expect(Words.english.size(1 << 20) == "1\u{A0}MiB")
        #expect(Words.english.size(65_536) == "64\u{A0}KiB")
        #expect(Words.english.size(10_000) == "10000 bytes")
    }
}
