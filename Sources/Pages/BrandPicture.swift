// Pictures of a brand: what may be one.

/// A picture that the operator gave: its bytes and what they are. No secret.
public struct BrandPicture: Equatable, Sendable {
    /// The largest picture, in bytes: what one answer holds.
    public static let maximumSize = 64 * 1024
    /// What a picture may be, for people.
    public static let kinds = "SVG, PNG, JPEG, WebP or GIF"

    let bytes: [UInt8]
    let kind: Kind

    /// The kinds that browsers show and that are told by their first bytes.
    enum Kind {
        case svg, png, jpeg, webp, gif

        var mediaType: StaticString {
            switch self {
            case .svg: "image/svg+xml"
            case .png: "image/png"
            case .jpeg: "image/jpeg"
            case .webp: "image/webp"
            case .gif: "image/gif"
            }
        }
    }

    /// A picture, or nil where the bytes are none or too many. They alone say what they are, never a name.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.maximumSize, let kind = Self.kind(of: bytes) else { return nil }
        self.bytes = bytes
        self.kind = kind
    }

    /// A picture that is part of this program.
    init(known bytes: [UInt8], _ kind: Kind) {
        self.bytes = bytes
        self.kind = kind
    }

    /// By the signatures of the MIME Sniffing Standard, section 6.1.
    private static func kind(of bytes: [UInt8]) -> Kind? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.has("GIF87a", at: 0) || bytes.has("GIF89a", at: 0) { return .gif }
        if bytes.has("RIFF", at: 0) && bytes.has("WEBPVP", at: 8) { return .webp }
        return isSVG(bytes) ? .svg : nil
    }

    /// Whether the bytes are an XML document in UTF-8 whose element is `svg` of the SVG namespace. One that declares entities is
    /// none: they can make few bytes very many. Their `]` is nothing that may stand before the element.
    private static func isSVG(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil,
            bytes.position(of: "http://www.w3.org/2000/svg", from: 0) != nil
        else { return false }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var index = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
        // What may stand before the element: declaration, comments and document type.
        while true {
            while index < bytes.count, isSpace(bytes[index]) { index += 1 }
            if bytes.has("<svg", at: index) {
                let next = index + 4 < bytes.count ? bytes[index + 4] : 0
                return isSpace(next) || next == UInt8(ascii: ">")
            }
            let end: StaticString
            switch true {
            case bytes.has("<?", at: index): end = "?>"
            case bytes.has("<!--", at: index): end = "-->"
            case bytes.has("<!DOCTYPE", at: index): end = ">"
            default: return false
            }
            guard let next = bytes.position(of: end, from: index + 2) else { return false }
            index = next + end.utf8CodeUnitCount
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension [UInt8] {
    /// Whether a literal stands at an index.
    func has(_ text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= count else { return false }
        // A StaticString shows its bytes by a pointer that lives as long as the program.
        return (0..<text.utf8CodeUnitCount).allSatisfy { unsafe self[index + $0] == text.utf8Start[$0] }
    }

    /// Where a literal stands first, at an index or behind it.
    func position(of text: StaticString, from index: Int) -> Int? {
        index < count ? (index..<count).first { has(text, at: $0) } : nil
    }
}
