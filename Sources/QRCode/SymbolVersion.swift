// The sizes that a code comes in, and what fits each of them.

/// One of the sizes that the standard calls versions.
struct SymbolVersion: Equatable {
    /// 1 to 13.
    let number: Int

    static var largest: Self { Self(number: 13) }

    /// The smallest one with room for a segment.
    static func smallest(for segment: Segment, correction: ErrorCorrection) -> Self? {
        for number in 1...largest.number {
            let version = Self(number: number)
            if segment.bitCount(in: version) <= version.dataCount(correction) * 8 { return version }
        }
        return nil
    }

    /// Modules on each side.
    var size: Int { 17 + 4 * number }
    var moduleCount: Int { size * size }

    /// The bytes that the modules outside of all patterns carry; up to seven modules remain.
    var codewordCount: Int {
        // Three finders with separators, two copies of the format information with the dark module, two timing patterns.
        var modules = moduleCount - 3 * 64 - 31 - 2 * (size - 16)
        if number >= 2 {
            // Alignment patterns cover 25 modules each; some of them lie on the timing patterns with five.
            let lines = number < 7 ? 2 : 3
            modules -= (lines * lines - 3) * 25 - 2 * (lines - 2) * 5
        }
        // Two copies of the version.
        if number >= 7 { modules -= 2 * 18 }
        return modules / 8
    }

    /// Into how many blocks the data is divided.
    func blockCount(_ correction: ErrorCorrection) -> Int {
        switch correction {
        case .low: Int(Self.lowBlocks[number - 1])
        case .medium: Int(Self.mediumBlocks[number - 1])
        }
    }

    /// The codewords of error correction for each block.
    func correctionCount(_ correction: ErrorCorrection) -> Int {
        switch correction {
        case .low: Int(Self.lowCorrection[number - 1])
        case .medium: Int(Self.mediumCorrection[number - 1])
        }
    }

    /// The codewords of data in all blocks.
    func dataCount(_ correction: ErrorCorrection) -> Int {
        codewordCount - blockCount(correction) * correctionCount(correction)
    }

    /// Where a block's data lies when all data lies in one piece. The last blocks are longer by one if they are not all alike.
    func dataRange(ofBlock block: Int, _ correction: ErrorCorrection) -> Range<Int> {
        let (length, longer) = dataCount(correction).quotientAndRemainder(dividingBy: blockCount(correction))
        let firstLonger = blockCount(correction) - longer
        let start = block * length + max(block - firstLonger, 0)
        return start..<start + length + (block >= firstLonger ? 1 : 0)
    }

    // ISO/IEC 18004:2015, table 9.
    private static let lowBlocks: [13 of UInt8] = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4]
    private static let mediumBlocks: [13 of UInt8] = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9]
    private static let lowCorrection: [13 of UInt8] = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26]
    private static let mediumCorrection: [13 of UInt8] = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22]
}
