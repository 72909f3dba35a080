// Whom to call: a host with a port, read so that it can mean one thing only.
internal import Kernel

/// A host, by name or by address, with a port.
public struct Endpoint: Sendable, Equatable {
    /// The name in lower case, or the address as it stands in a URL, without a port.
    public let host: String
    /// The port.
    public let port: UInt16
    /// The address, where the host is one.
    let address: SocketAddress?

    /// Reads `host`, `host:port`, `127.0.0.1:514` or `[::1]:514`.
    ///
    /// Nil for anything else, above all for addresses in other spellings, such as `2130706433`, `0x7f.1` or `127.1`, which mean
    /// something to some programs and not to others.
    ///
    /// - Parameter defaultPort: where the text names none.
    public init?(_ text: Substring, defaultPort: UInt16) {
        var host = text
        var port = defaultPort
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]") : text.startIndex
        guard let end else { return nil }
        if let colon = text[end...].firstIndex(of: ":") {
            let digits = text[text.index(after: colon)...]
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(digits), number > 0
            else { return nil }
            port = number
            host = text[..<colon]
        }
        let lower = host.lowercased()
        if let address = lower == "localhost" ? nil : SocketAddress("\(lower):\(port)") {
            self.address = address
        } else {
            guard Self.isName(lower) else { return nil }
            address = nil
        }
        self.host = lower
        self.port = port
    }

    /// A name of the DNS (RFC 1123, section 2.1; an underscore too). One whose last label could be a number is none (RFC 3696,
    /// section 2).
    private static func isName(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 1, labels.last == "" { labels.removeLast() }
        guard let last = labels.last else { return false }
        let isNumber = last.utf8.first.map { (0x30...0x39).contains($0) } ?? true
        return !isNumber
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
                    && label.utf8.last != UInt8(ascii: "-")
                    && label.utf8.allSatisfy {
                        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                            || $0 == UInt8(ascii: "_")
                    }
            }
    }

    /// The name without the dot that makes it absolute, as certificates and HTTP have it.
    var plainHost: String { host.hasSuffix(".") ? String(host.dropLast()) : host }
}
