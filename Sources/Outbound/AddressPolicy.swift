// Which addresses may be called: by default only those that lie outside, whatever a name says.
internal import Kernel

/// Which addresses a sender may call.
enum AddressPolicy: Sendable {
    /// None.
    case nobody
    /// Only those that everybody can reach.
    case publicOnly
    /// Those of this machine and of private networks, too.
    case anyHost
    /// Only those of this machine and of private networks: where nothing protects what is sent.
    case privateOnly

    func allows(_ address: SocketAddress) -> Bool {
        guard !address.isUnspecified, !address.isMulticast else { return false }
        switch self {
        case .nobody: return false
        case .publicOnly: return address.isPublic
        case .anyHost: return true
        case .privateOnly: return !address.isPublic
        }
    }
}

extension SocketAddress {
    /// Whether it is an address of many (RFC 1112, RFC 4291), the broadcast address included.
    var isMulticast: Bool {
        isIPv4 ? bytes[12] & 0xf0 == 0xe0 || (12..<16).allSatisfy { bytes[$0] == 0xff } : bytes[0] == 0xff
    }

    /// Whether the address is one that everybody can reach, by IANA's registries of special addresses (RFC 6890): not loopback,
    /// private, link-local, shared, reserved, for documentation, nor one that carries such an IPv4 address in it.
    var isPublic: Bool {
        if isIPv4 { return Self.isPublic((bytes[12], bytes[13], bytes[14], bytes[15])) }
        // NAT64 (RFC 6052): the IPv4 address behind it is who is meant.
        let isTranslated =
            bytes[0] == 0 && bytes[1] == 0x64 && bytes[2] == 0xff && bytes[3] == 0x9b
            && (4..<12).allSatisfy { bytes[$0] == 0 }
        if isTranslated { return Self.isPublic((bytes[12], bytes[13], bytes[14], bytes[15])) }
        // All that is given out is below 2000::/3 (RFC 4291, section 2.4).
        guard bytes[0] & 0xe0 == 0x20 else { return false }
        let first = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        let second = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        // Teredo, ORCHID and other protocols (2001::/23), documentation, 6to4, documentation.
        return !(first == 0x2001 && (second < 0x200 || second == 0xdb8)) && first != 0x2002
            && !(first == 0x3fff && second < 0x1000)
    }

    private static func isPublic(_ bytes: (UInt8, UInt8, UInt8, UInt8)) -> Bool {
        switch bytes {
        case (0, _, _, _), (10, _, _, _), (127, _, _, _), (224...255, _, _, _): false
        case (100, 64...127, _, _), (169, 254, _, _), (172, 16...31, _, _), (192, 168, _, _): false
        case (192, 0, 0, _), (192, 0, 2, _), (192, 88, 99, _), (198, 18...19, _, _): false
        case (198, 51, 100, _), (203, 0, 113, _): false
        default: true
        }
    }
}
