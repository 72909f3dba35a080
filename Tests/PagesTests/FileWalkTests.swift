// A text and files on a page: what stands there, however the stream that holds them is cut.
import Foundation
import HTTPServer
import HTTPWire
import Testing

@testable import Pages

@Suite struct FileWalkTests {
    private typealias Item = (isFile: Bool, name: String, blocks: [[UInt8]])

    private static func stream(_ text: String, _ items: [Item]) -> [UInt8] {
        var bytes = Array(text.utf8) + [0xff]
        for item in items {
            let name = Array(item.name.utf8)
            bytes += [item.isFile ? 1 : 0, UInt8(name.count >> 8), UInt8(name.count & 255)] + name
            bytes += [0, 10] + Array("text/plain".utf8)
            for block in item.blocks + [[]] {
                bytes += [0, 0, UInt8(block.count >> 8), UInt8(block.count & 255)] + block
            }
        }
        return bytes
    }

    /// The page, when each window has so many bytes; nil when the walk does not get on.
    private func page(_ stream: [UInt8], window: Int, words: Words = .english) throws -> String? {
        var (walk, isStuck) = (FileWalk(), false)
        let body = try render { writer in
            writer.begin(.ok)
            while !walk.isComplete && !isStuck {
                let (before, start) = (walk, walk.windowStart)
                guard start < stream.count else { return isStuck = true }
                let end = min(stream.count, start + window)
                walk.write(
                    stream.span.extracting(start..<end), isLast: end == stream.count, to: &writer,
                    Sample.context(words))
                isStuck = walk == before
            }
        }.body
        return isStuck ? nil : body
    }

    private func contents(_ page: String) -> [[UInt8]] {
        page.matches(of: /base64,([^"]*)"/).map { Array(Data(base64Encoded: String($0.1)) ?? Data("?".utf8)) }
    }

    @Test func `the page is the same wherever its stream is cut`() throws {
        let sizes: [[Int]] = [[], [0, 1], [2], [3], [1, 1, 1], [1, 2, 1], [5, 4, 3], [700], [1, 699, 2], [2, 2]]
        let items = sizes.enumerated().flatMap { number, sizes -> [Item] in
            let blocks = sizes.filter { $0 > 0 }.map { size in
                (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7 + number) }
            }
            return [(true, "file \(number) \(String(repeating: "n", count: number * 20))", blocks)]
        }
        let late: Item = (false, "", [Array("lat".utf8), Array("e <b>".utf8)])
        let stream = Self.stream("a text\r\n<b>", items + [late] + items)
        let whole = try #require(try page(stream, window: stream.count))
        #expect(contents(whole) == (items + items).map { $0.blocks.flatMap { $0 } })
        #expect(
            whole.contains(">\na text&#13;\n&lt;b&gt;</textarea>") && whole.contains(">\nlate &lt;b&gt;</textarea>"))
        #expect(whole.matches(of: /<ul class="files">/).count == 2 && whole.matches(of: /<\/ul>/).count == 2)
        for window in FileWalk.minimumWindow...(FileWalk.minimumWindow + 1500) {
            #expect(try page(stream, window: window) == whole, "windows of \(window) bytes")
        }
    }

    @Test func `nothing but bytes is needed, and all of them`() throws {
        let items: [Item] = [(true, "a", [Array("content".utf8)]), (false, "", [Array("text".utf8)])]
        for text in ["", "x"] {
            let stream = Self.stream(text, items)
            #expect(try page(stream, window: stream.count) != nil)
            for cut in 1..<stream.count where cut != (text.isEmpty ? 1 : 2) {
                let part = Array(stream[..<cut])
                // Cut between two items it is another stream; anywhere else it is none.
                let isWhole = cut == Self.stream(text, Array(items.prefix(1))).count
                #expect(try (page(part, window: part.count) != nil) == isWhole, "cut at \(cut)")
            }
        }
    }

    @Test(arguments: [
        ("a \"quoted\" <name>'&.txt", "a &#34;quoted&#34; &lt;name&gt;&#39;&amp;.txt"), ("", "file"), ("\r\n", "file"),
        ("two\r\nlines\u{7f}\u{9b}\u{0}.txt", "twolines.txt"),
        ("שלום x\u{202e}gnp\u{2067}.\u{61c}exe\u{200f}", "שלום xgnp.exe"),
        ("\u{202f}\u{2065}\u{61b}€\u{200d}", "\u{202f}\u{2065}\u{61b}€\u{200d}"),
        ("\u{a9}é", "\u{a9}é"),
    ])
    func `names are text, without control characters`(_ name: String, _ shown: String) throws {
        let stream = Self.stream("", [(true, name, [[0]])])
        let page = try #require(try page(stream, window: stream.count))
        #expect(
            page.contains(
                "<a class=\"button\" download=\"\(shown)\" href=\"data:application/octet-stream;base64,AA==\">"))
        #expect(page.contains("><span>Download <bdi>\(shown)</bdi></span></a></li>"))
    }

    @Test func `the longest names fit in, and each language has a place for them`() throws {
        let long = String(repeating: "\"", count: 1024)
        for words in Words.all {
            let stream = Self.stream("", [(true, long, [[1]]), (true, long, [])])
            let page = try #require(try page(stream, window: FileWalk.minimumWindow, words: words))
            let link = words.around(words.download)
            #expect(!link.before.contains("{") && !link.after.contains("}") && !(link.before + link.after).isEmpty)
            #expect(page.contains("<span>\(link.before)<bdi>&#34;"))
            #expect(page.contains("&#34;</bdi>\(link.after)</span></a>"))
        }
    }
}
