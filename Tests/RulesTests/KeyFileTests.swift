// Key files, line by line, by the vectors beside this.
import Foundation
import Testing

@testable import Rules

private let digits = String(repeating: "0123456789abcdef", count: 4)

@Suite struct KeyFileTests {
    @Test func linesAreWrittenAgainAsTheyMeanOrRefusedWithoutSayingWhatTheySay() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Vectors/key-files.txt")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count > 40)
        for index in stride(from: 0, to: lines.count, by: 2) {
            let text = lines[index + 1].replacingOccurrences(of: "=H", with: "=" + digits)
            let expected = lines[index].drop { $0 != " " }.dropFirst().replacingOccurrences(
                of: "=H", with: "=" + digits)
            do throws(KeyFileFault) {
                let found = try KeyFile.parse(Array("# a comment\n\n\(text)\r\n".utf8))
                #expect(lines[index].hasPrefix("ok") && found.map(\.text) == [expected], "\(text)")
            } catch {
                #expect(lines[index].hasPrefix("bad") && error.reason.contains(expected), "\(text): \(error.text)")
                #expect(error.line == 3 && !error.text.contains(digits))
            }
        }
    }

    @Test func semicolonsEndLinesToo() throws {
        let text = "name=a id=aaaaaaaa sha256=\(digits);name=a id=bbbbbbbb sha256=\(digits)"
        #expect(try KeyFile.parse(Array(text.utf8)).map(\.id.text) == ["aaaaaaaa", "bbbbbbbb"])
        #expect(throws: KeyFileFault("the id was there before", line: 2)) {
            try KeyFile.parse(Array("name=a id=aaaaaaaa sha256=\(digits);name=b id=aaaaaaaa sha256=\(digits)".utf8))
        }
    }

    @Test func everyBoundHolds() {
        func lines(_ count: Int) -> [UInt8] {
            Array((0..<count).map { "name=a id=\(String(10_000_000 + $0)) sha256=\(digits)\n" }.joined().utf8)
        }
        #expect(throws: Never.self) { try KeyFile.parse(lines(KeyFile.maximumKeys)) }
        #expect(throws: KeyFileFault.self) { try KeyFile.parse(lines(KeyFile.maximumKeys + 1)) }
        #expect(throws: KeyFileFault.self) {
            try KeyFile.parse([UInt8](repeating: 0x0a, count: KeyFile.maximumSize + 1))
        }
        #expect(throws: KeyFileFault.self) {
            try KeyFile.parse([UInt8](repeating: 0x20, count: KeyFile.maximumLine + 1))
        }
    }

    @Test func anExpiryFromNowOnIsForTheCommandLineAlone() throws {
        var fields = KeyFields()
        try fields.set("expires", to: "30d", now: 1000)
        try fields.set("name", to: "a")
        let found = KeyID("abcdefgh".utf8Span.span)
        let id = try #require(found)
        #expect(try fields.line(id: id, hash: .init(repeating: 0)).expires == 1000 + 30 * 86400)
    }
}
