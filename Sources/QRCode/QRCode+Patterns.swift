// The parts of a code that say what it is: finders, timing, alignment, format and version.

extension QRCode {
    /// Draws all patterns but the format information, whose place is only taken.
    @_lifetime(self: copy self)
    mutating func drawPatterns() {
        for index in 0..<size {
            set(column: 6, row: index, index.isMultiple(of: 2))
            set(column: index, row: 6, index.isMultiple(of: 2))
        }
        drawFinder(column: 3, row: 3)
        drawFinder(column: size - 4, row: 3)
        drawFinder(column: 3, row: size - 4)
        drawAlignment()
        drawFormat(of: Mask(number: 0))
        drawVersion()
    }

    /// A finder with its light separator, by its centre.
    @_lifetime(self: copy self)
    private mutating func drawFinder(column: Int, row: Int) {
        for down in -4...4 {
            for right in -4...4 {
                let distance = max(abs(down), abs(right))
                guard (0..<size).contains(column + right), (0..<size).contains(row + down) else { continue }
                set(column: column + right, row: row + down, distance != 2 && distance != 4)
            }
        }
    }

    /// Alignment patterns at the crossings of one, two or three lines, but where finders are.
    @_lifetime(self: copy self)
    private mutating func drawAlignment() {
        guard version.number >= 2 else { return }
        let last = size - 7
        // ISO/IEC 18004:2015, annex E: from version 7 to 13 there is a third line right between the two.
        let step = version.number < 7 ? last - 6 : (last - 6) / 2
        for row in stride(from: 6, through: last, by: step) {
            for column in stride(from: 6, through: last, by: step) {
                if row == 6 && (column == 6 || column == last) || row == last && column == 6 { continue }
                for down in -2...2 {
                    for right in -2...2 {
                        set(column: column + right, row: row + down, max(abs(down), abs(right)) != 1)
                    }
                }
            }
        }
    }

    /// Draws level and mask, twice: at the upper left finder, and divided between the other two.
    @_lifetime(self: copy self)
    mutating func drawFormat(of mask: Mask) {
        let bits = Self.formatBits(correction, mask)
        for place in 0..<15 {
            let isDark = bits >> UInt32(place) & 1 != 0
            // Along column 8 from above, then along row 8 to the left; both jump over the timing pattern.
            switch place {
            case 0..<6: set(column: 8, row: place, isDark)
            case 6..<8: set(column: 8, row: place + 1, isDark)
            case 8: set(column: 7, row: 8, isDark)
            default: set(column: 14 - place, row: 8, isDark)
            }
            if place < 8 {
                set(column: size - 1 - place, row: 8, isDark)
            } else {
                set(column: 8, row: size - 15 + place, isDark)
            }
        }
        set(column: 8, row: size - 8, true)
    }

    /// Draws the version, twice, in codes that are large enough to need it.
    @_lifetime(self: copy self)
    private mutating func drawVersion() {
        guard version.number >= 7 else { return }
        let bits = Self.versionBits(version)
        for place in 0..<18 {
            let isDark = bits >> UInt32(place) & 1 != 0
            set(column: place / 3, row: size - 11 + place % 3, isDark)
            set(column: size - 11 + place % 3, row: place / 3, isDark)
        }
    }

    @_lifetime(self: copy self)
    private mutating func set(column: Int, row: Int, _ isDark: Bool) {
        memory[row * size + column] = isDark ? Self.pattern | Self.dark : Self.pattern
    }

    /// Level and mask with ten bits of error correction, masked so that they are never all zero. ISO/IEC 18004:2015, annex C.
    static func formatBits(_ correction: ErrorCorrection, _ mask: Mask) -> UInt32 {
        let data = correction.indicator << 3 | UInt32(mask.number)
        return (data << 10 | remainder(of: data, bits: 10, divisor: 0x537)) ^ 0x5412
    }

    /// The version with twelve bits of error correction. ISO/IEC 18004:2015, annex D.
    static func versionBits(_ version: SymbolVersion) -> UInt32 {
        let data = UInt32(version.number)
        return data << 12 | remainder(of: data, bits: 12, divisor: 0x1F25)
    }

    /// What remains of a polynomial over bits, shifted left by so many, when divided by one of that degree.
    private static func remainder(of data: UInt32, bits: UInt32, divisor: UInt32) -> UInt32 {
        var rest = data
        for _ in 0..<bits { rest = rest << 1 ^ (rest >> (bits - 1)) * divisor }
        return rest
    }
}
