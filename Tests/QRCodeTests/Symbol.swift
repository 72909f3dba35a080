// Codes as tests look at them: rows of dark and light, from this encoder, from a rendering or from a second implementation.

import Foundation
import Testing

@testable import QRCode

/// The rows of a code, dark as true.
typealias Rows = [[Bool]]

/// A code that a second implementation made, from `Vectors/symbols.txt`.
struct KnownSymbol: Sendable, CustomTestStringConvertible {
    let text: String
    let correction: ErrorCorrection
    let mask: Mask
    let bestMask: Mask
    let rows: Rows

    enum Failure: Error { case malformed(String) }

    var testDescription: String { "\(text.utf8.count) bytes, \(correction), \(rows.count) modules" }

    static let all: [KnownSymbol] = (try? read()) ?? []

    private static func read() throws -> [KnownSymbol] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/symbols.txt")
        return try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n[symbol]\n").dropFirst()
            .map(KnownSymbol.init)
    }

    private init(_ block: String) throws {
        var values: [String: String] = [:]
        for line in block.split(separator: "\n") {
            let parts = line.split(separator: " = ", maxSplits: 1)
            guard parts.count == 2 else { throw Failure.malformed(String(line)) }
            values[String(parts[0])] = String(parts[1])
        }
        guard let text = values["text"], let level = values["level"], let mask = values["mask"].flatMap({ Int($0) }),
            let best = values["best"].flatMap({ Int($0) }), let size = values["size"].flatMap({ Int($0) }),
            let rows = values["rows"]
        else { throw Failure.malformed(block) }
        self.text = text
        correction = level == "low" ? .low : .medium
        self.mask = Mask(number: mask)
        bestMask = Mask(number: best)
        self.rows = rows.split(separator: " ").map { digits in
            digits.flatMap { digit in
                let value = digit.hexDigitValue ?? 0
                return stride(from: 3, through: 0, by: -1).map { value >> $0 & 1 != 0 }
            }.suffix(size)
        }
    }
}

/// Encodes a text in memory full of ones, and tells what became of it.
func withCode<Result>(
    of text: [UInt8], _ correction: ErrorCorrection, mask: Mask? = nil, _ body: (borrowing QRCode) -> Result
) throws -> Result {
    var memory = [UInt8](repeating: 0xFF, count: QRCode.memorySize)
    let code = try QRCode(text.span, correction: correction, mask: mask, in: memory.mutableSpan)
    return body(code)
}

/// The modules of a code.
func modules(of code: borrowing QRCode) -> Rows {
    var rows: Rows = []
    for row in 0..<code.size {
        var line: [Bool] = []
        for column in 0..<code.size { line.append(code.isDark(column: column, row: row)) }
        rows.append(line)
    }
    return rows
}

/// Rows with the quiet zone around them.
func framed(_ rows: Rows) -> Rows {
    let side = rows.count + 8
    let light = Rows(repeating: [Bool](repeating: false, count: side), count: 4)
    let margin = [Bool](repeating: false, count: 4)
    return light + rows.map { margin + $0 + margin } + light
}
