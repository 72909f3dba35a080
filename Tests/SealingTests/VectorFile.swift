// Known answers from a text file that other programs read too.

import Foundation

/// One block of a file of vectors.
struct Vector: Sendable {
    let kind: String
    let values: [String: String]

    enum Failure: Error { case missing(String), malformed(String) }

    /// The blocks of one kind in a file of `Tests/Vectors`.
    static func all(_ kind: String, in name: String = "sealing") throws -> [Vector] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/\(name).txt")
        var vectors: [Vector] = []
        var current: (kind: String, values: [String: String])?
        let text = try String(contentsOf: file, encoding: .utf8) + "\n[]"
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") { continue }
            if line.hasPrefix("[") {
                if let current { vectors.append(Vector(kind: current.kind, values: current.values)) }
                current = (String(line.dropFirst().dropLast()), [:])
            } else {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw Failure.malformed(String(line)) }
                let name = parts[0].trimmingCharacters(in: .whitespaces)
                current?.values[name] = parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        let found = vectors.filter { $0.kind == kind }
        if found.isEmpty { throw Failure.missing(kind) }
        return found
    }

    func text(_ name: String) throws -> String {
        guard let value = values[name] else { throw Failure.missing(name) }
        return value
    }

    func number<Number: FixedWidthInteger>(_ name: String) throws -> Number {
        guard let number = Number(try text(name)) else { throw Failure.malformed(name) }
        return number
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try Self.bytes(fromHexadecimal: try text(name))
    }

    static func bytes(fromHexadecimal text: String) throws -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { throw Failure.malformed(text) }
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
                throw Failure.malformed(text)
            }
            return byte
        }
    }
}
