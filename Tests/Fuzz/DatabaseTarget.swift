// Files of countries: whatever a file says, a look-up ends, and finds what a plain reading of the format finds.

import Kernel
import Rules

@Sendable func fuzzDatabase(_ raw: [UInt8]) {
    let plain = PlainDatabase(raw)
    guard let database = try? CountryDatabase(raw) else {
        return expect(plain?.hasCountries != true, "a file that is one is refused")
    }
    var random = Splits(raw)
    for _ in 0..<4 {
        let address =
            random.next(upTo: 2) == 1
            ? InternetAddress(ipv4: UInt32(random.next(upTo: 1 << 32) - 1))
            : InternetAddress(high: UInt64(random.next(upTo: .max)) << 1, low: UInt64(random.next(upTo: .max)))
        let found = database.country(of: address)
        if let found {
            let letters: ClosedRange<UInt8> = 0x41...0x5a
            let isCode = letters.contains(found.first) && letters.contains(found.second)
            let pairs = zip(raw, raw.dropFirst())
            let isThere = pairs.contains { $0 & 0xdf == found.first && $1 & 0xdf == found.second }
            expect(isCode && isThere, "a country that is not in the file", "\(found)")
        }
        expect(database.country(of: address) == found, "another country for the same address")
        if let plain, let country = plain.country(of: address) {
            expect(found?.description == country, "another country than by a plain reading", "\(address) \(country)")
        }
    }
}

/// MaxMind DB File Format Specification, version 2.0, read whole and simply. Nil, or no country, where anything is out of order: then
/// nothing is compared.
private struct PlainDatabase {
    private indirect enum Value {
        case text([UInt8])
        case number(UInt64)
        case map([(key: [UInt8], value: Value)])
        case other
    }

    private struct Broken: Error {}

    private let bytes: [UInt8]
    private var (nodes, bits, isIPv6, dataEnd) = (0, 0, false, 0)

    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let mark = [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
        guard bytes.count > mark.count,
            let start = (0...bytes.count - mark.count).last(where: { bytes[$0...].starts(with: mark) }),
            case .map(let fields) = try? value(start + mark.count, start + mark.count, bytes.count)
        else { return nil }
        func number(_ key: String) -> UInt64? {
            guard case .number(let number) = Self.find(key, fields) else { return nil }
            return number
        }
        guard number("binary_format_major_version") == 2, let bits = number("record_size"),
            [24, 28, 32].contains(bits),
            let version = number("ip_version"), [4, 6].contains(version), let nodes = number("node_count"), nodes > 0,
            nodes < bytes.count, Int(nodes * bits / 4) + 16 <= start
        else { return nil }
        (self.nodes, self.bits, isIPv6, dataEnd) = (Int(nodes), Int(bits), version == 6, start)
    }

    func country(of address: InternetAddress) -> String? {
        guard isIPv6 || address.isIPv4 else { return nil }
        // A tree of IPv6 addresses has the IPv4 ones under 96 zero bits.
        let path = (0..<128).map { address.isIPv4 && $0 < 96 ? 0 : address.bit($0) }
        var node = 0
        for bit in isIPv6 ? path : Array(path[96...]) where node < nodes { node = record(node, bit) }
        return country(inRecordOf: node)
    }

    /// Whether a record has a country that there is. Of large trees only the beginning is looked at: the records of more could take
    /// all the steps that there are.
    var hasCountries: Bool {
        (0..<min(nodes, 100)).contains { node in
            (0..<2).contains { side in
                let code = country(inRecordOf: record(node, side)).map { Array($0.utf8) }
                return code.flatMap { CountryCode($0.span) }?.isAssigned == true
            }
        }
    }

    private func country(inRecordOf node: Int) -> String? {
        let base = nodes * bits / 4 + 16
        guard node > nodes, case .map(let fields) = try? value(base + node - nodes - 16, base, dataEnd) else {
            return nil
        }
        let country = Self.find("country", fields)
        let candidates = [
            Self.inner(country), Self.find("country_code", fields), country,
            Self.inner(Self.find("registered_country", fields)),
        ]
        for case .text(let code) in candidates {
            if let found = CountryCode(code.span) { return found.description }
        }
        return nil
    }

    private static func inner(_ country: Value?) -> Value? {
        guard case .map(let fields) = country else { return nil }
        return find("iso_code", fields)
    }

    private func record(_ node: Int, _ side: Int) -> Int {
        let place = (2 * node + side) * bits
        // 28 bits are 7 halves of bytes; the two records share the byte in the middle, the left one has its upper half on top.
        func half(_ index: Int) -> Int {
            let byte = Int(bytes[index / 2])
            return index % 2 == 0 ? byte >> 4 : byte & 15
        }
        let halves = place / 4
        guard bits == 28 else { return (0..<bits / 4).reduce(0) { $0 << 4 | half(halves + $1) } }
        let start = node * 14
        if side == 1 { return (7..<14).reduce(0) { $0 << 4 | half(start + $1) } }
        return (0..<6).reduce(half(start + 6)) { $0 << 4 | half(start + $1) }
    }

    private static func find(_ key: String, _ fields: [(key: [UInt8], value: Value)]) -> Value? {
        fields.first { $0.key == Array(key.utf8) }?.value
    }

    private func value(_ place: Int, _ base: Int, _ end: Int) throws -> Value {
        var (next, budget) = (place, 200)
        return try value(&next, base, end, &budget, 0, isTarget: false)
    }

    private func value(
        _ next: inout Int, _ base: Int, _ end: Int, _ budget: inout Int, _ depth: Int, isTarget: Bool
    ) throws -> Value {
        budget -= 1
        guard budget > 0, depth < 32, next >= base else { throw Broken() }
        func number(_ count: Int) throws -> Int {
            guard count <= 8, next + count <= end else { throw Broken() }
            defer { next += count }
            return bytes[next..<next + count].reduce(0) { $0 << 8 | Int($1) }
        }
        let control = try number(1)
        var type = control >> 5
        if type == 1 {
            let (more, high) = (control >> 3 & 3, control & 7)
            let low = try number(more + 1)
            let targets = [high << 8 + low, (high << 16 + low) + 2048, (high << 24 + low) + 526_336, low]
            guard !isTarget else { throw Broken() }
            var target = base + targets[more]
            return try value(&target, base, end, &budget, depth + 1, isTarget: true)
        }
        if type == 0 { type = try number(1) + 7 }
        var size = control & 31
        if size > 28 { size = try [29, 285, 65_821][size - 29] + number(size - 28) }
        switch type {
        case 2:
            guard next + size <= end else { throw Broken() }
            defer { next += size }
            return .text(Array(bytes[next..<next + size]))
        case 5, 6,
            9 where size <= 8:
            return .number(UInt64(bitPattern: Int64(try number(size))))
        case 3, 4, 8, 10, 15:
            guard next + size <= end else { throw Broken() }
            next += size
            return .other
        case 7:
            var fields: [(key: [UInt8], value: Value)] = []
            for _ in 0..<size {
                guard case .text(let key) = try value(&next, base, end, &budget, depth + 1, isTarget: false) else {
                    throw Broken()
                }
                fields.append((key, try value(&next, base, end, &budget, depth + 1, isTarget: false)))
            }
            return .map(fields)
        case 11:
            for _ in 0..<size { _ = try value(&next, base, end, &budget, depth + 1, isTarget: false) }
            return .other
        case 14: return .other
        default: throw Broken()
        }
    }
}
