// Fingerprints as words and digits, compared with the RFC's examples and with what a second implementation made.

import Foundation
import Testing

@testable import FingerprintWords

@Suite struct FingerprintTextTests {
    private func text(room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) -> String {
        String(decoding: [UInt8](capacity: room, initializingWith: write), as: UTF8.self)
    }

    private func words(for bytes: [UInt8]) -> String {
        text(room: FingerprintText.wordsBound(forByteCount: bytes.count)) {
            FingerprintText.writeWords(for: bytes.span, to: &$0)
        }
    }

    /// Bytes and words of `Vectors/words.txt`, line by line.
    private func vectors() throws -> [(bytes: [UInt8], words: String)] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/words.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { line in
                let parts = line.split(separator: " ", maxSplits: 1)
                let digits = Array(parts[0])
                let bytes = try stride(from: 0, to: digits.count, by: 2).map {
                    try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
                }
                return (bytes, String(parts[1]))
            }
    }

    @Test func `words are those of the RFC and of the second implementation`() throws {
        let vectors = try vectors()
        #expect(vectors.filter { $0.bytes.count == 8 }.count == 27)
        #expect(vectors.filter { $0.bytes.count == 32 }.count == 24)
        for vector in vectors { #expect(words(for: vector.bytes) == vector.words) }
    }

    @Test func `a fingerprint of 32 bytes is 24 words`() {
        #expect(words(for: (0..<32).map { UInt8($0) }).split(separator: " ").count == 24)
    }

    @Test func `every word of the dictionary stands for its number alone`() {
        // The first word of a group is its highest eleven bits.
        let all = (0..<2048).map { number in
            let group = [UInt8(number >> 3), UInt8(number & 7) << 5] + [UInt8](repeating: 0, count: 6)
            let first = words(for: group).prefix { $0 != " " }
            #expect((1...4).contains(first.count))
            return String(first)
        }
        #expect(Set(all).count == 2048)
        // Short words come first; both parts are in the order of the alphabet.
        let short = all.prefix { $0.count < 4 }
        #expect(short.count == 571)
        #expect(Array(short) == short.sorted())
        #expect(Array(all[571...]) == all[571...].sorted())
        #expect(all[571...].allSatisfy { $0.count == 4 })
    }

    @Test func `the longest words fill the bound but for the space that ends it`() {
        // All ones: every word is of four letters.
        #expect(words(for: [UInt8](repeating: 0xFF, count: 32)).utf8.count == 119)
        #expect(FingerprintText.wordsBound(forByteCount: 32) == 120)
        #expect(words(for: []).isEmpty)
    }

    @Test func `hexadecimal digits are capitals between colons`() {
        let bytes: [UInt8] = [0x00, 0x0A, 0x9F, 0xF0, 0xFF]
        let count = FingerprintText.hexadecimalCount(forByteCount: bytes.count)
        let digits = text(room: count) { FingerprintText.writeHexadecimal(bytes.span, to: &$0) }
        #expect(digits == "00:0A:9F:F0:FF")
        #expect(digits.utf8.count == count)
        #expect(FingerprintText.hexadecimalCount(forByteCount: 32) == 95)
        #expect(FingerprintText.hexadecimalCount(forByteCount: 0) == 0)
    }
}
