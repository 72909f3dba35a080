// The small parts: UTF-8, Base64, JSON escapes, media types, boundaries, numbers, statuses.

import Foundation
import TestRandomness
import Testing

@testable import HTTPWire

@Suite struct UTF8ValidatorTests {
    private func verdict(_ bytes: [UInt8], cuts: [Int]) -> Bool {
        var (validator, start) = (UTF8Validator(), 0)
        for cut in cuts {
            guard validator.accept(bytes.span.extracting(start..<cut)) else { return false }
            start = cut
        }
        return validator.isComplete
    }

    @Test func `Short sequences and the edges of longer ones are judged as the standard library does`() {
        var cases: [[UInt8]] = [[]]
        for first in UInt8.min...UInt8.max {
            cases.append([first])
            for second in UInt8.min...UInt8.max { cases.append([first, second]) }
        }
        let edges: [UInt8] = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xF4]
        for first in [0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5] as [UInt8] {
            for second in edges {
                for third in edges {
                    cases.append([first, second, third])
                    for fourth in edges { cases.append([first, second, third, fourth]) }
                }
            }
        }
        let wrong = cases.filter { verdict($0, cuts: [$0.count]) != (String(validating: $0, as: UTF8.self) != nil) }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: UInt64(1)...20) func `Random text has one verdict however it is cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let repeats = Int.random(in: 0...4, using: &random)
            var bytes = Array(String(repeating: "plain text é€😀", count: repeats).utf8)
            if Bool.random(using: &random), let index = bytes.indices.randomElement(using: &random) {
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(verdict(bytes, cuts: [bytes.count]) == expected, "seed \(seed)")
            #expect(verdict(bytes, cuts: random.cuts(bytes.count)) == expected, "seed \(seed)")
            #expect(verdict(bytes, cuts: Array(0...bytes.count)) == expected, "seed \(seed)")
        }
    }

    @Test func `A broken text stays broken`() {
        var validator = UTF8Validator()
        let (broken, fine) = ([0xFF] as [UInt8], [0x41] as [UInt8])
        let (first, second) = (validator.accept(broken.span), validator.accept(fine.span))
        #expect(!first && !second)
        #expect(!validator.isComplete)
    }
}

@Suite struct Base64Tests {
    private func decode(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        var span = bytes.mutableSpan
        guard let count = Base64.decode(&span) else { return nil }
        return Array(bytes[..<count])
    }

    @Test(arguments: UInt64(1)...20) func `What was encoded comes out, with padding and without`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for count in 0..<30 {
            let bytes = random.bytes(count, from: Array(0...255))
            let encoded = Data(bytes).base64EncodedString()
            #expect(decode(encoded) == bytes, "seed \(seed)")
            #expect(decode(encoded.filter { $0 != "=" }) == bytes, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<200) func `What is encoded decodes to itself, and as Foundation has it`(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 3 &+ count) }
        let encoded = unsafe [UInt8](unsafeUninitializedCapacity: Base64.encodedCount(of: count)) { buffer, written in
            var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
            Base64.encode(bytes.span, into: &output)
            written = unsafe output.finalize(for: buffer)
        }
        #expect(encoded == Array(Data(bytes).base64EncodedData()))
        var coded = encoded
        var span = coded.mutableSpan
        #expect(Base64.decode(&span) == count && Array(coded[..<count]) == bytes)
    }

    @Test(arguments: [
        "A", "A===", "AA=", "=", "====", "AA==AAAA", "AB==", "AAB=", "A-_A", "AA A", "AAA\n", "AAAA=", "é",
    ])
    func `What is not Base64 is refused`(_ text: String) {
        #expect(decode(text) == nil)
    }
}

@Suite struct JSONEscaperTests {
    private func reference(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 8: text += "\\b"
            case 9: text += "\\t"
            case 10: text += "\\n"
            case 12: text += "\\f"
            case 13: text += "\\r"
            case 0..<0x20: text += String(format: "\\u%04x", Int(byte))
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text
    }

    private func escape(_ bytes: [UInt8]) -> [UInt8] {
        let count = JSONEscaper.escapedCount(of: bytes.span)
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
            JSONEscaper.escape(bytes.span, into: &output)
            initialized = unsafe output.finalize(for: buffer)
        }
    }

    @Test func `Every ASCII byte is escaped as the reference does`() {
        for byte in UInt8(0)...0x7F {
            #expect(escape([byte]) == Array(reference([byte]).utf8))
            let padded = Array("plain text ".utf8) + [byte] + Array(" and more of it".utf8)
            #expect(escape(padded) == Array(reference(padded).utf8))
        }
        let text = Array("é€😀".utf8)
        #expect(escape(text) == text)
    }

    @Test(arguments: UInt64(1)...20) func `What was escaped decodes to itself`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(Int(seed) * 7, from: Array(0...0x7F))
        let raw = Array("{\"a\":\"".utf8) + escape(bytes) + Array("\"}".utf8)
        let outcome = decodeFields(JSONFieldDecoder(), raw, cuts: random.cuts(raw.count))
        #expect(outcome.sink.values.map(\.value) == [bytes], "seed \(seed)")
    }
}

@Suite struct MediaTypeTests {
    private func describe(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard case .multipart(let boundary) = MediaType(bytes.span) else { return "\(MediaType(bytes.span))" }
        return "multipart " + HTTPWireTests.text(boundary, bytes.span)
    }

    @Test(arguments: [
        ("application/json", "json"), ("Application/JSON; charset=utf-8", "json"), ("application/json ;x", "json"),
        ("application/x-www-form-urlencoded", "form"), ("application/x-www-form-urlencoded;charset=UTF-8", "form"),
        ("multipart/form-data; boundary=abc", "multipart abc"),
        ("Multipart/Form-Data;BOUNDARY=\"a b:c\"", "multipart a b:c"),
        ("multipart/form-data; charset=x; boundary=abc ; y=z", "multipart abc"),
        ("multipart/form-data", "multipart "), ("multipart/form-data; boundary=\"\"", "multipart "),
        ("multipart/form-data; boundary", "other"), ("multipart/form-data; boundary=a; boundary=b", "other"),
        ("multipart/form-data; boundary=\"a", "other"), ("multipart/form-data; boundary=a b", "other"),
        ("text/plain", "other"), ("", "other"), ("application/jsonx", "other"), ("xapplication/json", "other"),
        ("application/json,text/plain", "other"),
    ])
    func `A media type is recognised`(_ value: String, _ expected: String) {
        #expect(describe(value) == expected)
    }

    @Test func `A boundary is found in the head`() throws {
        let raw = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=abc\r\n\r\n".utf8)
        let head = try RequestHead.parse(raw.span)
        guard case .multipart(let boundary) = head.mediaType(in: raw.span) else {
            Issue.record("not multipart")
            return
        }
        #expect(text(boundary, raw.span) == "abc")
        let bare = Array("POST / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(try RequestHead.parse(bare.span).mediaType(in: bare.span) == .none)
    }

    @Test(arguments: [
        ("", FieldFault.multipartBoundaryMissing), ("a ", .multipartBoundaryMalformed),
        ("a\"", .multipartBoundaryMalformed), ("a\r", .multipartBoundaryMalformed),
        (String(repeating: "a", count: 71), .multipartBoundaryMalformed),
    ])
    func `A bad boundary is refused`(_ text: String, _ fault: FieldFault) {
        #expect(throws: fault) { try FieldDecoderTests.boundary(text) }
    }

    @Test func `A boundary of seventy bytes is allowed`() throws {
        #expect(try FieldDecoderTests.boundary(String(repeating: "a", count: 70)).delimiterCount == 74)
    }
}

@Suite struct ResponseStatusTests {
    @Test func `Numbers are written in decimal digits`() {
        for value in [0, 1, 9, 10, 99, 100, 1_234_567_890, UInt64.max - 1, UInt64.max] {
            let digits = DecimalDigits(value)
            #expect(digits.span.indices.map { digits.span[$0] } == Array("\(value)".utf8))
        }
    }

    @Test func `Every status that a fault has comes with a phrase`() {
        for fault in RequestFault.allCases {
            #expect(!"\(ResponseStatus(fault.status).reasonPhrase)".isEmpty)
            #expect("\(fault.reason)".hasSuffix("."))
        }
        for fault in FieldFault.allCases {
            #expect(!"\(ResponseStatus(fault.status).reasonPhrase)".isEmpty)
            #expect("\(fault.reason)".hasSuffix("."))
        }
        #expect("\(ResponseStatus.gone.reasonPhrase)" == "Gone")
        #expect(ResponseStatus(799).reasonPhrase.utf8CodeUnitCount == 0)
        #expect(ResponseStatus.noContent.forbidsBody && !ResponseStatus.ok.forbidsBody)
    }
}
