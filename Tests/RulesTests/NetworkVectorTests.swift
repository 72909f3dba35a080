import Foundation
import Kernel
import Rules
// Addresses, ranges and rules against what Python's ipaddress says of them.
import TestRandomness
import Testing

@Suite struct NetworkVectorTests {
    /// The lines of a kind, as what stands before and behind the equals sign.
    private static func vectors(_ kind: String) throws -> [(given: String, expected: String)] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/networks.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let found = lines.filter { $0.hasPrefix(kind + " ") }.map { line in
            let parts = line.dropFirst(kind.count + 1).components(separatedBy: " = ")
            return (given: parts[0], expected: parts[1])
        }
        try #require(found.count >= 40)
        return found
    }

    @Test func `an address is read and written as ipaddress does, or refused as there`() throws {
        for (given, expected) in try Self.vectors("address") {
            #expect(InternetAddress(given)?.description ?? "-" == expected, "\(given)")
        }
    }

    @Test func `a range is read and written as ipaddress does, or refused as there`() throws {
        for (given, expected) in try Self.vectors("range") {
            #expect(AddressRange(given)?.description ?? "-" == expected, "\(given)")
        }
    }

    @Test func `ten thousand decisions are those of ipaddress`() throws {
        var (decided, permitted) = (0, 0)
        for (given, expected) in try Self.vectors("rule") {
            let parts = given.components(separatedBy: "|")
            let rule = NetworkRule(
                allowed: try [AddressRange](ranges: parts[0].utf8Span.span, limit: 100),
                denied: try [AddressRange](ranges: parts[1].utf8Span.span, limit: 100))
            let seed = try #require(UInt64(parts[2].trimmingCharacters(in: .whitespaces)))
            var probe = Probe(seed: seed)
            for (place, digit) in expected.enumerated() {
                let bits = try #require(digit.hexDigitValue)
                for bit in 0..<4 {
                    let address = probe.address(rule.allowed + rule.denied)
                    let isPermitted = rule.permits(address)
                    #expect(
                        isPermitted == (bits >> (3 - bit) & 1 == 1), "\(given): \(address), probe \(place * 4 + bit)")
                    decided += 1
                    permitted += isPermitted ? 1 : 0
                }
            }
        }
        #expect(decided == 10_000)
        #expect((1000...9000).contains(permitted), "both verdicts are tried")
    }
}

/// Addresses near the ranges of a rule; networks.py has the same.
struct Probe {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func next() -> UInt64 { generator.next() }

    mutating func address(_ ranges: [AddressRange]) -> InternetAddress {
        let range = ranges[Int(next() % UInt64(ranges.count))]
        let kind = next() % 4
        let (high, low) = (next(), next())
        if kind == 3 {
            return high & 1 == 1
                ? InternetAddress(high: high, low: low) : InternetAddress(ipv4: UInt32(truncatingIfNeeded: low))
        }
        let noise = UInt128(high) << 64 | UInt128(low)
        var address = UInt128(range.first.high) << 64 | UInt128(range.first.low)
        if kind < 2, range.sharedBits < 128 { address |= noise & (UInt128.max >> UInt128(range.sharedBits)) }
        if kind > 0 { address ^= UInt128(1) << UInt128(127 - high % 128) }
        return InternetAddress(
            high: UInt64(truncatingIfNeeded: address >> 64), low: UInt64(truncatingIfNeeded: address))
    }
}
