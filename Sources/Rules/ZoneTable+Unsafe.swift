// Where a time zone's name and rule are in the table that the executable carries.
internal import Synchronization

/// The time zones of the IANA Time Zone Database. They are part of the executable, for an image from scratch has no files of them.
///
/// A place in the table holds as long as the process lives.
public enum ZoneTable {
    /// A zone, by where its name and the line of its rule begin.
    struct Zone: Equatable {
        let name: UInt16
        let line: UInt16

        /// The zone without offset, which every table has.
        static var utc: Zone? { ZoneTable.find("UTC".utf8Span.span) }
    }

    /// All of the table.
    static var bytes: Span<UInt8> {
        @_lifetime(immortal)
        get {
            // Unsafe: a literal's bytes live as long as the process, and it says how many they are.
            let bytes = unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
            return unsafe _overrideLifetime(bytes, borrowing: ())
        }
    }

    /// The zone that was found last, its name's place in the upper half; 0 before the first one, for a line begins with its rule.
    private static let last = Atomic<UInt32>(0)

    /// Finds a zone by its name, in either case. O(size of the table) where it is not the one that was found last: for when rules are
    /// made, not for when they are applied.
    static func find(_ name: Span<UInt8>) -> Zone? {
        let known = last.load(ordering: .relaxed)
        if known != 0 {
            let word = word(at: UInt16(known >> 16))
            if word.count == name.count, isSame(word, name) {
                return Zone(name: UInt16(known >> 16), line: UInt16(truncatingIfNeeded: known))
            }
        }
        guard let zone = search(name) else { return nil }
        last.store(UInt32(zone.name) << 16 | UInt32(zone.line), ordering: .relaxed)
        return zone
    }

    private static func search(_ name: Span<UInt8>) -> Zone? {
        let bytes = bytes
        var line = 0
        var start = 0
        for index in 0...bytes.count {
            let isEnd = index == bytes.count || bytes[index] == UInt8(ascii: "\n")
            guard isEnd || bytes[index] == UInt8(ascii: " ") else { continue }
            // What a line begins with is its rule.
            if start > line, index - start == name.count, isSame(bytes.extracting(start..<index), name) {
                return Zone(name: UInt16(start), line: UInt16(line))
            }
            start = index + 1
            if isEnd { line = start }
        }
        return nil
    }

    /// Everything from a place on, up to the end of its word.
    @_lifetime(immortal)
    static func word(at place: UInt16) -> Span<UInt8> {
        let bytes = bytes
        var end = Int(place)
        while end < bytes.count, bytes[end] != UInt8(ascii: " "), bytes[end] != UInt8(ascii: "\n") { end += 1 }
        return bytes.extracting(min(Int(place), end)..<end)
    }

    /// Every zone's name, in the table's order.
    public static var names: [String] {
        var names: [String] = []
        let bytes = bytes
        var start = 0
        while start < bytes.count {
            let word = word(at: UInt16(start))
            if start > 0, bytes[start - 1] == UInt8(ascii: " ") { names.append(string(word)) }
            start += word.count + 1
        }
        return names
    }

    static func string(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    private static func isSame(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        for index in one.indices where lowercased(one[index]) != lowercased(other[index]) { return false }
        return true
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
