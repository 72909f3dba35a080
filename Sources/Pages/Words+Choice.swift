// Which language a reader gets.

extension Words {
    /// Every language that pages can speak. Add one here and in a file of its own.
    public static let all: [Words] = [
        .english, .catalan, .danish, .german, .spanish, .french, .italian, .hungarian, .dutch, .norwegian, .polish,
        .portuguese, .romanian, .finnish, .swedish, .turkish, .czech, .greek, .bulgarian, .russian, .ukrainian, .hebrew,
        .arabic, .japanese, .chinese, .korean,
    ]

    /// How much of an Accept-Language field is looked at, in bytes; browsers send well under a hundred.
    static let longestPreference = 512

    /// The language for a reader: the one asked for by name if there is it, else the one that the browser likes best,
    /// else `fallback`.
    ///
    /// Language ranges match as in RFC 4647, section 3.4 (`nl-BE` is served by `nl`), weights count as in RFC 9110,
    /// section 12.5.4, a weight that makes no sense drops its range, and only the first 512 bytes are looked at.
    ///
    /// - Parameters:
    ///   - acceptLanguage: the value of the Accept-Language field, if there was one.
    ///   - override: a language tag from elsewhere, such as a `locale` parameter; `nl`, `nl-BE` and `nl_BE` are understood.
    ///     An unknown one counts for nothing.
    ///   - fallback: the language of the server.
    public static func choose(
        acceptLanguage: Span<UInt8>?, override: Span<UInt8>? = nil, fallback: Words = .english
    ) -> Words {
        if let override, let words = named(override) { return words }
        guard let acceptLanguage else { return fallback }

        let end = min(acceptLanguage.count, longestPreference)
        // An index, not the words themselves: those are several KiB.
        var chosen: Int?
        var chosenWeight = 0
        var start = 0
        while start < end {
            var stop = start
            while stop < end, acceptLanguage[stop] != UInt8(ascii: ",") { stop += 1 }
            let (range, weight) = preference(acceptLanguage.extracting(start..<stop))
            if weight > chosenWeight {
                let isAny = range.count == 1 && range[0] == UInt8(ascii: "*")
                let index = isAny ? nil : best(for: range)
                if isAny || index != nil { (chosen, chosenWeight) = (index, weight) }
            }
            start = stop + 1
        }
        guard let chosen else { return fallback }
        return all[chosen]
    }

    /// The language that serves a tag, if there is one; `nl`, `nl-BE` and `nl_BE` are understood.
    public static func named(_ tag: Span<UInt8>) -> Words? {
        guard let index = best(for: tag) else { return nil }
        return all[index]
    }

    /// The number among all of the language whose tag is the longest beginning of a language range that ends where a subtag ends.
    private static func best(for range: Span<UInt8>) -> Int? {
        var (found, length) = (Int?.none, 0)
        for index in all.indices {
            let tag = all[index].tag
            if tag.utf8.count > length, serves(tag, range) { (found, length) = (index, tag.utf8.count) }
        }
        return found
    }

    private static func serves(_ tag: String, _ range: Span<UInt8>) -> Bool {
        let tag = tag.utf8Span.span
        guard range.count >= tag.count else { return false }
        for index in tag.indices where lowercased(tag[index]) != lowercased(range[index]) { return false }
        guard range.count > tag.count else { return true }
        return range[tag.count] == UInt8(ascii: "-") || range[tag.count] == UInt8(ascii: "_")
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }

    /// One member of the field: its language range, and its weight in thousandths, 0 if it is excluded or malformed.
    @_lifetime(copy member)
    private static func preference(_ member: Span<UInt8>) -> (range: Span<UInt8>, weight: Int) {
        var semicolon = 0
        while semicolon < member.count, member[semicolon] != UInt8(ascii: ";") { semicolon += 1 }
        let range = trimmed(member.extracting(0..<semicolon))
        guard semicolon < member.count else { return (range, 1000) }
        return (range, weight(trimmed(member.extracting((semicolon + 1)...))) ?? 0)
    }

    /// A weight such as `q=0.8` in thousandths (RFC 9110, section 12.4.2).
    private static func weight(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 3, bytes.count <= 7, bytes[0] | 0x20 == UInt8(ascii: "q"), bytes[1] == UInt8(ascii: "=")
        else { return nil }
        var value = 0
        var unit = 1000
        for index in 2..<bytes.count {
            if index == 3 {
                guard bytes[index] == UInt8(ascii: ".") else { return nil }
                continue
            }
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value += Int(digit) * unit
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }

    @_lifetime(copy bytes)
    private static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var (start, end) = (0, bytes.count)
        while start < end, bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t") { start += 1 }
        while end > start, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") { end -= 1 }
        return bytes.extracting(start..<end)
    }
}
