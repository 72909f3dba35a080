// How a text becomes bits: in alphanumeric or in byte mode.

/// A text's mode and length.
struct Segment {
    /// Whether every character is of the alphabet that takes 5.5 bits each.
    let isAlphanumeric: Bool
    let count: Int

    init(for text: Span<UInt8>) {
        count = text.count
        var all = true
        for index in text.indices where Self.alphanumericValue(of: text[index]) == nil { all = false }
        isAlphanumeric = all
    }

    /// ISO/IEC 18004:2015, table 2.
    var modeIndicator: UInt32 { isAlphanumeric ? 0b0010 : 0b0100 }

    /// How many bits the length is written with. ISO/IEC 18004:2015, table 3.
    func lengthBitCount(in version: SymbolVersion) -> Int {
        if isAlphanumeric { return version.number < 10 ? 9 : 11 }
        return version.number < 10 ? 8 : 16
    }

    /// The bits of mode, length and text.
    func bitCount(in version: SymbolVersion) -> Int {
        let textBits = isAlphanumeric ? count / 2 * 11 + count % 2 * 6 : count * 8
        return 4 + lengthBitCount(in: version) + textBits
    }

    /// ISO/IEC 18004:2015, table 5.
    static func alphanumericValue(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): 10 + UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: " "): 36
        case UInt8(ascii: "$"): 37
        case UInt8(ascii: "%"): 38
        case UInt8(ascii: "*"): 39
        case UInt8(ascii: "+"): 40
        case UInt8(ascii: "-"): 41
        case UInt8(ascii: "."): 42
        case UInt8(ascii: "/"): 43
        case UInt8(ascii: ":"): 44
        default: nil
        }
    }
}

extension QRCode {
    /// Writes mode, length and text as codewords, and fills up the rest.
    @_lifetime(self: copy self)
    mutating func writeData(_ text: Span<UInt8>, as segment: Segment) {
        let start = version.moduleCount * 8
        let end = start + version.dataCount(correction) * 8
        var position = start
        put(segment.modeIndicator, bits: 4, at: &position)
        put(UInt32(segment.count), bits: segment.lengthBitCount(in: version), at: &position)
        if segment.isAlphanumeric {
            putAlphanumeric(text, at: &position)
        } else {
            for index in text.indices { put(UInt32(text[index]), bits: 8, at: &position) }
        }
        // Up to four zero bits say that this was the last segment; further ones complete the codeword.
        position += min(4, end - position)
        position = (position + 7) / 8 * 8
        var padding: UInt32 = 0xEC
        while position < end {
            put(padding, bits: 8, at: &position)
            padding ^= 0xEC ^ 0x11
        }
    }

    @_lifetime(self: copy self)
    private mutating func putAlphanumeric(_ text: Span<UInt8>, at position: inout Int) {
        var first: UInt32?
        for index in text.indices {
            guard let value = Segment.alphanumericValue(of: text[index]) else { continue }
            if let before = first {
                put(before * 45 + value, bits: 11, at: &position)
                first = nil
            } else {
                first = value
            }
        }
        if let first { put(first, bits: 6, at: &position) }
    }

    /// Writes the low bits of a value, the highest of them first, at a position counted in bits.
    @_lifetime(self: copy self)
    private mutating func put(_ value: UInt32, bits: Int, at position: inout Int) {
        for bit in stride(from: bits - 1, through: 0, by: -1) {
            memory[position >> 3] |= UInt8(truncatingIfNeeded: value >> UInt32(bit) & 1) << UInt8(7 - position & 7)
            position += 1
        }
    }
}
