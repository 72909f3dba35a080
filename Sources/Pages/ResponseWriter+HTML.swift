// Writing HTML into a response: markup that stands in the source, and text from anywhere, escaped.
public import HTTPServer

extension ResponseWriter {
    /// By how much a byte may grow when it is written as HTML text, at most: a part of content that must fit a body of
    /// ``ResponseWriter/bodyCapacity`` bytes may have a fifth of that, less what else stands in the part.
    public static let htmlTextGrowth = 5

    /// Appends bytes so that a browser shows them as text, in an element or in a quoted attribute value. O(count).
    ///
    /// - `&`, `<`, `>`, `"` and `'` become character references, so no markup can begin or end.
    /// - CR becomes a reference, since a parser turns a bare one into LF (HTML Standard, section 13.2.3.5).
    /// - NUL, which HTML cannot carry in any form (section 13.2.5), becomes U+2400, the picture of NUL.
    /// - Everything else passes as it is. Each byte stands for itself, so text may be cut anywhere between two calls.
    ///
    /// A parser drops a line feed right after `<textarea>` or `<pre>`; whoever writes text there has to put one in front.
    public mutating func append(htmlText bytes: Span<UInt8>) {
        var runStart = 0
        for index in bytes.indices {
            let replacement: StaticString
            switch bytes[index] {
            case UInt8(ascii: "&"): replacement = "&amp;"
            case UInt8(ascii: "<"): replacement = "&lt;"
            case UInt8(ascii: ">"): replacement = "&gt;"
            case UInt8(ascii: "\""): replacement = "&#34;"
            case UInt8(ascii: "'"): replacement = "&#39;"
            case 0x0D: replacement = "&#13;"
            case 0x00: replacement = "\u{2400}"
            default: continue
            }
            append(bytes.extracting(runStart..<index))
            append(replacement)
            runStart = index + 1
        }
        append(bytes.extracting(droppingFirst: runStart))
    }

    /// Appends text that is no secret, escaped in the same way.
    public mutating func append(htmlText text: String) {
        append(htmlText: text.utf8Span.span)
    }

    /// Appends markup. It can only be a literal, so what comes from outside can't get in unescaped.
    mutating func markup(_ literal: StaticString) {
        append(literal)
    }

    /// Appends text, escaped.
    mutating func text(_ text: String) {
        append(htmlText: text)
    }

    /// Appends an element that holds nothing but text.
    mutating func element(_ start: StaticString, _ text: String, _ end: StaticString) {
        append(start)
        append(htmlText: text)
        append(end)
    }

    /// Appends a quoted attribute with a space before it.
    mutating func attribute(_ name: StaticString, _ value: String) {
        markup(" ")
        markup(name)
        markup("=\"")
        text(value)
        markup("\"")
    }
}
