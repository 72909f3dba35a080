// One escape sequence of a JSON string.

/// An escape in a JSON string, read: the character it stands for and its own length (RFC 8259, section 7).
struct JSONEscape {
    let scalar: UInt32
    /// Bytes of the escape itself: 2, 6, or 12 for a surrogate pair.
    let length: Int

    /// Reads the escape whose backslash is at `index`; nil if its end has not arrived.
    init?(_ bytes: Span<UInt8>, at index: Int) throws(FieldFault) {
        guard index + 1 < bytes.count else { return nil }
        switch bytes[index + 1] {
        case .quote, .backslash, .slash: self.init(UInt32(bytes[index + 1]), 2)
        case 0x62: self.init(0x08, 2)
        case 0x66: self.init(0x0C, 2)
        case 0x6E: self.init(0x0A, 2)
        case 0x72: self.init(0x0D, 2)
        case 0x74: self.init(0x09, 2)
        case 0x75:
            guard let high = try Self.unit(bytes, at: index) else { return nil }
            guard high & 0xF800 == 0xD800 else {
                self.init(high, 6)
                return
            }
            guard high < 0xDC00 else { throw .jsonLoneSurrogate }
            guard index + 6 < bytes.count else { return nil }
            guard bytes[index + 6] == .backslash else { throw .jsonLoneSurrogate }
            guard index + 7 < bytes.count else { return nil }
            guard bytes[index + 7] == 0x75 else { throw .jsonLoneSurrogate }
            guard let low = try Self.unit(bytes, at: index + 6) else { return nil }
            guard low & 0xFC00 == 0xDC00 else { throw .jsonLoneSurrogate }
            self.init(0x10000 + (high & 0x3FF) << 10 + low & 0x3FF, 12)
        default: throw .jsonMalformedEscape
        }
    }

    private init(_ scalar: UInt32, _ length: Int) {
        self.scalar = scalar
        self.length = length
    }

    /// The four hexadecimal digits of the `\u` at `index`.
    private static func unit(_ bytes: Span<UInt8>, at index: Int) throws(FieldFault) -> UInt32? {
        var value: UInt32 = 0
        for offset in 2..<6 {
            guard index + offset < bytes.count else { return nil }
            guard let digit = ByteClass.hexValue(bytes[index + offset]) else { throw .jsonMalformedEscape }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Bytes of the character in UTF-8: never more than the escape has.
    var utf8Count: Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

    /// Byte `index` of the character in UTF-8.
    func utf8(_ index: Int) -> UInt8 {
        let count = utf8Count
        let bits = UInt8(truncatingIfNeeded: scalar >> UInt32(6 * (count - 1 - index)))
        if count == 1 { return bits }
        if index > 0 { return 0x80 | (bits & 0x3F) }
        return count == 2 ? 0xC0 | (bits & 0x1F) : count == 3 ? 0xE0 | (bits & 0x0F) : 0xF0 | (bits & 0x07)
    }
}
