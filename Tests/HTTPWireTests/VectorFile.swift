// Vectors as text: one case per line, expectation first.

import Foundation
import TestRandomness
import Testing

/// One line of a vector file.
struct Vector: CustomTestStringConvertible, Sendable {
    let line: Int
    let expected: String
    let raw: [UInt8]

    var testDescription: String { "line \(line): \(expected.prefix(60))" }

    /// All cases of `Vectors/<name>.txt`.
    static func load(_ name: String) -> [Vector] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name).txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        var vectors: [Vector] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#"), let colon = line.range(of: ": ")?.lowerBound else { continue }
            let expected = printable(unescape(line[..<colon]))
            vectors.append(Vector(line: index + 1, expected: expected, raw: unescape(line[colon...].dropFirst(2))))
        }
        return vectors
    }

    /// Undoes `\r \n \t \0 \\ \xHH \{n*text}`.
    static func unescape(_ text: Substring) -> [UInt8] {
        var (result, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                result.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "0"): result.append(0)
            case UInt8(ascii: "x"):
                result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "{"):
                let end = rest.firstIndex(of: UInt8(ascii: "}")) ?? rest.endIndex
                let star = rest.firstIndex(of: UInt8(ascii: "*")) ?? end
                let count = Int(String(decoding: rest[..<star], as: UTF8.self)) ?? 0
                let piece = unescape(Substring(decoding: rest[(star + 1)..<end], as: UTF8.self))
                for _ in 0..<count { result += piece }
                rest = rest[(end + 1)...]
            default: result.append(kind)
            }
        }
        return result
    }
}

/// Bytes as text that shows each of them.
func printable(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
        if byte >= 0x20, byte < 0x7F {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "<" + String(byte, radix: 16) + ">"
        }
    }
    return text
}

extension SeededGenerator {
    mutating func bytes(_ count: Int, from alphabet: [UInt8]) -> [UInt8] {
        (0..<count).map { _ in alphabet.randomElement(using: &self) ?? 0 }
    }

    /// Random places to cut a buffer of `count` bytes, ending with its end.
    mutating func cuts(_ count: Int) -> [Int] {
        var (cuts, position) = ([Int](), 0)
        while position < count {
            position = min(count, position + Int.random(in: 1...max(1, count / 3), using: &self))
            cuts.append(position)
        }
        return cuts.isEmpty ? [0] : cuts
    }
}
