// What is encoded: compared with a second implementation and with the examples of the standard.

import Testing

@testable import QRCode

@Suite struct EncodingTests {
    @Test func `the known codes cover every version at both levels`() {
        for correction in [ErrorCorrection.low, .medium] {
            let sizes = Set(KnownSymbol.all.filter { $0.correction == correction }.map(\.rows.count))
            #expect(sizes == Set((1...13).map { 17 + 4 * $0 }))
        }
        #expect(Set(KnownSymbol.all.map(\.mask.number)) == Set(0..<8))
    }

    @Test(arguments: KnownSymbol.all)
    func `a code is that of the second implementation, module by module`(_ known: KnownSymbol) throws {
        let made = try withCode(of: Array(known.text.utf8), known.correction, mask: known.mask) { modules(of: $0) }
        #expect(made == known.rows)
    }

    @Test(arguments: KnownSymbol.all)
    func `the mask of the least penalty is chosen`(_ known: KnownSymbol) throws {
        let text = Array(known.text.utf8)
        let chosen = try withCode(of: text, known.correction) { modules(of: $0) }
        #expect(chosen == (try withCode(of: text, known.correction, mask: known.bestMask) { modules(of: $0) }))
    }

    @Test(
        arguments: [
            (.low, 425, 619), (.medium, 331, 483),
        ] as [(ErrorCorrection, Int, Int)])
    func `a text fits as long as the largest code has room for it`(
        _ correction: ErrorCorrection, _ bytes: Int, _ characters: Int
    ) throws {
        for (letter, limit) in [("a", bytes), ("A", characters)] {
            let letter = Array(letter.utf8)[0]
            #expect(try withCode(of: [UInt8](repeating: letter, count: limit), correction) { $0.size } == 69)
            #expect(throws: QRCode.TextTooLong.self) {
                try withCode(of: [UInt8](repeating: letter, count: limit + 1), correction) { $0.size }
            }
        }
    }

    @Test func `a text of digits, capitals and a few signs takes a smaller code`() throws {
        #expect(try withCode(of: [UInt8](repeating: 0x41, count: 60), .medium) { $0.size } == 29)
        #expect(try withCode(of: [UInt8](repeating: 0x61, count: 60), .medium) { $0.size } == 33)
        // Every byte that is not of the alphabet makes it byte mode: 20 bytes then need more than version 1.
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
        for byte in UInt8.min...UInt8.max {
            let size = try withCode(of: [UInt8](repeating: byte, count: 20), .medium) { $0.size }
            #expect(size == (alphabet.contains(byte) ? 21 : 25), "byte \(byte)")
        }
    }

    @Test func `an empty text is a code too`() throws {
        #expect(try withCode(of: [], .medium) { $0.size } == 21)
    }

    @Test func `what the memory held before makes no difference, and what lies behind is not touched`() throws {
        let text = Array("https://example.com/secret/abc".utf8)
        let expected = try withCode(of: text, .medium) { modules(of: $0) }
        var memory = [UInt8](repeating: 0x5A, count: QRCode.memorySize + 100)
        do {
            let code = try QRCode(text.span, in: memory.mutableSpan)
            #expect(modules(of: code) == expected)
        }
        #expect(memory[QRCode.memorySize...].allSatisfy { $0 == 0x5A })
    }

    @Test func `all is light outside of a code`() throws {
        try withCode(of: [0x61], .low) { code in
            for (column, row) in [(-1, 0), (0, -1), (21, 0), (0, 21), (-4, 25)] {
                let isDark = code.isDark(column: column, row: row)
                #expect(!isDark)
            }
        }
    }

    /// ISO/IEC 18004:2015, annexes C and D.
    @Test func `format and version are written as in the examples of the standard`() {
        #expect(QRCode.formatBits(.medium, Mask(number: 5)) == 0b100_0000_1100_1110)
        #expect(QRCode.versionBits(SymbolVersion(number: 7)) == 0b00_0111_1100_1001_0100)
    }
}
