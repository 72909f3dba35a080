// Internet addresses with a port: what to listen on, and who is calling.
internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Equatable {
    /// The 16 bytes of the address; an IPv4 address in its IPv6-mapped form (RFC 4291, section 2.5.5.2).
    public let bytes: [16 of UInt8]
    /// The port, in host order.
    public let port: UInt16
    /// Whether this is an IPv4 address.
    public let isIPv4: Bool

    /// Whether only processes of this machine reach it: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        if isIPv4 { return bytes[12] == 127 }
        return (0..<15).allSatisfy { bytes[$0] == 0 } && bytes[15] == 1
    }

    /// An address from its 16 bytes.
    public init(bytes: [16 of UInt8], port: UInt16, isIPv4: Bool) {
        self.bytes = bytes
        self.port = port
        self.isIPv4 = isIPv4
    }

    /// Reads `127.0.0.1:7143`, `[::1]:7143` or `localhost:7143`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        // The integer's own reading would take a sign too.
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isBracketed ? host.dropFirst().dropLast() : host == "localhost" ? "127.0.0.1" : host
        // Brackets are there for the colons within.
        guard name.utf8.contains(0x3a) == isBracketed, let address = InternetAddress(String(name)) else { return nil }
        self.init(address, port: port)
    }

    private init(_ address: in6_addr, port: UInt16) {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        unsafe withUnsafeBytes(of: address) { source in
            for index in 0..<16 { bytes[index] = unsafe source[index] }
        }
        let mapped = (0..<10).allSatisfy { bytes[$0] == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        self.init(bytes: bytes, port: port, isIPv4: mapped)
    }

    private init(_ address: in_addr, port: UInt16) {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        bytes[10] = 0xff
        bytes[11] = 0xff
        unsafe withUnsafeBytes(of: address) { source in
            for index in 0..<4 { bytes[12 + index] = unsafe source[index] }
        }
        self.init(bytes: bytes, port: port, isIPv4: true)
    }

    init?(_ storage: sockaddr_storage) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self) }
            self.init(address.sin_addr, port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in6.self) }
            self.init(address.sin6_addr, port: UInt16(bigEndian: address.sin6_port))
        default:
            return nil
        }
    }

    /// Hands the address to a call in the kernel's form.
    func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &address.sin_addr) { target in
                for index in 0..<4 { unsafe target[index] = bytes[12 + index] }
            }
            return unsafe withUnsafeBytes(of: &address) { raw in
                unsafe raw.withMemoryRebound(to: sockaddr.self) { rebound in
                    guard let base = rebound.baseAddress else { preconditionFailure("an address has bytes") }
                    return unsafe body(base, socklen_t(raw.count))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { target in
            for index in 0..<16 { unsafe target[index] = bytes[index] }
        }
        return unsafe withUnsafeBytes(of: &address) { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) { rebound in
                guard let base = rebound.baseAddress else { preconditionFailure("an address has bytes") }
                return unsafe body(base, socklen_t(raw.count))
            }
        }
    }

    /// Whether the address is every address of the host (`0.0.0.0` or `::`).
    public var isUnspecified: Bool {
        (isIPv4 ? 12..<16 : 0..<16).allSatisfy { bytes[$0] == 0 }
    }

    /// Equal when address and port are.
    public static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        left.port == right.port && (0..<16).allSatisfy { left.bytes[$0] == right.bytes[$0] }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// As it stands in a URL: `127.0.0.1:7143`, `[::1]:7143`.
    public var description: String {
        isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}
