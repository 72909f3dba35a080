// The keys of a brand file, and what each of them takes.

/// A key of a brand file.
enum BrandKey: String, CaseIterable {
    case productName = "product-name"
    case primaryColor = "primary-color"
    case logo
    case favicon
    case beforeReveal = "before-reveal"
    case afterReveal = "after-reveal"
    case footerLink = "footer-link"
    case locale

    /// How many characters all paragraphs before or after the secret have together.
    static let textLimit = 1000
    static let linkLimit = 8
    static let labelLimit = 60
    static let addressLimit = 300

    /// Whether it may stand in a section more than once: each is a paragraph or a link.
    var isRepeatable: Bool {
        switch self {
        case .beforeReveal, .afterReveal, .footerLink: true
        default: false
        }
    }

    /// What is allowed, for errors.
    var allowed: String {
        switch self {
        case .productName: Brand.allowedNames
        case .primaryColor: BrandColor.allowed
        case .logo, .favicon: BrandPicture.allowed
        case .beforeReveal, .afterReveal: "1 to \(Self.textLimit) characters of text, all paragraphs together"
        case .footerLink:
            "Label | URL, at most \(Self.linkLimit) times: a label of 1 to \(Self.labelLimit) characters, and an https:, http: or "
                + "mailto: URL, or a path that begins with one '/', of at most \(Self.addressLimit) bytes"
        case .locale: "one of " + Words.all.map(\.tag).joined(separator: ", ")
        }
    }

    /// Takes a value into a section. Returns whether it is allowed.
    func set(_ value: String, line: Int, in section: inout BrandFile.Section) -> Bool {
        guard !value.isEmpty else { return false }
        switch self {
        case .productName:
            guard Brand.isName(value) else { return false }
            section.description.name = value
        case .primaryColor:
            guard let color = BrandColor(value) else { return false }
            section.description.primaryColor = color
        case .logo:
            guard let path = BrandPicture.path(value) else { return false }
            section.logo = BrandFile.Picture(path: path, line: line, key: rawValue)
        case .favicon:
            guard let path = BrandPicture.path(value) else { return false }
            section.favicon = BrandFile.Picture(path: path, line: line, key: rawValue)
        case .beforeReveal: return Self.append(value, to: &section.description.beforeReveal)
        case .afterReveal: return Self.append(value, to: &section.description.afterReveal)
        case .footerLink:
            guard section.description.footerLinks.count < Self.linkLimit, let link = Self.link(value) else {
                return false
            }
            section.description.footerLinks.append(link)
        case .locale:
            guard Words.all.contains(where: { $0.tag == value }) else { return false }
            section.description.locale = value
        }
        return true
    }

    private static func append(_ paragraph: String, to texts: inout [String]) -> Bool {
        texts.append(paragraph)
        return texts.reduce(0) { $0 + $1.unicodeScalars.count } <= textLimit
    }

    private static func link(_ value: String) -> Brand.Link? {
        let bytes = Array(value.utf8)
        // A URL has no bar, a label may.
        guard let bar = bytes.lastIndex(of: UInt8(ascii: "|")) else { return nil }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var label = bytes[..<bar]
        while let last = label.last, isBlank(last) { label.removeLast() }
        let address = bytes[(bar + 1)...].drop(while: isBlank)
        let text = String(decoding: label, as: UTF8.self)
        guard (1...labelLimit).contains(text.unicodeScalars.count), isAddress(Array(address)) else { return nil }
        return Brand.Link(label: text, address: String(decoding: address, as: UTF8.self))
    }

    /// Whether a link may go there: by one of three schemes, or to a path of this server. A backslash is a slash to browsers, and
    /// two slashes begin the name of another server.
    private static func isAddress(_ address: [UInt8]) -> Bool {
        let forbidden = Array("\"<>\\^`{|}".utf8)
        guard (1...addressLimit).contains(address.count),
            address.allSatisfy({ (0x21...0x7E).contains($0) && !forbidden.contains($0) })
        else { return false }
        if address[0] == UInt8(ascii: "/") { return !address.has("//", at: 0) }
        for scheme: StaticString in ["https://", "http://", "mailto:"] where address.has(scheme, at: 0) {
            let start = scheme.utf8CodeUnitCount
            return address.count > start && address[start] != UInt8(ascii: "/")
        }
        return false
    }
}

extension Brand {
    /// What a name has to be, for errors.
    public static let allowedNames = "1 to 100 bytes of text"

    /// Whether a text can be the name of a product.
    public static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

extension BrandColor {
    /// What a colour has to be, for errors.
    public static let allowed = "#rrggbb, such as #0f6b5c"
}

extension BrandPicture {
    /// What the place of a picture has to be, for errors.
    public static let allowed =
        "a path or a file: URL of an \(kinds) file (read once, at the start: nothing is fetched from elsewhere, neither by the "
        + "server nor by a page, so http: and https: are not allowed)"

    /// The path that a text names, as it is or as a `file:` URL (RFC 8089) without a host or of `localhost`; nil for a URL of any
    /// other scheme. A file whose name looks like one can be had as `./name:`.
    public static func path(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") }
        guard scheme.count < bytes.count, bytes[scheme.count] == UInt8(ascii: ":") else { return text }
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "file" else { return nil }
        var rest = bytes[(scheme.count + 1)...]
        for prefix in ["//localhost/", "///"] where rest.starts(with: prefix.utf8) {
            rest = rest.dropFirst(prefix.utf8.count - 1)
            break
        }
        guard rest.first == UInt8(ascii: "/"), !rest.starts(with: "//".utf8) else { return nil }
        return percentDecoded(rest)
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var (decoded, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value != 0 else { return nil }
            decoded.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: decoded, as: UTF8.self)
    }
}
