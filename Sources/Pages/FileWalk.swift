// A text and files, on their way from the stream that holds them onto a page.
public import HTTPServer
internal import HTTPWire

/// Where the writing of a stream of files onto a page has got to. Holds places and counts, and no byte of the stream: it is
/// shown the stream anew, from ``windowStart`` on, for each part of the page. So a part can be written again, to the byte,
/// and nothing is kept for one who is slow.
///
/// The grammar of the stream is that of `ContentSealer.beginFiles` in the module Sealing. A text comes out in a box that can't
/// be written in; a file as a link that saves it, its bytes as Base64 in the address: a browser needs neither a script nor
/// another request for that.
public struct FileWalk: Equatable, BitwiseCopyable, Sendable {
    /// With so many bytes of the stream, or all that are left of it, `write` gets on: an item's head is never longer.
    public static let minimumWindow = 2048

    private enum Step: UInt8, BitwiseCopyable {
        /// Before the text that comes first.
        case start
        /// In it.
        case text
        /// Before an item.
        case item
        /// In a file or a text.
        case file, box
        /// After a file's last byte: its name is written once more.
        case name
        /// Before the block without bytes that ends an item.
        case end
    }

    private var step = Step.start
    private var isListOpen = false
    /// The next byte of the stream.
    private var position = 0
    /// How many bytes of a block are left.
    private var rest = 0
    /// Where the name of the file at hand stands in the stream.
    private var nameStart = 0
    private var nameCount = 0

    /// Whether all of the stream is written.
    public private(set) var isComplete = false

    /// Before the first byte.
    public init() {}

    /// From which byte of the stream on the next call of `write` has to see it.
    public var windowStart: Int { step == .name ? nameStart : position }

    /// Writes as much as the window and the room in the response allow. Without any progress the stream is none: what is
    /// authentic always gets on.
    ///
    /// - Parameters:
    ///   - window: the stream from ``windowStart`` on, at least ``minimumWindow`` bytes where there are so many.
    ///   - isLast: whether the stream ends with the window.
    public mutating func write(
        _ window: Span<UInt8>, isLast: Bool, to writer: inout ResponseWriter, _ context: PageContext
    ) {
        let start = windowStart
        if step == .name { return writeName(window, &writer, context.words) }
        while !isComplete, writer.freeBodyCapacity >= Self.room {
            let bytes = window.extracting(droppingFirst: position - start)
            let before = self
            switch step {
            case .start: begin(bytes, isLast, &writer, context.words)
            case .text: writeText(bytes, isLast, &writer)
            case .item: beginItem(bytes, &writer, context.words)
            case .file: writeFile(bytes, &writer)
            case .box: writeBox(bytes, isLast, &writer)
            case .end: if bytes.count >= 4 { goOn(after: 4, bytes, isLast, &writer) }
            case .name: return
            }
            if self == before { return }
        }
    }

    /// What any step may write besides content: names grow to five times their size.
    private static let room = 16 * 1024

    /// Goes on with the next item, or ends where the stream does: there is no window after its last byte.
    private mutating func goOn(
        after count: Int, _ bytes: Span<UInt8>, _ isLast: Bool, _ writer: inout ResponseWriter
    ) {
        position += count
        step = .item
        guard isLast && bytes.count == count else { return }
        endList(&writer)
        isComplete = true
    }

    private mutating func endList(_ writer: inout ResponseWriter) {
        if isListOpen { writer.markup("</ul>\n") }
        isListOpen = false
    }

    // MARK: Texts

    private mutating func begin(
        _ bytes: Span<UInt8>, _ isLast: Bool, _ writer: inout ResponseWriter, _ words: Words
    ) {
        guard !bytes.isEmpty else { return }
        if bytes[0] == Self.endOfText { return goOn(after: 1, bytes, isLast, &writer) }
        Page.beginBox(&writer, words, rows: Self.rows)
        step = .text
    }

    private mutating func writeText(_ bytes: Span<UInt8>, _ isLast: Bool, _ writer: inout ResponseWriter) {
        let limit = min(bytes.count, Self.textLimit(writer))
        var count = 0
        while count < limit, bytes[count] != Self.endOfText { count += 1 }
        writer.append(htmlText: bytes.extracting(first: count))
        position += count
        guard count < limit else { return }
        Page.endBox(&writer)
        goOn(after: 1, bytes.extracting(droppingFirst: count), isLast, &writer)
    }

    private mutating func writeBox(_ bytes: Span<UInt8>, _ isLast: Bool, _ writer: inout ResponseWriter) {
        if rest == 0 {
            guard let count = Self.number(bytes, at: 0) else { return }
            if count == 0 {
                Page.endBox(&writer)
                return goOn(after: 4, bytes, isLast, &writer)
            }
            position += 4
            rest = count
            return
        }
        let count = min(bytes.count, rest, Self.textLimit(writer))
        writer.append(htmlText: bytes.extracting(first: count))
        position += count
        rest -= count
    }

    private static func textLimit(_ writer: borrowing ResponseWriter) -> Int {
        writer.freeBodyCapacity / (2 * ResponseWriter.htmlTextGrowth)
    }

    /// How many rows a box has where a browser can't measure the text: its size is not known when it begins.
    private static let rows = 8

    private static let endOfText: UInt8 = 0xff

    // MARK: Files

    private mutating func beginItem(_ bytes: Span<UInt8>, _ writer: inout ResponseWriter, _ words: Words) {
        guard bytes.count >= 3 else { return }
        let name = 3..<3 + Self.short(bytes, at: 1)
        guard bytes.count >= name.upperBound + 2 else { return }
        let headCount = name.upperBound + 2 + Self.short(bytes, at: name.upperBound)
        guard bytes.count >= headCount else { return }
        nameStart = position + name.lowerBound
        nameCount = name.count
        position += headCount
        rest = 0
        if bytes[0] == 0 {
            endList(&writer)
            Page.beginBox(&writer, words, rows: Self.rows)
            step = .box
        } else {
            if !isListOpen { writer.element("<h2>", words.filesLabel, "</h2>\n<ul class=\"files\">\n") }
            isListOpen = true
            writer.markup("<li><a class=\"button\" download=\"")
            writer.append(fileName: bytes.extracting(name))
            // Whatever its sender says that it is, a browser shall save it and not show it.
            writer.markup("\" href=\"data:application/octet-stream;base64,")
            step = .file
        }
    }

    private mutating func writeFile(_ bytes: Span<UInt8>, _ writer: inout ResponseWriter) {
        let count = min(bytes.count, rest, writer.freeBodyCapacity / 2) / 3 * 3
        guard count == 0 else {
            writer.append(base64: bytes.extracting(first: count))
            position += count
            rest -= count
            return
        }
        writeGroup(bytes, &writer)
    }

    /// Writes three bytes that lie in several blocks, or the last ones. Changes nothing when not all of them have come.
    private mutating func writeGroup(_ bytes: Span<UInt8>, _ writer: inout ResponseWriter) {
        var (offset, left, count) = (0, rest, 0)
        var places: [3 of Int] = .init(repeating: 0)
        while count < 3 {
            if left == 0 {
                guard let next = Self.number(bytes, at: offset) else { return }
                // The end stays where it is: the name comes first.
                if next == 0 { break }
                left = next
                offset += 4
            }
            guard offset < bytes.count else { return }
            places[count] = offset
            offset += 1
            left -= 1
            count += 1
        }
        if count > 0 {
            writer.appendGroup(bytes, places, count)
            position += offset
            rest = left
        }
        if count < 3 { step = .name }
    }

    private mutating func writeName(_ window: Span<UInt8>, _ writer: inout ResponseWriter, _ words: Words) {
        guard window.count >= nameCount, writer.freeBodyCapacity >= Self.room else { return }
        let label = words.around(words.download)
        writer.element("\"><span>", label.before, "<bdi>")
        writer.append(fileName: window.extracting(first: nameCount))
        writer.element("</bdi>", label.after, "</span></a></li>\n")
        step = .end
    }

    // MARK: Numbers

    private static func short(_ bytes: Span<UInt8>, at index: Int) -> Int {
        Int(bytes[index]) << 8 | Int(bytes[index + 1])
    }

    private static func number(_ bytes: Span<UInt8>, at index: Int) -> Int? {
        guard bytes.count - index >= 4 else { return nil }
        return short(bytes, at: index) << 16 | short(bytes, at: index + 2)
    }
}

extension ResponseWriter {
    /// Appends the name of a file, of which nothing is left out but what is not legible. `file` where nothing is left.
    fileprivate mutating func append(fileName name: Span<UInt8>) {
        if !append(legible: name, replacement: "") { append("file") }
    }

    /// Appends one to three bytes as a group of Base64. They pass over the stack, which is scrubbed after each part.
    fileprivate mutating func appendGroup(_ bytes: Span<UInt8>, _ places: [3 of Int], _ count: Int) {
        var group: [3 of UInt8] = .init(repeating: 0)
        for index in 0..<count { group[index] = bytes[places[index]] }
        append(base64: group.span.extracting(first: count))
    }
}
