// Files beside the pages: embedded in the executable, cached by browsers for as long as they stay the same.
public import HTTPServer
internal import HTTPWire

/// A file that pages or robots ask for. Nothing in it depends on the request.
public enum Asset: Sendable {
    /// `/style.css`
    case styleSheet
    /// `/icon.svg`
    case icon
    /// `/robots.txt`: keeps every crawler out.
    case robots

    /// Writes the whole response, status 200. Pages name a file together with a digest of its bytes in the query, which the
    /// server need not look at, so browsers may keep it for a year.
    public func write(to writer: inout ResponseWriter) {
        switch self {
        case .styleSheet:
            writer.begin(.ok, contentType: "text/css; charset=utf-8")
            writer.fields(Self.immutableFields)
            writer.append(Self.styleSheetBytes)
        case .icon:
            writer.begin(.ok, contentType: "image/svg+xml")
            writer.fields(Self.immutableFields)
            writer.append(Self.iconBytes)
        case .robots:
            writer.begin(.ok, contentType: "text/plain; charset=utf-8")
            writer.fields(Page.securityFields)
            writer.append("User-agent: *\nDisallow: /\n")
        }
    }

    static let immutableFields: StaticString = """
        Cache-Control: public, max-age=31536000, immutable\r
        Content-Security-Policy: default-src 'none'\r
        Cross-Origin-Resource-Policy: same-origin\r
        X-Content-Type-Options: nosniff\r

        """

    /// Where pages find the style sheet.
    static let styleSheetLocation = "/style.css?v=\(digest(styleSheetBytes))"
    /// Where pages find the icon.
    static let iconLocation = "/icon.svg?v=\(digest(iconBytes))"

    /// Tells one state of a file from another: FNV-1a with 64 bits. Nobody but us writes these files, so it
    /// need not withstand anyone.
    static func digest(_ bytes: Span<UInt8>) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return String(hash, radix: 36)
    }
}
