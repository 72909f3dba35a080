// A fingerprint as people compare it: by words, or by hexadecimal digits.

/// Writes the bytes of a fingerprint, such as the SHA-256 of a certificate, as text.
public enum FingerprintText {
    /// At most how many bytes the words for so many bytes take: 120 for 32.
    public static func wordsBound(forByteCount count: Int) -> Int { count / 8 * 30 }

    /// How many bytes the digits for so many bytes take: 95 for 32.
    public static func hexadecimalCount(forByteCount count: Int) -> Int { max(3 * count - 1, 0) }

    /// Appends six words for each eight bytes, in capitals, with single spaces between them; 24 for 32 bytes. The last
    /// two bits of each six words are a checksum of the others.
    ///
    /// RFC 2289, section 6.0 and appendix D; the same as RFC 1751. To put each six words on a line of their own, call
    /// this for each eight bytes.
    ///
    /// Stops the process if the number of bytes is no multiple of eight, or if `output` has too little room: see
    /// ``wordsBound(forByteCount:)``.
    @_lifetime(output: copy output)
    public static func writeWords(for bytes: Span<UInt8>, to output: inout OutputSpan<UInt8>) {
        precondition(bytes.count.isMultiple(of: 8), "words stand for eight bytes")
        for start in stride(from: 0, to: bytes.count, by: 8) {
            var group: UInt64 = 0
            for index in start..<start + 8 { group = group << 8 | UInt64(bytes[index]) }
            for place in 0..<6 {
                if start + place > 0 { output.append(UInt8(ascii: " ")) }
                writeWord(place, of: group, to: &output)
            }
        }
    }

    /// Appends two capital hexadecimal digits for each byte, with colons between them.
    ///
    /// Stops the process if `output` has too little room: see ``hexadecimalCount(forByteCount:)``.
    @_lifetime(output: copy output)
    public static func writeHexadecimal(_ bytes: Span<UInt8>, to output: inout OutputSpan<UInt8>) {
        for index in bytes.indices {
            if index > 0 { output.append(UInt8(ascii: ":")) }
            output.append(digit(bytes[index] >> 4))
            output.append(digit(bytes[index] & 15))
        }
    }

    /// Appends one of the six words. Each stands for eleven bits, the last one for nine and the checksum.
    @_lifetime(output: copy output)
    private static func writeWord(_ place: Int, of group: UInt64, to output: inout OutputSpan<UInt8>) {
        let number = place < 5 ? group >> UInt64(53 - 11 * place) : group << 2 | checksum(of: group)
        let letters = WordList.letters(of: Int(number & 2047))
        for index in letters.indices where letters[index] != UInt8(ascii: " ") { output.append(letters[index]) }
    }

    /// The sum of all pairs of bits, modulo four.
    private static func checksum(of group: UInt64) -> UInt64 {
        var sum: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 2) { sum += group >> UInt64(shift) & 3 }
        return sum & 3
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
