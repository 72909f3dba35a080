// The lines of a vector file, and texts as the rules read them.

import Foundation
import Testing

@testable import Rules

/// The lines of `Vectors/<name>.txt`, which windows.py made, without the first one, which says of what tzdata.
func vectorLines(_ name: String) throws -> [[Substring]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name).txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    try #require(lines.first == "tzdata \(ZoneTable.version)", "run Vectors/windows.py after scripts/zones")
    return lines.dropFirst().map { $0.split(separator: " ") }
}

/// A zone of the table by its name.
func find(_ name: String) -> ZoneTable.Zone? { ZoneTable.find(name.utf8Span.span) }

/// The rule of a zone of the table.
func zone(_ name: String) throws -> TimeZoneRule {
    let zone = try #require(find(name), "\(name)")
    return try #require(TimeZoneRule(line: zone.line), "\(name)")
}

/// A rule as POSIX writes it.
func rule(_ text: String) -> TimeZoneRule? { TimeZoneRule(parsing: text.utf8Span.span) }

/// Windows from a text.
func hours(_ text: String) throws(HoursFault) -> TimeWindows {
    try TimeWindows(parsing: text.utf8Span.span)
}

/// Seconds since 1970, from any of the texts that say them.
func seconds(_ text: String) -> Int64? { Instant(parsing: text.utf8Span.span)?.seconds }

/// A moment, by RFC 3339.
func moment(_ text: String) throws -> Int64 { try #require(seconds(text), "\(text)") }

/// Windows from what was kept of them.
func windows(kept: [UInt64]) -> TimeWindows? { TimeWindows(kept: kept.span) }
