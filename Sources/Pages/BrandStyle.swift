// The style sheet of a brand with a colour of its own.

/// The style sheet of all pages with a brand's colours before it, as gzip.
///
/// One file in place of another: the page asks for no more than before, has no inline style, and its Content-Security-Policy
/// stays as it is.
enum BrandStyle {
    /// The brand's colours in CSS. The selector is more specific than the style sheet's own, so it wins from before it.
    static func colors(of primary: BrandColor) -> String {
        let (light, dark) = (BrandPalette(primary, in: .light), BrandPalette(primary, in: .dark))
        return rule(light) + "@media (prefers-color-scheme: dark){" + rule(dark) + "}\n"
    }

    private static func rule(_ palette: BrandPalette) -> String {
        "html:root{--accent:\(palette.accent.text);--accent-strong:\(palette.accentStrong.text);"
            + "--on-accent:\(palette.onAccent.text);--soft:\(palette.soft.text)}"
    }

    /// A gzip file of `prefix` and then the content of `file`, whose header has no optional fields. `prefix` has less than 64 KiB.
    ///
    /// It goes in front as a stored block (RFC 1951, section 3.2.4), which ends at a byte; what is compressed refers back by
    /// distances only, so it stays as it is. The check sum of both is that of the prefix, moved on by as many zeros as the content
    /// has bytes, combined with that of the content.
    static func gzip(_ prefix: [UInt8], before file: Span<UInt8>) -> [UInt8] {
        let (header, trailer) = (10, file.count - 8)
        precondition(header < trailer && file[3] == 0 && prefix.count <= 0xFFFF)
        let contentSum = number(file, at: trailer)
        let contentCount = number(file, at: trailer + 4)
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in prefix { sum = advanced(sum, by: byte) }
        sum = ~sum
        for _ in 0..<contentCount { sum = advanced(sum, by: 0) }
        sum ^= contentSum

        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.count + prefix.count + 5)
        for index in 0..<header { bytes.append(file[index]) }
        let count = UInt16(prefix.count)
        bytes += [0, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
        bytes += prefix
        for index in header..<trailer { bytes.append(file[index]) }
        for value in [sum, contentCount &+ UInt32(count)] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return bytes
    }

    /// One step of CRC-32 as gzip has it (RFC 1952, section 8).
    private static func advanced(_ sum: UInt32, by byte: UInt8) -> UInt32 {
        var sum = sum ^ UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
        return sum
    }

    private static func number(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
    }
}
