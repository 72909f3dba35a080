// Forms, multipart and JSON: the fields that a sink sees, however the bytes arrive.

import Foundation
import TestRandomness
import Testing

@testable import HTTPWire

/// Writes down what it is told.
struct RecordingSink: FieldSink {
    var log = ""
    var values: [(name: [UInt8], value: [UInt8])] = []

    mutating func beginField(name: Span<UInt8>, kind: FieldKind) {
        let bytes = name.indices.map { name[$0] }
        values.append((bytes, []))
        let sign = [FieldKind.text: "=", .file: "@", .number: "#", .boolean: "?", .null: "!"][kind] ?? ""
        log += "[" + printable(bytes) + sign
    }

    mutating func fileName(_ name: Span<UInt8>) { log += "'" + printable(name.indices.map { name[$0] }) + "'" }
    mutating func mediaType(_ type: Span<UInt8>) { log += "<" + printable(type.indices.map { type[$0] }) + ">" }

    mutating func appendValue(_ piece: Span<UInt8>) throws(FieldFault) {
        guard !piece.isEmpty, !values.isEmpty else { throw .refusedBySink }
        let bytes = piece.indices.map { piece[$0] }
        values[values.count - 1].value += bytes
        log += printable(bytes)
    }

    mutating func endField() { log += "]" }
    mutating func beginObject(name: Span<UInt8>) { log += printable(name.indices.map { name[$0] }) + "{" }
    mutating func endObject() { log += "}" }
    mutating func emptyArray(name: Span<UInt8>) { log += printable(name.indices.map { name[$0] }) + "[]" }
}

protocol FieldDecoder {
    @_lifetime(bytes: copy bytes)
    mutating func decode<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int
}

extension FormDecoder: FieldDecoder {}
extension MultipartDecoder: FieldDecoder {}
extension JSONFieldDecoder: FieldDecoder {}

/// Decodes `raw` as it would arrive: a buffer gets the bytes up to each cut, minus what was consumed before.
func decodeFields(
    _ decoder: some FieldDecoder, _ raw: [UInt8], cuts: [Int], endsEmpty: Bool = false
) -> (log: String, sink: RecordingSink) {
    var (decoder, sink, buffer, fed) = (decoder, RecordingSink(), [UInt8](), 0)
    let steps = endsEmpty ? cuts + [raw.count] : cuts
    do throws(FieldFault) {
        for (index, cut) in steps.enumerated() {
            buffer += raw[fed..<cut]
            fed = cut
            let before = buffer
            var span = buffer.mutableSpan
            let consumed = try decoder.decode(&span, isLast: index == steps.count - 1, into: &sink)
            guard buffer[consumed...] == before[consumed...] else { return ("altered unconsumed bytes", sink) }
            guard before.count - consumed < FieldLimits.minWindowBytes else { return ("holds on to too much", sink) }
            buffer.removeFirst(consumed)
        }
    } catch {
        let isOpen = sink.log.last.map { $0 != "]" && $0 != "{" && $0 != "}" } ?? false
        return (sink.log + (isOpen ? " " : "") + "\(error)", sink)
    }
    return (sink.log + (buffer.isEmpty ? "" : "left over"), sink)
}

@Suite struct FieldDecoderTests {
    static func boundary(_ text: String) throws -> MultipartBoundary {
        let bytes = Array(text.utf8)
        return try MultipartBoundary(bytes.span)
    }

    private func check(_ file: String, atLeast minimum: Int, _ decoder: some FieldDecoder) {
        let vectors = Vector.load(file)
        #expect(vectors.count >= minimum)
        for vector in vectors {
            let count = vector.raw.count
            let whole = decodeFields(decoder, vector.raw, cuts: [count]).log
            #expect(whole == vector.expected, "\(file) line \(vector.line)")
            for cut in stride(from: 0, through: count, by: count > 1_000 ? 41 : 1) {
                let outcome = decodeFields(decoder, vector.raw, cuts: [cut, count], endsEmpty: cut % 2 == 1).log
                #expect(outcome == vector.expected, "\(file) line \(vector.line), cut \(cut)")
            }
            let outcome = decodeFields(decoder, vector.raw, cuts: Array(0...count)).log
            #expect(outcome == vector.expected, "\(file) line \(vector.line), byte by byte")
        }
    }

    @Test func `Forms decode to the fields of their vectors wherever they are cut`() {
        check("forms", atLeast: 20, FormDecoder())
    }

    @Test func `Multipart forms decode to the fields of their vectors wherever they are cut`() throws {
        check("multipart", atLeast: 35, MultipartDecoder(boundary: try Self.boundary("b-1")))
    }

    @Test func `JSON objects decode to the fields of their vectors wherever they are cut`() {
        check("json", atLeast: 75, JSONFieldDecoder())
    }

    @Test func `Too many fields are refused in every format`() throws {
        let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"
        let multipart = MultipartDecoder(boundary: try Self.boundary("b"), maxFieldCount: 1)
        let raw = Array((part + part).utf8)
        #expect(decodeFields(multipart, raw, cuts: [raw.count]).log == "[a=]tooManyFields")
        let json = Array(#"{"a":[1,2]}"#.utf8)
        #expect(decodeFields(JSONFieldDecoder(maxFieldCount: 1), json, cuts: [json.count]).log == "[a#1]tooManyFields")
    }

    @Test(arguments: UInt64(1)...40) func `Random form fields come out as they went in`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (raw, expected) = ([UInt8](), [(name: [UInt8], value: [UInt8])]())
        func encode(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
            bytes.flatMap { byte -> [UInt8] in
                let isPlain = (byte >= 0x61 && byte <= 0x7A) || byte >= 0x80
                if isPlain, Bool.random(using: &random) { return [byte] }
                if byte == 0x20, Bool.random(using: &random) { return [0x2B] }
                return Array(String(format: Bool.random(using: &random) ? "%%%02x" : "%%%02X", Int(byte)).utf8)
            }
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let name = random.bytes(Int.random(in: 1...10, using: &random), from: Array("ab[]=&%+ ".utf8))
            let alphabet = Array("xyz &=%+\0\r\n".utf8) + [0xFF]
            let value = random.bytes(Int.random(in: 0...60, using: &random), from: alphabet)
            raw += (raw.isEmpty ? [] : [0x26]) + encode(name, &random) + [0x3D] + encode(value, &random)
            expected.append((name, value))
        }
        let outcome = decodeFields(FormDecoder(), raw, cuts: random.cuts(raw.count))
        #expect(outcome.sink.values.elementsEqual(expected, by: ==), "seed \(seed): \(outcome.log)")
    }

    @Test(arguments: UInt64(1)...40) func `Random multipart values come out byte for byte`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let boundary = "--a\(seed)"
        var (raw, expected) = ([UInt8](), [[UInt8]]())
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var value = [UInt8]()
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                // Pieces that nearly are the delimiter, which is CR LF and four dashes here.
                let near = Array("\r\n--\(boundary)".utf8)
                value += near.prefix(Int.random(in: 0..<near.count, using: &random))
                value += random.bytes(1, from: [13, 10, 0, 45, 65])
            }
            let delimiter = Array("\r\n--\(boundary)".utf8)
            let holdsDelimiter = value.indices.contains { value[$0...].starts(with: delimiter) }
            guard !holdsDelimiter else { continue }
            raw += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n".utf8) + value + [13, 10]
            expected.append(value)
        }
        raw += Array("--\(boundary)--\r\n".utf8)
        let decoder = MultipartDecoder(boundary: try Self.boundary(boundary))
        let outcome = decodeFields(decoder, raw, cuts: random.cuts(raw.count))
        #expect(outcome.sink.values.map(\.value) == expected, "seed \(seed): \(outcome.log)")
    }

    @Test(arguments: UInt64(1)...40) func `Random JSON strings come out as they went in`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var value = ""
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let scalar = [0, 9, 34, 92, 97, 0xE9, 0x20AC, 0x1F600, 0x10FFFF].randomElement(using: &random) ?? 0
            value.unicodeScalars.append(Unicode.Scalar(UInt32(scalar)) ?? "x")
        }
        var raw = Array("{\"n\":\"".utf8)
        for scalar in value.unicodeScalars {
            if scalar.value >= 0x20, scalar != "\"", scalar != "\\", Bool.random(using: &random) {
                raw += Array(String(scalar).utf8)
            } else {
                for unit in String(scalar).utf16 {
                    raw += Array(String(format: Bool.random(using: &random) ? "\\u%04x" : "\\u%04X", Int(unit)).utf8)
                }
            }
        }
        raw += Array("\"}".utf8)
        let outcome = decodeFields(JSONFieldDecoder(), raw, cuts: random.cuts(raw.count))
        #expect(outcome.sink.values.map(\.value) == [Array(value.utf8)], "seed \(seed): \(outcome.log)")
    }

    @Test(arguments: UInt64(1)...20) func `Damaged JSON has one verdict, which agrees with Foundation`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let damage = Array("{}[]\",:\\u0dD8e-+.1tfn \n".utf8) + [0]
        for _ in 0..<60 {
            var raw = Array(#"{"a":"b\u00e9\n","c":-1.5e3,"d":{"e":[true,null,"x"]},"f":{}}"#.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                raw[raw.indices.randomElement(using: &random) ?? 0] = damage.randomElement(using: &random) ?? 0
            }
            let outcome = decodeFields(JSONFieldDecoder(), raw, cuts: [raw.count]).log
            let cut = decodeFields(JSONFieldDecoder(), raw, cuts: random.cuts(raw.count)).log
            #expect(cut == outcome, "seed \(seed): \(printable(raw))")
            let isRefused = FieldFault.allCases.contains { outcome.hasSuffix("\($0)") }
            // Stricter than RFC 8259 on purpose: no lone surrogates, no nested arrays, an object on top.
            let stricter = ["jsonNestedArray", "jsonNotAnObject", "jsonLoneSurrogate"]
            if stricter.contains(where: { outcome.hasSuffix($0) }) { continue }
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(raw))) is [String: Any]
            #expect(isRefused == !isJSON, "seed \(seed): \(outcome): \(printable(raw))")
        }
    }
}
