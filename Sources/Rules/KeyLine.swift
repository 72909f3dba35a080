// The line that makes a key known to the server, and the file of such lines.
internal import Kernel

/// One line of a key file: `name=deploy id=3f9a2k1c sha256=<64 digits> scopes=create,receipt max-ttl=1h expires=...`.
///
/// Pieces of the form `word=value` in any order with spaces between them, each at most once; `name`, `id` and `sha256` have to be
/// there. It holds nothing secret: the key's random part has 256 bits, so its hash tells nobody the key, and needs neither salt
/// nor a slow hash, which are for what people make up.
public struct KeyLine: Equatable, Sendable {
    /// What lists and logs call it.
    public var name: String
    /// By what it is found.
    public var id: KeyID
    /// SHA-256 of its text.
    public var hash: [32 of UInt8]
    /// What it may do.
    public var scopes: KeyScopes
    /// What it is limited to.
    public var caps: KeyCaps
    /// When it stops to be valid, in seconds since 1970.
    public var expires: Int64?

    init(name: String, id: KeyID, hash: [32 of UInt8], scopes: KeyScopes, caps: KeyCaps, expires: Int64?) {
        self.name = name
        self.id = id
        self.hash = hash
        self.scopes = scopes
        self.caps = caps
        self.expires = expires
    }

    func hasHash(of other: KeyLine) -> Bool { hash.indices.allSatisfy { hash[$0] == other.hash[$0] } }

    /// Whether both would be written alike.
    public static func == (left: KeyLine, right: KeyLine) -> Bool { left.text == right.text }

    /// The line, without its end.
    public var text: String {
        var text = "name=\(name) id=\(id.text) sha256="
        for index in hash.indices {
            text += hash[index] < 16 ? "0" : ""
            text += String(hash[index], radix: 16)
        }
        text += " scopes=" + scopes.names.joined(separator: ",")
        if let limit = caps.maximumTimeToLive { text += " max-ttl=\(limit)" }
        if let limit = caps.maximumContent { text += " max-size=\(limit)" }
        if let limit = caps.creations { text += " max-count=\(limit)" }
        if !caps.networks.isEmpty { text += " networks=" + caps.networks.map(\.description).joined(separator: ",") }
        if let limit = caps.uses { text += " uses=\(limit)" }
        if let expires { text += " expires=\(WallClock.timestamp(expires))" }
        return text
    }
}

/// A mistake in a key file. It never says what stands there: somebody may have put a key in.
public struct KeyFileFault: Error, Equatable, Sendable {
    /// From 1; nil where it is about the file as a whole, or about a command line.
    public var line: Int?
    /// What is wrong.
    public let reason: String

    init(_ reason: String, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }

    /// Both, for a message.
    public var text: String { line.map { "line \($0): \(reason)" } ?? reason }
}

/// The pieces of a line as they come, checked one by one. `keygen` takes its options through the same checks.
public struct KeyFields {
    private var name: String?
    private var id: KeyID?
    private var hash: [32 of UInt8]?
    private var scopes = KeyScopes.standard
    private var caps = KeyCaps()
    private var expires: Int64?
    private var seen: [String] = []

    /// Nothing yet.
    public init() {}

    /// The longest name of a key, in characters.
    public static let nameLimit = 64
    /// How many networks a key may have.
    public static let networkLimit = 32
    /// The largest number of creations and of uses that a key can be limited to.
    public static let countLimit = 1_000_000_000

    /// Takes one piece.
    ///
    /// - Parameter now: allows an expiry as a time from now on, such as `30d`, and none that is over; seconds since 1970.
    public mutating func set(_ word: String, to value: String, now: Int64? = nil) throws(KeyFileFault) {
        guard !seen.contains(word) else { throw KeyFileFault("there is more than one \(word)") }
        switch word {
        case "name":
            guard Self.isName(value) else {
                throw KeyFileFault("name has to be 1 to \(Self.nameLimit) of the characters A-Z a-z 0-9 . _ @ -")
            }
            name = value
        case "id":
            guard let found = KeyID(value.utf8Span.span) else {
                throw KeyFileFault("id has to be \(KeyID.size) of the characters 0-9 a-z")
            }
            id = found
        case "sha256":
            guard let found = Self.digest(value) else { throw KeyFileFault("sha256 has to be 64 hexadecimal digits") }
            hash = found
        case "scopes":
            guard let found = KeyScopes(list: value) else {
                throw KeyFileFault("scopes have to be some of \(KeyScopes.allNames), with commas between them")
            }
            scopes = found
        case "max-ttl": caps.maximumTimeToLive = try time(value, word)
        case "max-size":
            let units: [(UInt8, Int)] = [(0x6b, 1 << 10), (0x4d, 1 << 20), (0x47, 1 << 30)]
            guard let bytes = Self.scaled(value, units, 1...(1 << 30)) else {
                throw KeyFileFault("max-size has to be a size of 1 to 1G bytes, such as 65536, 64k or 16M")
            }
            caps.maximumContent = bytes
        case "max-count": caps.creations = try count(value, word)
        case "networks":
            caps.networks = []
            for piece in value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let range = AddressRange(String(decoding: piece, as: UTF8.self)) else {
                    throw KeyFileFault(
                        "networks have to be addresses or ranges such as 10.0.0.0/8, with commas between them")
                }
                guard caps.networks.count < Self.networkLimit else {
                    throw KeyFileFault("there are more than \(Self.networkLimit) networks")
                }
                caps.networks.append(range)
            }
        case "uses": caps.uses = try count(value, word)
        case "expires":
            if let moment = Timestamp(parsing: value.utf8Span.span) {
                if let now, moment.seconds <= now {
                    throw KeyFileFault("expires has to be a moment that is still to come")
                }
                // A key lives not a part of a second longer than its line says.
                expires = moment.seconds
            } else if let now {
                expires = now + Int64(try time(value, word))
            } else {
                throw KeyFileFault("expires has to be a moment such as 2027-01-31T12:00:00Z")
            }
        default: throw KeyFileFault("there is a word that is not known")
        }
        seen.append(word)
    }

    /// The line, once all pieces are there.
    public func line() throws(KeyFileFault) -> KeyLine {
        guard let name, let id, let hash else { throw KeyFileFault("name, id and sha256 have to be there") }
        return KeyLine(name: name, id: id, hash: hash, scopes: scopes, caps: caps, expires: expires)
    }

    /// The line of a key that was made just now.
    public mutating func line(id: KeyID, hash: [32 of UInt8]) throws(KeyFileFault) -> KeyLine {
        guard name != nil else { throw KeyFileFault("name has to be there") }
        (self.id, self.hash) = (id, hash)
        return try line()
    }

    private func time(_ value: String, _ word: String) throws(KeyFileFault) -> Int {
        let units: [(UInt8, Int)] = [(0x73, 1), (0x6d, 60), (0x68, 3600), (0x64, 86400)]
        guard let seconds = Self.scaled(value, units, 1...(3650 * 86400)) else {
            throw KeyFileFault("\(word) has to be a time of 1 second to 3650 days, such as 90, 15m, 12h or 7d")
        }
        return seconds
    }

    private func count(_ value: String, _ word: String) throws(KeyFileFault) -> Int {
        guard let count = Self.scaled(value, [], 1...Self.countLimit) else {
            throw KeyFileFault("\(word) has to be a whole number from 1 to \(Self.countLimit)")
        }
        return count
    }

    /// Digits and at most one unit behind them.
    private static func scaled(_ value: String, _ units: [(UInt8, Int)], _ range: ClosedRange<Int>) -> Int? {
        var digits = Array(value.utf8)
        var scale = 1
        if let last = digits.last, let unit = units.first(where: { $0.0 == last }) {
            scale = unit.1
            digits.removeLast()
        }
        guard (1...10).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return !overflow && range.contains(product) ? product : nil
    }

    private static func isName(_ text: String) -> Bool {
        (1...nameLimit).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func digest(_ text: String) -> [32 of UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [32 of UInt8] = .init(repeating: 0)
        for (index, digit) in digits.enumerated() {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x61 + 10
            default: return nil
            }
            bytes[index / 2] = bytes[index / 2] << 4 | value
        }
        return bytes
    }
}

/// Lines of keys, read strictly: a line that is not understood makes the whole file wrong.
public enum KeyFile {
    /// The largest file, in bytes.
    public static let maximumSize = 256 << 10
    /// The longest line, in bytes.
    public static let maximumLine = 2048
    /// The largest number of keys, from all sources together.
    public static let maximumKeys = 1000

    /// The keys of a text. Lines end with a line feed or a semicolon; empty ones, and those that begin with `#`, say nothing.
    public static func parse(_ bytes: [UInt8]) throws(KeyFileFault) -> [KeyLine] {
        guard bytes.count <= maximumSize else { throw KeyFileFault("it has more than \(maximumSize) bytes") }
        var lines: [KeyLine] = []
        var ids: Set<KeyID> = []
        var number = 1
        var start = 0
        while start <= bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0a, bytes[end] != 0x3b { end += 1 }
            do throws(KeyFileFault) {
                if let line = try line(bytes[start..<end]) {
                    guard ids.insert(line.id).inserted else { throw KeyFileFault("the id was there before") }
                    guard lines.count < maximumKeys else {
                        throw KeyFileFault("there are more than \(maximumKeys) keys")
                    }
                    lines.append(line)
                }
            } catch {
                throw KeyFileFault(error.reason, line: number)
            }
            number += 1
            start = end + 1
        }
        return lines
    }

    /// The keys of two sources.
    public static func join(_ first: [KeyLine], _ second: [KeyLine]) throws(KeyFileFault) -> [KeyLine] {
        let both = first + second
        guard both.count <= maximumKeys else { throw KeyFileFault("there are more than \(maximumKeys) keys") }
        guard Set(both.map(\.id)).count == both.count else { throw KeyFileFault("an id is in API_KEYS, too") }
        return both
    }

    private static func line(_ bytes: ArraySlice<UInt8>) throws(KeyFileFault) -> KeyLine? {
        guard bytes.count <= maximumLine else { throw KeyFileFault("it has more than \(maximumLine) bytes") }
        // Files of other systems end their lines with CR LF.
        let bytes = bytes.last == 0x0d ? bytes.dropLast() : bytes
        let pieces = bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
        guard let first = pieces.first, first.first != UInt8(ascii: "#") else { return nil }
        guard bytes.allSatisfy({ $0 == 0x09 || (0x20...0x7e).contains($0) }) else {
            throw KeyFileFault("there is a character that is not printable ASCII")
        }
        var fields = KeyFields()
        for piece in pieces {
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else {
                throw KeyFileFault("there is a piece without =")
            }
            try fields.set(
                String(decoding: piece[..<equals], as: UTF8.self),
                to: String(decoding: piece[(equals + 1)...], as: UTF8.self))
        }
        return try fields.line()
    }
}
