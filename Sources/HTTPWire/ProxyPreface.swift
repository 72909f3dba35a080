// The binary header by which a proxy says for whom it opened a connection.

/// What is wrong with a header of the PROXY protocol. The connection cannot go on after any of it.
public enum ProxyFault: Error, Equatable, Sendable {
    /// The first twelve bytes are others.
    case signature
    /// The version is not 2, or the command neither LOCAL nor PROXY.
    case version
    /// The family or the transport is none that is known, or not that of a stream.
    case family
    /// The header is too short for its addresses, or longer than ``ProxyPreface/maximumBytes``.
    case length
}

/// Reads the header of the PROXY protocol, version 2, as it comes, and not a byte of what follows.
///
/// The protocol's specification, "The PROXY protocol, versions 1 & 2", section 2.2 (HAProxy, proxy-protocol.txt).
public struct ProxyPreface: Sendable {
    /// The longest header, extensions included, in bytes.
    public static var maximumBytes: Int { 4096 }

    /// Whom a proxy speaks for.
    public struct Source: Equatable, Sendable {
        /// The 16 bytes of the address, an IPv4 one in its mapped form.
        public let bytes: [16 of UInt8]
        /// The port.
        public let port: UInt16

        /// Equal when address and port are.
        public static func == (left: Source, right: Source) -> Bool {
            left.port == right.port && (0..<16).allSatisfy { left.bytes[$0] == right.bytes[$0] }
        }
    }

    private enum Family { case none, ipv4, ipv6 }

    private static var signature: [12 of UInt8] {
        [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    }

    /// The fixed part and the longest pair of addresses that is looked at; extensions behind them are skipped.
    private var kept: [52 of UInt8] = .init(repeating: 0)
    private var count = 0
    private var length = 16
    private var family = Family.none

    /// Nothing has come yet.
    public init() {}

    /// How many bytes the header still has for sure; 0 when it is complete.
    public var missing: Int { length - count }

    /// Whether anything of it has come.
    public var hasBegun: Bool { count > 0 }

    /// Whom the proxy speaks for, once the header is complete; nil where it speaks for itself (LOCAL) or for nobody with an Internet
    /// address (UNSPEC, UNIX).
    public var source: Source? {
        guard missing == 0, family != .none else { return nil }
        var bytes: [16 of UInt8] = .init(repeating: 0)
        if family == .ipv4 {
            (bytes[10], bytes[11]) = (0xff, 0xff)
            for index in 0..<4 { bytes[12 + index] = kept[16 + index] }
        } else {
            for index in 0..<16 { bytes[index] = kept[16 + index] }
        }
        let port = family == .ipv4 ? 24 : 48
        return Source(bytes: bytes, port: UInt16(kept[port]) << 8 | UInt16(kept[port + 1]))
    }

    /// Takes the next bytes, at most as many as are missing.
    public mutating func take(_ bytes: Span<UInt8>) throws(ProxyFault) {
        let signature = Self.signature
        for index in bytes.indices {
            if count < kept.count { kept[count] = bytes[index] }
            if count < signature.count, bytes[index] != signature[count] { throw .signature }
            count += 1
            if count == 16 { try readFixedPart() }
        }
    }

    private mutating func readFixedPart() throws(ProxyFault) {
        let rest = Int(kept[14]) << 8 | Int(kept[15])
        length += rest
        guard length <= Self.maximumBytes else { throw .length }
        switch kept[12] {
        case 0x20: return  // LOCAL: whatever follows is skipped.
        case 0x21: break
        default: throw .version
        }
        let needed: Int
        switch kept[13] {
        case 0x00: return
        case 0x11: (family, needed) = (.ipv4, 12)
        case 0x21: (family, needed) = (.ipv6, 36)
        case 0x31: needed = 216
        default: throw .family
        }
        guard rest >= needed else { throw .length }
    }
}
