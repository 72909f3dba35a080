// Base64url: how keys and proofs are written, without steps that depend on them.
internal import SecureMemory

/// Base64 with the alphabet for addresses and without padding (RFC 4648, section 5).
///
/// What is written is secret. So characters are computed, not looked up: no address and no branch depends on them.
enum Base64URL {
    /// The number of characters that so many bytes take.
    static func encodedCount(_ byteCount: Int) -> Int { (byteCount * 4 + 2) / 3 }

    /// Appends the characters for bytes.
    static func encode(_ bytes: Span<UInt8>, into output: inout SecureBytes) throws(SealingError) {
        guard output.freeCapacity >= encodedCount(bytes.count) else { throw .arenaFull }
        var (bits, bitCount) = (UInt32(0), 0)
        for index in bytes.indices {
            bits = bits << 8 | UInt32(bytes[index])
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                output.append(character(for: bits >> UInt32(bitCount)))
            }
        }
        if bitCount > 0 { output.append(character(for: bits << UInt32(6 - bitCount))) }
    }

    /// Appends the bytes that characters stand for, or nothing and returns false: when they are not of the alphabet, are one
    /// too many, or have spare bits that are not zero. So a value has one spelling.
    static func decode(_ text: Span<UInt8>, into output: inout SecureBytes) throws(SealingError) -> Bool {
        guard text.count % 4 != 1 else { return false }
        guard output.freeCapacity >= text.count * 3 / 4 else { throw .arenaFull }
        let before = output.count
        // Negative as soon as one character is wrong.
        var faults: Int32 = 0
        var (bits, bitCount) = (UInt32(0), 0)
        for index in text.indices {
            let value = value(of: text[index])
            faults |= value
            bits = bits << 6 | UInt32(truncatingIfNeeded: value & 63)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
        let spare = bits & ((1 << UInt32(bitCount)) - 1)
        guard faults >= 0, spare == 0 else {
            output.truncate(to: before)
            return false
        }
        return true
    }

    /// The character for the low six bits.
    private static func character(for bits: UInt32) -> UInt8 {
        let value = Int32(truncatingIfNeeded: bits & 63)
        // Each line moves on to the next range of the alphabet: a shifted difference is all ones where it is negative.
        var code = value + 0x41
        code += (25 - value) >> 8 & (0x61 - 0x41 - 26)
        code -= (51 - value) >> 8 & (0x61 - 0x30 + 26)
        code -= (61 - value) >> 8 & (0x30 - 0x2D + 10)
        code += (62 - value) >> 8 & (0x5F - 0x2D - 1)
        return UInt8(truncatingIfNeeded: code)
    }

    /// What a character stands for, or -1.
    private static func value(of byte: UInt8) -> Int32 {
        let code = Int32(byte)
        func isWithin(_ first: Int32, _ last: Int32) -> Int32 { ((first - 1 - code) & (code - last - 1)) >> 8 }
        // One more than the value, or 0 where no range has the character.
        let found =
            isWithin(0x41, 0x5A) & (code - 0x41 + 1) | isWithin(0x61, 0x7A) & (code - 0x61 + 27)
            | isWithin(0x30, 0x39) & (code - 0x30 + 53) | isWithin(0x2D, 0x2D) & 63 | isWithin(0x5F, 0x5F) & 64
        return found - 1
    }
}
