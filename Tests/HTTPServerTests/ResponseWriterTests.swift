// How answers are framed.
import HTTPWire
import SecureMemory
import Testing

@testable import HTTPServer

@Suite struct ResponseWriterTests {
    private let arena: SecureArena

    init() throws {
        arena = try SecureArena(capacity: 1 << 20)
    }

    private func head(_ text: String) throws -> RequestHead {
        try RequestHead.parse(Array(text.utf8).span)
    }

    /// What the writer sends for a request, and whether the connection goes on.
    private func written(
        for request: String, keepsAlive: Bool = true, _ write: (inout ResponseWriter) -> Void
    ) throws -> String {
        var writer = try ResponseWriter(arena: arena)
        writer.prepare(try head(request), keepsAlive: keepsAlive)
        write(&writer)
        let output = writer.output.span
        return String(decoding: output.indices.map { output[$0] }, as: UTF8.self)
    }

    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func aWholeAnswerTellsItsLength() throws {
        let text = try written(for: get) { writer in
            writer.begin(.ok, contentType: "text/plain")
            writer.append("hello")
            writer.finish()
        }
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func anAnswerTellsWhenItWasMade(_ seconds: Int64, _ date: String) throws {
        let text = try written(for: get) { writer in
            for second in [seconds - 1, seconds, seconds] { writer.date.show(second) }
            writer.begin(.noContent)
            writer.finish()
        }
        #expect(text == "HTTP/1.1 204 No Content\r\nDate: \(date)\r\n\r\n")
    }

    @Test func noDateIsMadeUpForAYearThatHasNone() throws {
        let text = try written(for: get) { writer in
            writer.date.show(253_402_300_800)
            writer.begin(.noContent)
            writer.finish()
        }
        #expect(text == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func anAnswerToHeadHasTheLengthAndNoBody() throws {
        let text = try written(for: "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n") { writer in
            writer.begin(.ok)
            writer.append("hello")
            writer.finish()
        }
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    }

    @Test func anAnswerWithoutContentHasNoLength() throws {
        let text = try written(for: get) { writer in
            writer.begin(.noContent)
            writer.finish()
        }
        #expect(text == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func theLastAnswerOfAConnectionSaysSo() throws {
        let text = try written(for: get, keepsAlive: false) { writer in
            writer.begin(.ok)
            writer.finish()
        }
        #expect(text == "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func partsAreChunksInHTTP11() throws {
        let text = try written(for: get) { writer in
            writer.begin(.ok)
            writer.append("first part of more than fifteen bytes")
            writer.finishFirstPart()
            writer.append("last")
            writer.finishPart(isLast: true)
        }
        #expect(
            text
                == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n25\r\nfirst part of more than fifteen bytes\r\n"
                + "4\r\nlast\r\n0\r\n\r\n")
    }

    @Test func partsOfHTTP10EndWithTheConnection() throws {
        let text = try written(for: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") { writer in
            writer.begin(.ok)
            writer.append("first")
            writer.finishFirstPart()
            writer.append("last")
            writer.finishPart(isLast: true)
        }
        #expect(text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirstlast")
    }

    @Test func anAnswerThatDoesNotFitIsNotedAndCanBeDiscarded() throws {
        var writer = try ResponseWriter(arena: arena)
        writer.prepare(try head(get), keepsAlive: true)
        writer.begin(.ok)
        let piece = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<100 { writer.append(piece.span) }
        writer.finish()
        let overflowed = writer.overflowed
        #expect(overflowed)
        writer.discard()
        let isEmpty = writer.output.isEmpty
        #expect(isEmpty)
    }

    @Test func textInJSONIsEscaped() throws {
        let text = try written(for: get) { writer in
            writer.begin(.ok)
            writer.append(json: "a\"b\\c\n\u{0}é")
            writer.finish()
        }
        #expect(text.hasSuffix("a\\\"b\\\\c\\n\\u0000é"))
    }

    @Test func nothingOfAnAnswerIsLeftInTheArena() throws {
        do {
            var writer = try ResponseWriter(arena: arena)
            writer.prepare(try head(get), keepsAlive: true)
            writer.begin(.ok)
            writer.append("content in the clear")
            writer.finish()
        }
        #expect(arena.freeBytes == arena.capacity)
        var isZero = false
        if var block = arena.allocate(64 * 1024) {
            block.commit(block.freeCapacity)
            let span = block.span
            isZero = span.indices.allSatisfy { span[$0] == 0 }
        }
        #expect(isZero)
    }
}
