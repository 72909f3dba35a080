// What operators and senders write as rules: lines of keys, hours, moments. What is read is written, and read again as the same.

import Kernel
import Rules

/// Key files.
@Sendable func fuzzKeyFile(_ raw: [UInt8]) {
    var fault: KeyFileFault?
    do throws(KeyFileFault) {
        let lines = try KeyFile.parse(raw)
        for separator in ["\n", ";", "\r\n", "\n# x\n"] {
            let text = lines.map(\.text).joined(separator: separator)
            expect((try? KeyFile.parse(Array(text.utf8))) == lines, "lines of keys are not themselves again", text)
        }
        for line in lines {
            expect((1...KeyFields.nameLimit).contains(line.name.utf8.count), "a name of another length")
            expect(line.caps.networks.count <= KeyFields.networkLimit, "more networks than may be")
        }
        let book = KeyBook(lines)
        for line in lines { expect(book.find(line.id)?.name == line.name, "a key is not found") }
        expect(book.replaceLines(lines) == (lines.count, 0), "the same file anew removes keys")
    } catch {
        fault = error
    }
    if let fault {
        let count = raw.count { $0 == 10 || $0 == 0x3b } + 1
        expect((1...count).contains(fault.line ?? 1), "a fault on a line that there is not")
    }
}

/// Hours, at moments that follow from the text.
@Sendable func fuzzHours(_ raw: [UInt8]) {
    var found: TimeWindows?
    inExactMemory(raw) { bytes in found = try? TimeWindows(parsing: bytes.span) }
    guard let windows = found else { return }
    expect((1...TimeWindows.maximumCount).contains(windows.count), "more windows than may be, or none")
    let text = windows.description
    // Eight windows may be said shorter than they are written.
    if text.utf8.count <= TimeWindows.maximumText {
        expect((try? TimeWindows(parsing: text.utf8Span.span)) == windows, "hours are not themselves again", text)
    }
    let kept = (0..<windows.count).map { windows.kept($0) }
    expect(TimeWindows(kept: kept.span) == windows, "hours that were kept are others", text)

    var random = Splits(raw)
    var clock = HoursClock(windows)
    for _ in 0..<8 {
        // From 2026 to 2100.
        let moment = Int64(1_767_225_600 + random.next(upTo: 2_335_219_200))
        let isOpen = windows.isOpen(at: moment)
        expect(clock.isOpen(at: moment) == isOpen, "the clock of hours says something else", "\(text) \(moment)")
        guard let next = windows.nextOpening(after: moment) else {
            finding("hours that never open", "\(text) \(moment)")
        }
        expect(next >= moment && (next == moment) == isOpen, "an opening in the past", "\(text) \(moment) \(next)")
        expect(windows.isOpen(at: next), "closed when it opens", "\(text) \(moment) \(next)")
        guard next > moment else { continue }
        expect(next - moment <= 60 * 86_400, "closed for longer than two months", "\(text) \(moment) \(next)")
        for between in [moment, next - 1, moment + Int64(random.next(upTo: Int(next - moment))) - 1] {
            expect(!windows.isOpen(at: between), "open before it opens", "\(text) \(moment) \(between) \(next)")
        }
    }
}

/// RFC 3339 and seconds since 1970: what is read is a moment of the form, and every moment that is written is read.
@Sendable func fuzzMoment(_ raw: [UInt8]) {
    var (timestamp, instant) = (Timestamp?.none, Instant?.none)
    inExactMemory(raw) { bytes in
        timestamp = Timestamp(parsing: bytes.span)
        instant = Instant(parsing: bytes.span)
    }
    if let timestamp {
        let text = printable(raw)
        expect(read(WallClock.timestamp(timestamp.seconds)) == timestamp.seconds, "a moment is not itself again", text)
        let form = Array("0000-00-00T00:00:00".utf8)
        let hasForm = zip(raw, form).allSatisfy { $1 == 0x30 ? 0x30...0x39 ~= $0 : $0 == $1 || $0 & 0xdf == $1 }
        expect(raw.count > 19 && hasForm, "a moment of another form", text)
        let tail = String(decoding: raw[19...].map { 65...90 ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
        let part = tail.prefix { $0 != "z" && $0 != "+" && $0 != "-" }
        let zone = tail[part.endIndex...]
        expect(part.isEmpty || (part.hasPrefix(".") && part.count > 1), "another part of a second", text)
        expect(part.contains { "123456789".contains($0) } == timestamp.hasFraction, "a part of a second, or none", text)
        expect(zone == "z" || (zone.utf8.count == 6 && zone.dropFirst(3).hasPrefix(":")), "another offset", text)
        let rounded = timestamp.seconds + (timestamp.hasFraction ? 1 : 0)
        expect(instant?.seconds == rounded || rounded > 253_402_300_799, "another instant", text)
    } else if let instant {
        let text = String(decoding: raw, as: UTF8.self)
        expect(Int64(text) == instant.seconds, "an instant that is neither a moment nor a number", text)
    }

    var random = Splits(raw)
    let seconds = Int64(random.next(upTo: 253_402_000_000)) + 100_000
    let offset = random.next(upTo: 2 * 1439 + 1) - 1440
    let local = WallClock.timestamp(min(seconds + Int64(offset) * 60, 253_402_300_799))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let zone = "\(offset < 0 ? "-" : "+")\(two(abs(offset) / 60)):\(two(abs(offset) % 60))"
    let text = local.dropLast() + (random.next(upTo: 2) == 1 ? ".000" : "") + zone
    expect(read(String(text)) == seconds, "a moment that is written is not read", "\(text) \(seconds)")
}

private func read(_ text: String) -> Int64? { Timestamp(parsing: text.utf8Span.span)?.seconds }
