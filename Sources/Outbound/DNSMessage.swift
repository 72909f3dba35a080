// Questions to a name server and its answers, as bytes (RFC 1035, section 4; RFC 3596).
internal import Kernel

/// One question for the addresses of a name, and what an answer to it says.
struct DNSQuestion {
    /// Kinds of records that are asked for.
    enum Kind: UInt8 { case ipv4 = 1, ipv6 = 28 }

    enum Answer: Equatable {
        /// Addresses, with port 0; none where the name has none of the kind.
        case addresses([SocketAddress])
        /// There is no such name.
        case noSuchName
        /// The server cannot say.
        case failure
    }

    /// The most addresses that are taken from an answer.
    static let maximumAddresses = 8
    private static let headerCount = 12
    private static let aliasType = 5
    private static let maximumAliases = 8

    private let kind: Kind
    /// The whole message.
    let bytes: [UInt8]

    /// A question; nil where the name fits no message.
    init?(_ name: String, _ kind: Kind, id: UInt16) {
        // Recursion is wanted; one question, nothing else.
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            guard label.utf8.count <= 63 else { return nil }
            bytes.append(UInt8(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }
        bytes.append(0)
        guard bytes.count - Self.headerCount <= 255 else { return nil }
        bytes += [0, kind.rawValue, 0, 1]
        self.bytes = bytes
        self.kind = kind
    }

    /// What a message answers; nil where it is no answer to this question.
    func answer(in message: Span<UInt8>) -> Answer? {
        guard message.count >= bytes.count, message[0] == bytes[0], message[1] == bytes[1], message[2] & 0xf8 == 0x80,
            message[4] == 0, message[5] == 1
        else { return nil }
        for index in Self.headerCount..<bytes.count where Self.lower(message[index]) != bytes[index] { return nil }
        switch message[3] & 0x0f {
        case 0: break
        case 3: return .noSuchName
        default: return .failure
        }
        let count = Int(message[6]) << 8 | Int(message[7])
        guard let name = Self.name(in: message, at: Self.headerCount)?.name else { return .failure }
        guard let found = addresses(of: name, in: message, records: count) else { return .failure }
        // A message that was cut and says nothing: there would be more.
        return found.isEmpty && message[2] & 0x02 != 0 ? .failure : .addresses(found)
    }

    /// Follows aliases from a name to its addresses; nil where the message is broken.
    private func addresses(of name: [UInt8], in message: Span<UInt8>, records: Int) -> [SocketAddress]? {
        var wanted = name
        var found: [SocketAddress] = []
        for _ in 0...Self.maximumAliases {
            var alias: [UInt8]?
            var offset = bytes.count
            for _ in 0..<records {
                guard let (owner, fields) = Self.name(in: message, at: offset), fields + 10 <= message.count else {
                    // What was cut off is no fault of what is there.
                    return message[2] & 0x02 != 0 ? found : nil
                }
                let type = Int(message[fields]) << 8 | Int(message[fields + 1])
                let size = Int(message[fields + 8]) << 8 | Int(message[fields + 9])
                offset = fields + 10 + size
                guard offset <= message.count else { return message[2] & 0x02 != 0 ? found : nil }
                guard owner == wanted, message[fields + 2] == 0, message[fields + 3] == 1 else { continue }
                if type == Self.aliasType { alias = Self.name(in: message, at: fields + 10)?.name }
                if type == Int(kind.rawValue), let address = address(in: message.extracting(fields + 10..<offset)),
                    found.count < Self.maximumAddresses
                {
                    found.append(address)
                }
            }
            guard found.isEmpty, let alias else { return found }
            wanted = alias
        }
        return found
    }

    private func address(in data: Span<UInt8>) -> SocketAddress? {
        guard data.count == (kind == .ipv4 ? 4 : 16) else { return nil }
        var bytes: [16 of UInt8] = .init(repeating: 0)
        for index in data.indices { bytes[16 - data.count + index] = data[index] }
        let isMapped = (0..<10).allSatisfy { bytes[$0] == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if kind == .ipv4 { (bytes[10], bytes[11]) = (0xff, 0xff) }
        return SocketAddress(bytes: bytes, port: 0, isIPv4: kind == .ipv4 || isMapped)
    }

    /// A name as labels in lower case, and where what follows it begins. Pointers lead back only, so they end (section 4.1.4).
    private static func name(in message: Span<UInt8>, at start: Int) -> (name: [UInt8], end: Int)? {
        var (name, offset, end): ([UInt8], Int, Int?) = ([], start, nil)
        while offset < message.count {
            let count = Int(message[offset])
            if count >= 0xc0 {
                guard offset + 1 < message.count else { return nil }
                let target = (count & 0x3f) << 8 | Int(message[offset + 1])
                guard target < offset else { return nil }
                end = end ?? offset + 2
                offset = target
                continue
            }
            guard count < 64, offset + 1 + count <= message.count, name.count + 1 + count <= 255 else { return nil }
            for index in offset...offset + count {
                name.append(index == offset ? message[index] : lower(message[index]))
            }
            offset += 1 + count
            if count == 0 { return (name, end ?? offset) }
        }
        return nil
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
    }
}
