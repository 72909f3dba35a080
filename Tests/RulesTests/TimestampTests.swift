// Moments by RFC 3339: what is read, what they mean, and what is refused.
import Foundation
import Testing

@testable import Rules

@Suite struct TimestampTests {
    private func timestamp(_ text: String) -> Timestamp? { Timestamp(parsing: text.utf8Span.span) }

    @Test(arguments: [
        ("2026-11-27T09:00:00Z", 1_795_770_000), ("2026-11-27t10:00:00+01:00", 1_795_770_000),
        ("2026-11-27T03:30:00-05:30", 1_795_770_000), ("2026-11-27T09:00:00.000Z", 1_795_770_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799), ("1970-01-01T00:00:00Z", 0), ("2028-02-29T00:00:00z", 1_835_395_200),
        // A leap second, at the end of a day in UTC, whatever the clock on the wall shows.
        ("2026-12-31T23:59:60Z", 1_798_761_600), ("2027-01-01T00:59:60+01:00", 1_798_761_600),
    ])
    func `a moment is read from RFC 3339`(_ text: String, _ expected: Int64) {
        #expect(timestamp(text)?.seconds == expected)
        #expect(timestamp(text)?.hasFraction == false)
        #expect(seconds(text) == expected)
    }

    @Test func `a part of a second is told, and a rule never holds too early for it`() {
        #expect(timestamp("2026-11-27T08:59:59.0001z")?.seconds == 1_795_769_999)
        #expect(timestamp("2026-11-27T08:59:59.0001z")?.hasFraction == true)
        #expect(seconds("2026-11-27T08:59:59.0001z") == 1_795_770_000)
        #expect(seconds("9999-12-31T23:59:59.5Z") == nil)
    }

    @Test(arguments: [("0", 0), ("1795770000", 1_795_770_000), ("253402300799", 253_402_300_799)])
    func `rules take seconds since 1970, too`(_ text: String, _ expected: Int64) {
        #expect(seconds(text) == expected)
        #expect(timestamp(text) == nil)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "1.5", "253402300800", "99999999999999999999", "2026-11-27", "2026-11-27T09:00Z",
        "2026-11-27T09:00:00", "2026-11-27 09:00:00Z", "2026-11-27_09:00:00Z", " 2026-11-27T09:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "1970-01-01T00:00:00+01:00",
        "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "2026-1-01T00:00:00Z", "+2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00Z\0", "2026-01-01T00:00:00.00000000000000000000000000000000Z",
        // A leap second where none can be.
        "2026-11-27T08:59:60Z", "2026-12-31T23:59:60+01:00",
    ])
    func `what is no moment is refused`(_ text: String) {
        #expect(timestamp(text) == nil)
        #expect(seconds(text) == nil)
    }

    @Test func `moments are those of Foundation`() {
        let formatter = ISO8601DateFormatter()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let seconds = Int64.random(in: 86_400..<253_402_214_400, using: &generator)
            // The clock on the wall, so far east or west.
            let minutes = Int64.random(in: -1439...1439, using: &generator)
            let (hours, rest) = (abs(minutes) / 60, abs(minutes) % 60)
            let local = formatter.string(from: Date(timeIntervalSince1970: Double(seconds + minutes * 60)))
            let zone = "\(minutes < 0 ? "-" : "+")\(hours / 10)\(hours % 10):\(rest / 10)\(rest % 10)"
            let text = local.dropLast() + zone
            #expect(timestamp(String(text))?.seconds == seconds, "\(text)")
        }
    }
}
