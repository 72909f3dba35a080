// Base64: decoded in place for the credentials of Basic authentication, encoded for the files on a page.

/// Base64 with the standard alphabet.
///
/// RFC 4648, section 4; RFC 7617, section 2.
public enum Base64 {
    /// Decodes all of `bytes` in place.
    ///
    /// Padding may be missing, but not incomplete; spare bits must be zero, so each value has one spelling (two with
    /// padding). What lies behind the decoded bytes is left over from the encoded ones.
    /// - Returns: how many bytes at the beginning are the decoded ones, or nil if it is not Base64. O(bytes).
    @_lifetime(bytes: copy bytes)
    public static func decode(_ bytes: inout MutableSpan<UInt8>) -> Int? {
        var count = bytes.count
        if count.isMultiple(of: 4) {
            var padding = 0
            while padding < 2, count > 0, bytes[count - 1] == .equals {
                count -= 1
                padding += 1
            }
        }
        guard count % 4 != 1 else { return nil }
        var (bits, bitCount, end) = (UInt32(0), 0, 0)
        for index in 0..<count {
            guard let value = value(of: bytes[index]) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes[end] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            end += 1
        }
        guard bits & ((1 << UInt32(bitCount)) - 1) == 0 else { return nil }
        return end
    }

    /// How many bytes `encode` writes for so many.
    public static func encodedCount(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Appends all of `bytes`, encoded, with padding. Stops the process if `output` has too little room: see
    /// `encodedCount`. O(bytes).
    @_lifetime(output: copy output)
    public static func encode(_ bytes: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        var index = 0
        while index < bytes.count {
            let count = min(bytes.count - index, 3)
            var bits = UInt32(bytes[index]) << 16
            if count > 1 { bits |= UInt32(bytes[index + 1]) << 8 }
            if count > 2 { bits |= UInt32(bytes[index + 2]) }
            output.append(digit(bits >> 18))
            output.append(digit(bits >> 12 & 63))
            output.append(count > 1 ? digit(bits >> 6 & 63) : .equals)
            output.append(count > 2 ? digit(bits & 63) : .equals)
            index += 3
        }
    }

    /// The digit of a value below 64. No table, whose lines in the cache would tell of the content.
    private static func digit(_ value: UInt32) -> UInt8 {
        var digit = value + 0x41
        if value > 25 { digit += 6 }
        if value > 51 { digit -= 75 }
        if value > 61 { digit -= 15 }
        if value > 62 { digit += 3 }
        return UInt8(truncatingIfNeeded: digit)
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case .plus: 62
        case .slash: 63
        default: nil
        }
    }
}
