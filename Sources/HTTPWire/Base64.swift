// Base64, decoded in place: for the credentials of Basic authentication.

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
