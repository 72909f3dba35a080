// Internet addresses without a port, as two words: read strictly, written in one way, compared at once.

/// An IPv4 or IPv6 address. An IPv4 address is kept in its IPv6-mapped form and equal to it (RFC 4291, section 2.5.5.2).
public struct InternetAddress: BitwiseCopyable, Equatable, Sendable {
    /// The first eight of the 16 bytes, the first one uppermost.
    public let high: UInt64
    /// The last eight of the 16 bytes.
    public let low: UInt64

    /// An address from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address from its 32 bits.
    public init(ipv4: UInt32) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4))
    }

    /// An address from its 16 bytes.
    public init(bytes: [16 of UInt8]) {
        var (high, low) = (UInt64(0), UInt64(0))
        for index in 0..<8 {
            high = high << 8 | UInt64(bytes[index])
            low = low << 8 | UInt64(bytes[index + 8])
        }
        self.init(high: high, low: low)
    }

    /// The 16 bytes.
    public var bytes: [16 of UInt8] {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - index * 8))
            bytes[index + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - index * 8))
        }
        return bytes
    }

    /// Whether it is an IPv4 address, written as one or mapped.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Whether only processes of this machine have it: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? (low >> 24) & 0xff == 127 : high == 0 && low == 1 }

    /// The bit at a place from 0, the uppermost, to 127.
    public func bit(_ place: Int) -> Int {
        Int(truncatingIfNeeded: place < 64 ? high >> UInt64(63 - place) : low >> UInt64(127 - place)) & 1
    }

    /// Reads `192.0.2.1`, `2001:db8::1` or `::ffff:192.0.2.1` as far as the whole text is just that; nil for anything else: no
    /// leading zeros, no zone, no brackets, no port. O(text), no allocation.
    public init?(_ text: Span<UInt8>) {
        // The longest is ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.
        guard (2...45).contains(text.count) else { return nil }
        for index in text.indices where text[index] == 0x3a {
            guard let address = Self.ipv6(text) else { return nil }
            self = address
            return
        }
        guard let address = Self.ipv4(text, from: 0) else { return nil }
        self.init(ipv4: address)
    }

    /// Reads an address as ``init(_:)-(Span<UInt8>)`` does.
    public init?(_ text: String) {
        let text = text
        self.init(text.utf8Span.span)
    }

    private static func ipv4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
        var (address, parts, digits, number) = (UInt32(0), 0, 0, UInt32(0))
        for index in start..<text.count {
            let byte = text[index]
            if byte == 0x2e {
                guard digits > 0, parts < 3 else { return nil }
                address = address << 8 | number
                (parts, digits, number) = (parts + 1, 0, 0)
                continue
            }
            // What begins with 0 is octal to some.
            guard byte &- 0x30 < 10, digits == 0 || number > 0 else { return nil }
            number = number * 10 + UInt32(byte - 0x30)
            digits += 1
            guard number <= 255 else { return nil }
        }
        return parts == 3 && digits > 0 ? address << 8 | number : nil
    }

    private static func ipv6(_ text: Span<UInt8>) -> InternetAddress? {
        var groups: [8 of UInt16] = .init(repeating: 0)
        var count = 0
        var gap: Int?
        var index = 0
        if text[0] == 0x3a {
            guard text[1] == 0x3a else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            guard count < 8 else { return nil }
            let start = index
            var group: UInt16 = 0
            while index < text.count, let digit = hexadecimal(text[index]) {
                guard index - start < 4 else { return nil }
                group = group << 4 | UInt16(digit)
                index += 1
            }
            if index < text.count, text[index] == 0x2e {
                guard count <= 6, let last = ipv4(text, from: start) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: last >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: last)
                count += 2
                break
            }
            guard index > start else { return nil }
            groups[count] = group
            count += 1
            guard index < text.count else { break }
            guard text[index] == 0x3a else { return nil }
            index += 1
            // A colon is followed by a group or by the one that makes it a gap.
            guard index < text.count else { return nil }
            if text[index] == 0x3a {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        var halves: [2 of UInt64] = .init(repeating: 0)
        let zeros = 8 - count
        for place in 0..<8 {
            let before = gap ?? 8
            let group = place < before ? groups[place] : place < before + zeros ? 0 : groups[place - zeros]
            halves[place / 4] = halves[place / 4] << 16 | UInt64(group)
        }
        return InternetAddress(high: halves[0], low: halves[1])
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension InternetAddress: CustomStringConvertible {
    /// As RFC 5952 has it: lower case, no leading zeros, `::` for the first of the longest runs of at least two zero groups.
    public var description: String {
        if isIPv4 { return "\(low >> 24 & 0xff).\(low >> 16 & 0xff).\(low >> 8 & 0xff).\(low & 0xff)" }
        func group(_ place: Int) -> UInt64 { (place < 4 ? high : low) >> UInt64(48 - place % 4 * 16) & 0xffff }
        var (longest, run) = (0..<0, 0)
        for place in 0..<8 {
            run = group(place) == 0 ? run + 1 : 0
            if run >= 2, run > longest.count { longest = (place + 1 - run)..<(place + 1) }
        }
        var text = ""
        for place in 0..<8 where !longest.contains(place) {
            if !longest.isEmpty, place == longest.upperBound { text += "::" } else if place > 0 { text += ":" }
            text += String(group(place), radix: 16)
        }
        return !longest.isEmpty && longest.upperBound == 8 ? text + "::" : text
    }
}

extension SocketAddress {
    /// The address without its port.
    public var host: InternetAddress { InternetAddress(bytes: bytes) }

    /// An address and a port.
    public init(_ host: InternetAddress, port: UInt16) {
        self.init(bytes: host.bytes, port: port, isIPv4: host.isIPv4)
    }
}
