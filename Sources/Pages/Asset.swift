// Files beside the pages: embedded in the executable, cached by browsers for as long as they stay the same.
public import HTTPServer
internal import HTTPWire

/// A file that pages or robots ask for. Nothing in it depends on the request.
public enum Asset: CaseIterable, Sendable {
    case styleSheet
    /// The script of every page.
    case page
    /// What the script does to a secret: loaded when there is one.
    case seal
    /// The script of the sender's page, and of the recipient's.
    case receipt
    case reveal
    /// Draws the link for a camera.
    case qr
    /// Makes passphrases up.
    case make
    /// Also at `/icon.svg`.
    case icon
    /// At `/robots.txt`: keeps every crawler out.
    case robots

    /// The last part of its path.
    public var name: StaticString {
        switch self {
        case .styleSheet: "style.css"
        case .page: "page.js"
        case .seal: "seal.js"
        case .receipt: "receipt.js"
        case .reveal: "reveal.js"
        case .qr: "qr.js"
        case .make: "make.js"
        case .icon: "icon.svg"
        case .robots: "robots.txt"
        }
    }

    /// Writes the whole response, status 200. Files are found in a folder that is named by a digest of all of them, which the
    /// server need not look at, so browsers may keep them for a year, and scripts find each other by their names.
    ///
    /// Text is sent compressed, as it is embedded: every browser takes it (RFC 9110, section 12.5.3, leaves the choice to the server
    /// where a request says nothing).
    public func write(to writer: inout ResponseWriter) {
        switch self {
        case .styleSheet: begin(&writer, "text/css; charset=utf-8", isCompressed: true)
        case .page, .seal, .receipt, .reveal, .qr, .make:
            begin(&writer, "text/javascript; charset=utf-8", isCompressed: true)
        case .icon: begin(&writer, "image/svg+xml", isCompressed: false)
        case .robots:
            writer.begin(.ok, contentType: "text/plain; charset=utf-8")
            writer.fields(Page.securityFields)
            writer.append("User-agent: *\nDisallow: /\n")
            return
        }
        writer.append(bytes)
    }

    private func begin(_ writer: inout ResponseWriter, _ type: StaticString, isCompressed: Bool) {
        writer.begin(.ok, contentType: type)
        if isCompressed { writer.field("Content-Encoding", "gzip") }
        writer.fields(Self.immutableFields)
    }

    static let immutableFields: StaticString = """
        Cache-Control: public, max-age=31536000, immutable\r
        Content-Security-Policy: default-src 'none'\r
        Cross-Origin-Resource-Policy: same-origin\r
        Cross-Origin-Embedder-Policy: require-corp\r
        X-Content-Type-Options: nosniff\r

        """

    /// Where pages find a file.
    var location: String { "\(Self.folder)\(name)" }

    private static let folder = "/assets/\(digest)/"

    /// Tells one state of the files from another: FNV-1a with 64 bits. Nobody but us writes them, so it need not withstand
    /// anyone.
    private static var digest: String {
        String(allCases.reduce(emptyDigest) { digest($1.bytes, after: $0) }, radix: 36)
    }

    static let emptyDigest: UInt64 = 0xCBF2_9CE4_8422_2325

    static func digest(_ bytes: Span<UInt8>, after start: UInt64) -> UInt64 {
        var hash = start
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash
    }
}
