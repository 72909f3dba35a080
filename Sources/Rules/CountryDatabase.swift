// Countries by address, out of a file that the operator brings.
public import Kernel

/// Why a file is no database of countries, as a clause.
public struct DatabaseFault: Error {
    /// What is wrong with it.
    public let text: StaticString
}

/// A database in the MaxMind DB format, version 2: a binary tree over the bits of addresses, whose leaves point to records.
///
/// A hostile file can make an answer wrong, or none; it cannot make a look-up crash, or take more than ``maximumSteps`` steps.
/// The format's specification, "MaxMind DB File Format Specification", version 2.0.
public struct CountryDatabase: Sendable {
    /// The largest file, in bytes; those of countries have about ten million.
    public static var maximumSize: Int { 128 << 20 }
    /// How many values of a record are looked at: those of the largest ones that are published have some hundred.
    public static var maximumSteps: Int { 4096 }
    /// How many nodes, spread over the tree, are looked at to find a record that has a country.
    private static var sampledNodes: Int { 16384 }
    /// How many values of all their records together.
    private static var sampledSteps: Int { 1 << 20 }

    private let bytes: [UInt8]
    private let nodeCount: Int
    /// Bits of a record of the tree: 24, 28 or 32.
    private let recordSize: Int
    private let isIPv6: Bool
    /// Where the tree ends, and 16 zero bytes begin.
    private let treeEnd: Int
    /// Where metadata begins, and values end.
    private let dataEnd: Int
    /// Where the IPv4 addresses begin in a tree of IPv6 ones, under 96 zero bits.
    private var firstIPv4Node = 0

    /// A database out of a file's bytes. O(128 KiB), and some milliseconds more where none of the first records has a country.
    ///
    /// - Throws: that it is no such file, or one of something else: rules about countries would let everybody in.
    public init(_ bytes: [UInt8]) throws(DatabaseFault) {
        self.bytes = bytes
        let (start, end) = try Self.metadata(in: bytes.span)
        dataEnd = end
        var metadata = RecordReader(base: start, end: bytes.count)
        let span = bytes.span
        let root = start
        func number(_ key: StaticString) -> UInt64? {
            metadata.value(of: key, inMapAt: root, span).flatMap { metadata.number(at: $0, span) }
        }
        guard number("binary_format_major_version") == 2 else {
            throw DatabaseFault(text: "it is of another version of the format than 2")
        }
        guard let recordSize = number("record_size"), recordSize == 24 || recordSize == 28 || recordSize == 32 else {
            throw DatabaseFault(text: "its records have neither 24, 28 nor 32 bits")
        }
        guard let version = number("ip_version"), version == 4 || version == 6 else {
            throw DatabaseFault(text: "it is neither of IPv4 nor of IPv6 addresses")
        }
        guard let count = number("node_count"), count > 0, count <= UInt64(dataEnd) else {
            throw DatabaseFault(text: "its tree is larger than the file, or empty")
        }
        nodeCount = Int(count)
        self.recordSize = Int(recordSize)
        isIPv6 = version == 6
        treeEnd = nodeCount * self.recordSize / 4
        guard treeEnd + 16 <= dataEnd else {
            throw DatabaseFault(text: "its tree is larger than the file, or empty")
        }
        if isIPv6 {
            for _ in 0..<96 where firstIPv4Node < nodeCount { firstIPv4Node = record(firstIPv4Node, 0, span) }
        }
        guard hasCountries else {
            throw DatabaseFault(
                text: "its records have no country (country.iso_code, country_code, or two letters in country)")
        }
    }

    /// Whether it says something about IPv4 addresses.
    public var hasIPv4: Bool { firstIPv4Node != nodeCount }

    /// Whether it says something about the IPv6 addresses that there are, those of 2000::/3.
    public var hasIPv6: Bool {
        guard isIPv6 else { return false }
        var node = 0
        for side in [0, 0, 1] where node < nodeCount { node = record(node, side, bytes.span) }
        return node != nodeCount
    }

    /// Whether a record has a country, of those that nodes all over the tree point to.
    private var hasCountries: Bool {
        let span = bytes.span
        var left = Self.sampledSteps
        for node in stride(from: 0, to: nodeCount, by: max(nodeCount / Self.sampledNodes, 1)) where left > 0 {
            for side in 0..<2 {
                let target = record(node, side, span)
                guard target > nodeCount else { continue }
                var reader = RecordReader(base: treeEnd + 16, end: dataEnd)
                if reader.country(treeEnd + target - nodeCount, span)?.isAssigned == true { return true }
                left -= Self.maximumSteps - reader.steps
            }
        }
        return false
    }

    /// The country of an address: where it is, else where it is registered; nil if the file does not know. O(1): at most 128 steps
    /// down the tree, and ``maximumSteps`` in a record; no allocation.
    public func country(of address: InternetAddress) -> CountryCode? {
        guard isIPv6 || address.isIPv4 else { return nil }
        let span = bytes.span
        var node = address.isIPv4 ? firstIPv4Node : 0
        var place = address.isIPv4 ? 96 : 0
        while node < nodeCount, place < 128 {
            node = record(node, address.bit(place), span)
            place += 1
        }
        // The number of nodes itself says that there is none.
        guard node > nodeCount else { return nil }
        var reader = RecordReader(base: treeEnd + 16, end: dataEnd)
        return reader.country(treeEnd + node - nodeCount, span)
    }

    /// One of the two records of a node, which is in the tree.
    private func record(_ node: Int, _ side: Int, _ bytes: Span<UInt8>) -> Int {
        let start = node * recordSize / 4
        func number(_ offset: Int, _ count: Int) -> Int {
            var number = 0
            for index in 0..<count { number = number << 8 | Int(bytes[start + offset + index]) }
            return number
        }
        switch recordSize {
        case 24: return number(side * 3, 3)
        case 28:
            // The byte in the middle has the upper four bits of both.
            let middle = Int(bytes[start + 3])
            return side == 0 ? (middle >> 4) << 24 | number(0, 3) : (middle & 15) << 24 | number(4, 3)
        default: return number(side * 4, 4)
        }
    }

    /// Where metadata begins behind its mark, and where the mark does: the last one in the last 128 KiB.
    private static func metadata(in bytes: Span<UInt8>) throws(DatabaseFault) -> (start: Int, mark: Int) {
        // "\xab\xcd\xefMaxMind.com"
        let mark: [14 of UInt8] = [
            0xab, 0xcd, 0xef, 0x4d, 0x61, 0x78, 0x4d, 0x69, 0x6e, 0x64, 0x2e, 0x63, 0x6f, 0x6d,
        ]
        var start = bytes.count - mark.count
        let lowest = max(0, start - 128 * 1024)
        while start >= lowest {
            var index = 0
            while index < mark.count, bytes[start + index] == mark[index] { index += 1 }
            if index == mark.count { return (start + mark.count, start) }
            start -= 1
        }
        throw DatabaseFault(text: "it is no MaxMind DB file")
    }
}

extension RecordReader {
    /// The country of the record at a place, in the forms that are published: MaxMind's, then the flat ones of others, and where it is
    /// registered if nothing says where it is.
    fileprivate mutating func country(_ root: Int, _ bytes: Span<UInt8>) -> CountryCode? {
        let country = value(of: "country", inMapAt: root, bytes)
        return code("iso_code", inMapAt: country, bytes) ?? code("country_code", inMapAt: root, bytes)
            ?? code(at: country, bytes)
            ?? code("iso_code", inMapAt: value(of: "registered_country", inMapAt: root, bytes), bytes)
    }

    private mutating func code(_ key: StaticString, inMapAt place: Int?, _ bytes: Span<UInt8>) -> CountryCode? {
        guard let place else { return nil }
        return code(at: value(of: key, inMapAt: place, bytes), bytes)
    }

    private mutating func code(at place: Int?, _ bytes: Span<UInt8>) -> CountryCode? {
        guard let place, let text = text(at: place, bytes) else { return nil }
        return CountryCode(bytes.extracting(text))
    }
}
