// The link for a camera, drawn by the server: for those whose browser runs no script.
internal import HTTPServer
internal import HTTPWire
internal import QRCode
public import SecureMemory

/// Two blocks in which a link is drawn as a QR code; what is in them opens the secret, so they are wiped by being given up.
public struct CodeMemory: ~Copyable {
    /// How many bytes the block for the link needs. A longer link is not drawn: a code of its size takes the loop half a millisecond.
    public static var textSize: Int { 128 }
    /// How many bytes the block for the code needs.
    public static var codeSize: Int { QRCode.memorySize }

    var text: SecureBytes
    var code: SecureBytes

    /// Memory for one code, from two empty blocks of at least ``textSize`` and ``codeSize`` bytes.
    public init(text: consuming SecureBytes, code: consuming SecureBytes) {
        self.text = text
        self.code = code
    }
}

extension Page {
    /// The link as a QR code in a part of the page that is closed at first; nothing where the link is too long for one.
    static func linkCode(
        _ writer: inout ResponseWriter, _ words: Words, baseURL: String, _ secretToken: Span<UInt8>,
        _ memory: consuming CodeMemory
    ) {
        var text = memory.text
        guard baseURL.utf8.count + 8 + secretToken.count <= CodeMemory.textSize else { return }
        guard text.append(baseURL.utf8Span.span), text.append("/secret/".utf8Span.span), text.append(secretToken) else {
            return
        }
        var code = memory.code
        code.commit(QRCode.memorySize)
        guard let drawn = try? QRCode(text.span, in: code.mutableSpan) else { return }
        writer.element("<details id=\"qr\">\n<summary>", words.qrTitle, "</summary>\n<div role=\"img\"")
        writer.attribute("aria-label", words.qrTitle)
        writer.markup(">")
        writer.appendBytes(drawn.svgBound) { drawn.writeSVG(to: &$0) }
        writer.markup("</div>\n</details>\n")
    }
}
