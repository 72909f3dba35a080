// How text from outside stands in a page.
import HTTPServer
import HTTPWire
import Pages
import Testing

@Suite struct HTMLTextTests {
    private func escaped(_ bytes: [UInt8]) throws -> String {
        try render {
            $0.begin(.ok)
            $0.append(htmlText: bytes.span)
        }.body
    }

    @Test func markupCharactersBecomeReferences() throws {
        let escaped = try escaped(Array("<a href=\"x\">'&amp;'</a>".utf8))
        #expect(escaped == "&lt;a href=&#34;x&#34;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;")
    }

    @Test func textOfAnyLanguagePassesUnchanged() throws {
        let text = "zażółć 🔑 ключ مفتاح\t\n\u{1}\u{7F}\u{85}\u{2028}\u{FFFF}"
        #expect(try escaped(Array(text.utf8)) == text)
        #expect(try escaped([]) == "")
    }

    @Test func aCarriageReturnSurvivesTheParserAsAReference() throws {
        #expect(try escaped(Array("a\r\nb\rc".utf8)).utf8.elementsEqual("a&#13;\nb&#13;c".utf8))
    }

    @Test func nulIsShownAsItsPicture() throws {
        #expect(try escaped([0x61, 0, 0x62]) == "a\u{2400}b")
    }

    @Test func noByteGrowsMoreThanPromised() throws {
        for byte in UInt8.min...UInt8.max {
            let count = try render {
                $0.begin(.ok)
                $0.append(htmlText: [byte].span)
            }.field("Content-Length").flatMap { Int($0) }
            #expect(try #require(count) <= ResponseWriter.htmlTextGrowth, "byte \(byte)")
        }
    }

    @Test func textMayBeCutAnywhere() throws {
        let bytes = Array("é<\r\n€\0🔑&".utf8)
        let whole = try escaped(bytes)
        for cut in bytes.indices {
            let parts = try render {
                $0.begin(.ok)
                $0.append(htmlText: bytes.span.extracting(0..<cut))
                $0.append(htmlText: bytes.span.extracting(cut...))
            }.body
            #expect(parts == whole, "cut at \(cut)")
        }
    }
}
