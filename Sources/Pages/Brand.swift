// Whose server it is: name, colour, pictures, texts and links that its pages show.
public import HTTPServer
internal import HTTPWire

/// The brand of a server, or of one of its domains. Made once, at the start; everything in it is public, and everything that is
/// text is escaped when it is written.
///
/// A class that never changes, for the same reason as ``PageContext``.
public final class Brand: Sendable {
    /// A link at the foot of pages.
    public struct Link: Equatable, Sendable {
        let label: String
        let address: String

        /// A link; ``BrandFile`` says which addresses are allowed.
        public init(label: String, address: String) {
            self.label = label
            self.address = address
        }
    }

    /// What a brand is made of.
    public struct Description: Sendable {
        /// The name of the product, in the header and title of pages.
        public var name = Brand.standardName
        /// The colour from which those of buttons, links and marks are derived.
        public var primaryColor: BrandColor?
        /// Stands in the header instead of the lock.
        public var logo: BrandPicture?
        /// The icon of the browser's tab; the logo where there is none.
        public var favicon: BrandPicture?
        /// Paragraphs that the recipient sees before he has the secret.
        public var beforeReveal: [String] = []
        /// Paragraphs that the recipient sees beside the secret.
        public var afterReveal: [String] = []
        /// Links at the foot of every page.
        public var footerLinks: [Link] = []
        /// The tag of the language of those who ask for none; nil: the server's.
        public var locale: String?

        /// The standard brand.
        public init() {}

        /// How many bytes it takes on the page that shows a secret, at most: 1 KiB for marks, addresses of files and markup, and
        /// around each text 64 bytes of markup.
        var revealedByteCount: Int {
            let texts = [name, name] + afterReveal + footerLinks.flatMap { [$0.label, $0.address] }
            return texts.reduce(1024) { $0 + 64 + Brand.writtenCount($1) }
        }

        /// Whether its texts leave a secret the room that it needs on a page.
        public var fitsPages: Bool { revealedByteCount <= Brand.revealedByteLimit }
    }

    /// A file of a brand, under `/brand/` and a digest.
    public enum Part: CaseIterable, Sendable {
        case styleSheet, logo, icon

        /// The last part of its path.
        public var name: StaticString {
            switch self {
            case .styleSheet: "style.css"
            case .logo: "logo"
            case .icon: "icon"
            }
        }
    }

    /// The name that a server has if its owner gave it none.
    public static let standardName = "Onetime Secret Lite"
    /// The brand of a server whose owner chose nothing.
    public static let standard = Brand(Description())

    /// The name of the product.
    public let name: String
    /// The tag of the language of those who ask for none; nil: the server's.
    public let locale: String?
    let beforeReveal: [String]
    let afterReveal: [String]
    let footerLinks: [Link]
    /// Where pages find the style sheet, the icon, and the logo if there is one.
    let styleLocation: String
    let iconLocation: String
    let iconType: String
    let logoLocation: String?
    /// The lock in the brand's colour; empty where it has the standard one.
    let mark: [UInt8]

    /// How many bytes the brand takes on the page that shows a secret, at most: room that has to be had before a secret leaves the
    /// vault.
    public let revealedByteCount: Int

    private let styleSheet: [UInt8]
    private let logo: BrandPicture?
    private let icon: BrandPicture?
    private let digest: String

    /// Derives colours and puts the files together: less than a millisecond.
    public init(_ description: Description) {
        name = description.name
        locale = description.locale
        (beforeReveal, afterReveal) = (description.beforeReveal, description.afterReveal)
        footerLinks = description.footerLinks
        revealedByteCount = description.revealedByteCount
        logo = description.logo
        if let color = description.primaryColor {
            styleSheet = BrandStyle.gzip(Array(BrandStyle.colors(of: color).utf8), before: Asset.styleSheet.bytes)
            mark = Self.mark(in: BrandPalette(color, in: .light).accent)
        } else {
            (styleSheet, mark) = ([], [])
        }
        let icon = description.favicon ?? description.logo
        self.icon = icon ?? (mark.isEmpty ? nil : BrandPicture(known: mark, .svg))

        var hash = Asset.emptyDigest
        for bytes in [styleSheet, logo?.bytes ?? [], self.icon?.bytes ?? []] {
            hash = Asset.digest(bytes.span, after: hash)
        }
        digest = String(hash, radix: 36)
        let folder = "/brand/\(digest)/"
        styleLocation = styleSheet.isEmpty ? Asset.styleSheet.location : "\(folder)\(Part.styleSheet.name)"
        logoLocation = logo == nil ? nil : "\(folder)\(Part.logo.name)"
        if let icon = self.icon {
            // The same picture twice is one file, which the browser has already.
            iconLocation = icon == logo ? "\(folder)\(Part.logo.name)" : "\(folder)\(Part.icon.name)"
            iconType = "\(icon.kind.mediaType)"
        } else {
            (iconLocation, iconType) = (Asset.icon.location, "image/svg+xml")
        }
    }

    /// The standard icon in another colour.
    private static func mark(in color: BrandColor) -> [UInt8] {
        let icon = Asset.icon.bytes
        var bytes = icon.indices.map { icon[$0] }
        var start = 0
        while let position = bytes.position(of: standardColor, from: start) {
            start = position + standardColor.utf8CodeUnitCount
            bytes.replaceSubrange(position..<start, with: color.text.utf8)
        }
        return bytes
    }

    /// The colour of the standard icon.
    private static let standardColor: StaticString = "#0f6b5c"

    /// The largest ``revealedByteCount``: what the largest part of a secret and the page around it leave of the 64 KiB of an answer.
    static let revealedByteLimit = 8 * 1024
    /// What of a brand has to fit that, for errors.
    public static let allowedTogether =
        "product-name, after-reveal and footer-links together have to take at most \(revealedByteLimit) bytes in HTML"

    /// How many bytes a text has when it is written.
    private static func writtenCount(_ text: String) -> Int {
        text.utf8.reduce(0) { count, byte in
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0,
                0x0D:
                count + ResponseWriter.htmlTextGrowth
            default: count + 1
            }
        }
    }

    /// Writes one of the brand's files, status 200. Returns whether there is such a file.
    ///
    /// - Parameter digest: what the path says of the file's state; one of another state is none of the brand's.
    public func write(_ part: Part, digest: Span<UInt8>, to writer: inout ResponseWriter) -> Bool {
        guard digest.count == self.digest.utf8.count else { return false }
        let own = self.digest.utf8Span.span
        for index in digest.indices where digest[index] != own[index] { return false }
        switch part {
        case .styleSheet:
            let bytes = styleSheet
            guard !bytes.isEmpty else { return false }
            writer.begin(.ok, contentType: "text/css; charset=utf-8")
            writer.field("Content-Encoding", "gzip")
            writer.fields(Asset.immutableFields)
            writer.append(bytes.span)
            return true
        case .logo: return write(logo, keeping: "public, max-age=31536000, immutable", to: &writer)
        case .icon: return write(icon, keeping: "public, max-age=31536000, immutable", to: &writer)
        }
    }

    /// Writes the icon under a name that stays when the icon changes. Returns whether the brand has one of its own.
    public func writeIcon(to writer: inout ResponseWriter) -> Bool {
        write(icon, keeping: "public, max-age=3600", to: &writer)
    }

    /// An SVG is a document that may hold scripts; opened by itself it has no rights at all, and as an image it never runs any.
    private func write(_ picture: BrandPicture?, keeping: StaticString, to writer: inout ResponseWriter) -> Bool {
        guard let picture else { return false }
        writer.begin(.ok, contentType: picture.kind.mediaType)
        writer.field("Cache-Control", keeping)
        writer.fields(Self.pictureFields)
        writer.append(picture.bytes.span)
        return true
    }

    private static let pictureFields: StaticString = """
        Content-Security-Policy: default-src 'none'; sandbox\r
        Cross-Origin-Resource-Policy: same-origin\r
        Cross-Origin-Embedder-Policy: require-corp\r
        X-Content-Type-Options: nosniff\r

        """
}
