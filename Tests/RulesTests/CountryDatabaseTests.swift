// Files of countries: what they say, and what hostile ones cannot do.
import Foundation
import Kernel
import Testing

@testable import Rules

@Suite struct CountryDatabaseTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
    private static let names = ["24", "28", "32", "ipv4", "flat"]

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Self.folder.appending(path: "countries-\(name).mmdb")))
    }

    /// What stands behind the equals sign of the line that begins with some words.
    private func line(_ words: String) throws -> String {
        let lines = try String(contentsOf: Self.folder.appending(path: "countries.txt"), encoding: .utf8)
            .split(separator: "\n")
        let found = try #require(lines.first { $0.hasPrefix(words + " = ") })
        return String(found.dropFirst(words.count + 3))
    }

    @Test(arguments: [("24", 30), ("28", 34), ("32", 38), ("ipv4", 28), ("flat", 74)])
    func `look-ups find what maxminddb finds`(_ name: String, _ seed: Int) throws {
        let database = try CountryDatabase(bytes(name))
        let near = try line(name).split(separator: " ").map { try #require(AddressRange(String($0))) }
        let answers = Array(try line("\(name) \(seed)"))
        var (probe, known) = (Probe(seed: UInt64(seed)), 0)
        try #require(answers.count == 5000)
        for place in 0..<2500 {
            let address = probe.address(near)
            let found = database.country(of: address)?.description ?? "--"
            #expect(found == String(answers[2 * place...2 * place + 1]), "\(address), probe \(place)")
            known += found == "--" ? 0 : 1
        }
        #expect((500...2400).contains(known))
    }

    @Test func `what is no such file is told why`() throws {
        for file in [[], [0], [UInt8](repeating: 0, count: 5000), Array("\u{ab}MaxMind.com".utf8)] {
            #expect(throws: DatabaseFault.self) { try CountryDatabase(file) }
        }
        let whole = try bytes("24")
        #expect(throws: DatabaseFault.self) { try CountryDatabase(Array(whole.dropLast(100))) }
        let mark = whole.count - (try #require(whole.reversed().firstIndex(of: 0xef)))
        #expect(throws: DatabaseFault.self, "without a tree") { try CountryDatabase(Array(whole[(mark - 3)...])) }
        #expect(throws: DatabaseFault.self, "with half of a tree") { try CountryDatabase(Array(whole[(mark / 2)...])) }
    }

    @Test(arguments: names)
    func `a file whose records have no country is none of countries`(_ name: String) throws {
        let words = ["iso_code", "country_code", "country"].map { Array($0.utf8) }
        var file = try bytes(name)
        for place in file.indices {
            for word in words where file[place...].starts(with: word) { file[place] = UInt8(ascii: "x") }
        }
        #expect(throws: DatabaseFault.self) { try CountryDatabase(file) }
    }

    @Test func `it tells which addresses it knows nothing of`() throws {
        for (name, hasIPv6) in [("24", true), ("28", true), ("32", true), ("ipv4", false)] {
            let database = try CountryDatabase(bytes(name))
            #expect(database.hasIPv4 && database.hasIPv6 == hasIPv6, "\(name)")
        }
    }

    @Test(arguments: 0..<5)
    func `a file that is changed anywhere never makes a look-up crash or go on for long`(_ place: Int) throws {
        let whole = try bytes(Self.names[place])
        var generator = Probe(seed: UInt64(place + 1))
        var opened = 0
        for round in 0..<3000 {
            var file = whole
            // Metadata is small beside the rest, and is what the most depends on.
            let lowest = round % 3 == 0 ? whole.count - 250 : round % 3 == 1 ? whole.count / 4 : 0
            for _ in 0...(generator.next() % 8) {
                let index = lowest + Int(generator.next() % UInt64(file.count - lowest))
                file[index] = round % 2 == 0 ? UInt8(truncatingIfNeeded: generator.next()) : file[index] ^ 0x20
            }
            if round % 7 == 0 { file.removeLast(Int(generator.next() % 300)) }
            guard let database = try? CountryDatabase(file) else { continue }
            opened += 1
            for _ in 0..<8 {
                let address = InternetAddress(high: generator.next(), low: generator.next())
                _ = database.country(of: address)
                _ = database.country(of: InternetAddress(ipv4: UInt32(truncatingIfNeeded: address.low)))
            }
        }
        #expect(opened > 300)
    }

    @Test func `values that claim to hold more than there is end the look-up`() {
        // A map of 16 million pairs, an array within arrays, a pointer to itself, to a pointer, and behind the end.
        let hostile: [[UInt8]] = [
            [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0x40, count: 20_000),
            [0xe1, 0x43, 0x61, 0x62, 0x63] + [UInt8](repeating: 0, count: 2)
                + Array(repeatElement([0x01, 0x04], count: 9000).joined()),
            [0x20, 0x00], [0x20, 0x02, 0x20, 0x00], [0x38, 0xff, 0xff, 0xff, 0xff], [0xe1, 0x20, 0x00, 0x20, 0x00],
            [0xe1, 0x5f, 0xff, 0xff, 0xff], [0x00], [0x00, 0xff], [0x00, 0x06], [0xe1], [],
        ]
        for bytes in hostile {
            var reader = RecordReader(base: 0, end: bytes.count)
            #expect(reader.value(of: "country", inMapAt: 0, bytes.span) == nil)
        }
    }
}
