// Scanning eight bytes at a time. The unsafe part is the unaligned load of a word, which checks its bounds;
// the arithmetic is "determine if a word has a byte less than n" (Bit Twiddling Hacks): the lowest marked
// byte is exact, higher marks may be false, so only the lowest is used.

/// Eight bytes as one little-endian word, with tests over all of them at once.
struct ByteWord {
    let bits: UInt64

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    init(_ bits: UInt64) { self.bits = bits }

    /// Marks bytes below `limit`, which is at most 128.
    @inline(__always)
    func less(than limit: UInt8) -> UInt64 {
        (bits &- Self.ones &* UInt64(limit)) & ~bits & Self.highs
    }

    /// Marks bytes equal to `byte`.
    @inline(__always)
    func equal(to byte: UInt8) -> UInt64 {
        let difference = bits ^ (Self.ones &* UInt64(byte))
        return (difference &- Self.ones) & ~difference & Self.highs
    }

    /// Marks bytes above 127.
    @inline(__always)
    var nonASCII: UInt64 { bits & Self.highs }

    /// Which of the eight bytes is the lowest marked one.
    @inline(__always)
    static func firstIndex(_ marks: UInt64) -> Int { marks.trailingZeroBitCount >> 3 }
}

extension Span<UInt8> {
    /// The eight bytes from `offset` on. Stops the process if there are fewer.
    @inline(__always)
    func word(at offset: Int) -> ByteWord {
        // Unsafe: reinterprets bytes as an integer, for which every bit pattern is valid; bounds are checked.
        ByteWord(UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }

    /// The first control character (below 0x20, or 0x7F) in `from..<to`, or `to`.
    @inline(__always)
    func firstControl(from: Int, to: Int) -> Int {
        var index = from
        while to - index >= 8 {
            let word = word(at: index)
            let marks = word.less(than: 0x20) | word.equal(to: .delete)
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < to, self[index] >= 0x20, self[index] != .delete { index += 1 }
        return index
    }

    /// The first byte in `from..<to` that is not a visible ASCII character (0x21 to 0x7E), or `to`.
    @inline(__always)
    func firstNonGraphic(from: Int, to: Int) -> Int {
        var index = from
        while to - index >= 8 {
            let word = word(at: index)
            let marks = word.less(than: 0x21) | word.equal(to: .delete) | word.nonASCII
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < to, self[index] &- 0x21 < 0x5E { index += 1 }
        return index
    }

    /// The first `byte` in `from..<to`, or `to`.
    @inline(__always)
    func first(_ byte: UInt8, from: Int, to: Int) -> Int {
        var index = from
        while to - index >= 8 {
            let marks = word(at: index).equal(to: byte)
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < to, self[index] != byte { index += 1 }
        return index
    }

    /// The first of three bytes in `from..<to`, or `to`.
    @inline(__always)
    func first(of one: UInt8, _ two: UInt8, _ three: UInt8, from: Int, to: Int) -> Int {
        var index = from
        while to - index >= 8 {
            let word = word(at: index)
            let marks = word.equal(to: one) | word.equal(to: two) | word.equal(to: three)
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < to {
            let byte = self[index]
            if byte == one || byte == two || byte == three { return index }
            index += 1
        }
        return index
    }

    /// The first byte in `from..<to` that a JSON string can't hold as it is (quote, backslash, below 0x20), or `to`.
    @inline(__always)
    func firstJSONSpecial(from: Int, to: Int) -> Int {
        var index = from
        while to - index >= 8 {
            let word = word(at: index)
            let marks = word.less(than: 0x20) | word.equal(to: .quote) | word.equal(to: .backslash)
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < to, self[index] >= 0x20, self[index] != .quote, self[index] != .backslash { index += 1 }
        return index
    }

    /// The first byte above 127 from `from` on, or the count.
    @inline(__always)
    func firstNonASCII(from: Int) -> Int {
        var index = from
        while count - index >= 8 {
            let marks = word(at: index).nonASCII
            if marks != 0 { return index + ByteWord.firstIndex(marks) }
            index += 8
        }
        while index < count, self[index] < 0x80 { index += 1 }
        return index
    }

    /// True if `lower..<upper` equals `text`, which is lower-case ASCII, when letters are compared without case.
    @inline(__always)
    func matches(_ text: StaticString, _ lower: Int, _ upper: Int) -> Bool {
        guard text.hasPointerRepresentation, upper - lower == text.utf8CodeUnitCount else { return false }
        // Unsafe: a literal's bytes live as long as the process; the index stays below their count.
        let expected = unsafe text.utf8Start
        var index = 0
        while index < text.utf8CodeUnitCount {
            guard unsafe ByteClass.lowercased(self[lower + index]) == expected[index] else { return false }
            index += 1
        }
        return true
    }

    /// As `matches`, for bytes known to be token characters and a text of letters and dashes: setting bit 5
    /// folds case, and no token character becomes a letter or a dash by it that wasn't one.
    @inline(__always)
    func matchesToken(_ text: StaticString, _ lower: Int, _ upper: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard length >= 8 else { return matches(text, lower, upper) }
        guard text.hasPointerRepresentation, upper - lower == length else { return false }
        // Unsafe: as above. The last two words overlap; all offsets stay at least eight below the length.
        let expected = unsafe UnsafeRawPointer(text.utf8Start)
        let caseBits: UInt64 = 0x2020_2020_2020_2020
        var offset = 0
        while true {
            let wanted = unsafe UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            guard word(at: lower + offset).bits | caseBits == wanted else { return false }
            guard offset < length - 8 else { return true }
            offset = min(offset + 8, length - 8)
        }
    }

    /// True if `lower..<upper` equals `text`, case and all.
    @inline(__always)
    func equals(_ text: StaticString, _ lower: Int, _ upper: Int) -> Bool {
        upper - lower == text.utf8CodeUnitCount && equalsPrefix(of: text, lower, upper)
    }

    /// True if `text` begins with `lower..<upper`.
    @inline(__always)
    func equalsPrefix(of text: StaticString, _ lower: Int, _ upper: Int) -> Bool {
        guard text.hasPointerRepresentation, upper - lower <= text.utf8CodeUnitCount else { return false }
        // Unsafe: as above.
        let expected = unsafe text.utf8Start
        var index = lower
        while index < upper {
            guard unsafe self[index] == expected[index - lower] else { return false }
            index += 1
        }
        return true
    }

    /// `matches` over the whole span.
    @inline(__always)
    func matches(_ text: StaticString) -> Bool { matches(text, 0, count) }
}
