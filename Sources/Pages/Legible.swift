// Words that somebody else chose, where they stand on one line among the program's own.
internal import HTTPServer

extension ResponseWriter {
    /// Appends text, escaped, with something in place of what ``Legible`` finds. Returns whether there was anything else.
    @discardableResult
    mutating func append(legible text: Span<UInt8>, replacement: StaticString = Legible.replacement) -> Bool {
        var (start, index, hasText) = (0, 0, false)
        while index < text.count {
            let count = Legible.controlCount(text, at: index)
            guard count > 0 else {
                hasText = true
                index += 1
                continue
            }
            append(htmlText: text.extracting(start..<index))
            append(replacement)
            index += count
            start = index
        }
        append(htmlText: text.extracting(droppingFirst: start))
        return hasText
    }
}

/// What is not legible: control characters, which break lines or hide, and those that turn the direction of what follows. By them an
/// `.exe` shows as a picture. The page's script knows the same ones.
enum Legible {
    /// U+FFFD, which shows that something was there.
    static let replacement: StaticString = "\u{fffd}"

    /// A text that is no secret, with the replacement in place of such characters.
    static func text(_ text: String) -> String {
        let bytes = text.utf8Span.span
        var legible: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let count = controlCount(bytes, at: index)
            if count > 0 { legible += "\(replacement)".utf8 } else { legible.append(bytes[index]) }
            index += max(count, 1)
        }
        return String(decoding: legible, as: UTF8.self)
    }

    /// How many bytes the character takes that begins at an index, if it is such a one; else 0.
    static func controlCount(_ text: Span<UInt8>, at index: Int) -> Int {
        let rest = text.count - index
        switch text[index] {
        case 0..<0x20, 0x7f: return 1
        // U+0080 to U+009F, and U+061C.
        case 0xc2 where rest > 1 && text[index + 1] < 0xa0: return 2
        case 0xd8 where rest > 1 && text[index + 1] == 0x9c: return 2
        case 0xe2 where rest > 2:
            switch (text[index + 1], text[index + 2]) {
            // U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
            case (0x80, 0x8e...0x8f), (0x80, 0xa8...0xae), (0x81, 0xa6...0xa9): return 3
            default: return 0
            }
        default: return 0
        }
    }
}
