// What terminals and browsers are given, read back into modules.

import Foundation
import Testing

@testable import QRCode

@Suite struct RenderingTests {
    private func output(_ room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) -> String {
        String(decoding: [UInt8](capacity: room, initializingWith: write), as: UTF8.self)
    }

    /// The rows of modules that a terminal shows, two for each line.
    private func rows(ofTerminal text: String) throws -> Rows {
        var rows: Rows = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let prefix = "\u{1B}[38;5;16;48;5;231m"
            let suffix = "\u{1B}[0m"
            try #require(line.hasPrefix(prefix) && line.hasSuffix(suffix))
            let cells = line.dropFirst(prefix.count).dropLast(suffix.count)
            #expect(cells.allSatisfy { " ▀▄█".contains($0) })
            rows.append(cells.map { $0 == "▀" || $0 == "█" })
            rows.append(cells.map { $0 == "▄" || $0 == "█" })
        }
        return rows
    }

    /// The rows of modules that the strokes of a path cover.
    private func rows(ofPath path: Substring, side: Int) throws -> Rows {
        var rows = Rows(repeating: [Bool](repeating: false, count: side), count: side)
        var (column, row) = (0, 0)
        var rest = path
        while let command = rest.popFirst() {
            var numbers: [Int] = []
            while let next = rest.first, !next.isLetter {
                if next == " " { rest.removeFirst() }
                let digits = rest.prefix { $0.isNumber }
                numbers.append(try #require(Int(digits)))
                rest.removeFirst(digits.count)
            }
            switch (command, numbers.count) {
            case ("M", 2): (column, row) = (numbers[0], numbers[1])
            case ("m", 2): (column, row) = (column + numbers[0], row + numbers[1])
            case ("h", 1):
                for place in column..<column + numbers[0] {
                    #expect(!rows[row][place])
                    rows[row][place] = true
                }
                column += numbers[0]
            default: Issue.record("\(command) with \(numbers)")
            }
        }
        return rows
    }

    /// A code, as it is and as it is written.
    private struct Written {
        let modules: Rows
        let terminal: String
        let svg: String
        let svgBound: Int
        let terminalBound: Int
    }

    private func write(_ text: [UInt8], _ correction: ErrorCorrection, mask: Mask? = nil) throws -> Written {
        try withCode(of: text, correction, mask: mask) { code in
            Written(
                modules: modules(of: code),
                terminal: output(code.terminalBound) { code.writeTerminal(to: &$0) },
                svg: output(code.svgBound) { code.writeSVG(to: &$0) },
                svgBound: code.svgBound, terminalBound: code.terminalBound)
        }
    }

    @Test(arguments: KnownSymbol.all)
    func `a terminal shows the modules with their quiet zone, black on white`(_ known: KnownSymbol) throws {
        let written = try write(Array(known.text.utf8), known.correction, mask: known.mask)
        var shown = try rows(ofTerminal: written.terminal)
        let side = written.modules.count + 8
        // Lines show two rows and the number of rows is odd.
        #expect(shown.removeLast() == [Bool](repeating: false, count: side))
        #expect(shown == framed(written.modules))
        #expect(side <= 77)
    }

    @Test(arguments: KnownSymbol.all)
    func `the path of the picture covers the dark modules, each once`(_ known: KnownSymbol) throws {
        let written = try write(Array(known.text.utf8), known.correction, mask: known.mask)
        let side = written.modules.count + 8
        let parts = written.svg.components(separatedBy: " d=\"")
        try #require(parts.count == 2)
        #expect(
            parts[0] == "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 -.5 \(side) \(side)\""
                + " shape-rendering=\"crispEdges\"><rect y=\"-.5\" width=\"\(side)\" height=\"\(side)\" fill=\"#fff\"/><path stroke=\"#000\""
        )
        #expect(parts[1].hasSuffix("\"/></svg>"))
        #expect(try rows(ofPath: parts[1].dropLast("\"/></svg>".count), side: side) == framed(written.modules))
    }

    @Test func `no policy for content is broken by the picture`() throws {
        let svg = try write(Array("https://example.com".utf8), .medium).svg
        for word in ["style", "script", "href", "on"] {
            #expect(!svg.contains(" \(word)") && !svg.contains("<\(word)"))
        }
    }

    @Test func `the bounds are kept and not much too large`() throws {
        for count in stride(from: 0, through: 420, by: 20) {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: ($0 + count) * 40_503 >> 5) }
            let written = try write(text, .low)
            // Written at all: an output with less room stops the process.
            #expect(written.svg.utf8.count * 3 > written.svgBound)
            #expect(written.terminal.utf8.count * 2 > written.terminalBound)
            #expect(written.svgBound <= 15 * 1024 && written.terminalBound <= 10 * 1024)
        }
    }
}
