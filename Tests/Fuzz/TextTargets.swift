// The small readers of what clients send: UTF-8, Base64, JSON escapes, media types, languages, paths and hosts.

import HTTPWire
import Pages

/// UTF-8 as the standard library judges it, in every cutting; Base64 that has one spelling; escapes that are undone again.
@Sendable func fuzzText(_ raw: [UInt8]) {
    let isValid = String(validating: raw, as: UTF8.self) != nil
    for cuts in cuttings(of: raw) {
        var (validator, start, holds) = (UTF8Validator(), 0, true)
        for cut in cuts {
            inExactMemory(raw[start..<cut]) { bytes in holds = validator.accept(bytes.span) && holds }
            start = cut
        }
        expect((holds && validator.isComplete) == isValid, "UTF-8, judged otherwise", "\(cuts)")
    }

    var decoded: [UInt8]?
    inExactMemory(raw) { bytes in
        guard let count = Base64.decode(&bytes) else { return }
        decoded = (0..<count).map { bytes[$0] }
    }
    if let decoded {
        let (padded, bare) = encodedBase64(decoded)
        expect(raw == padded || raw == bare, "Base64 of another spelling", printable(raw))
    }
    let (padded, bare) = encodedBase64(raw)
    for text in [padded, bare] {
        inExactMemory(text) { bytes in
            let count = Base64.decode(&bytes)
            expect(count == raw.count && raw.indices.allSatisfy { bytes[$0] == raw[$0] }, "Base64 is not itself again")
        }
    }

    let count = JSONEscaper.escapedCount(of: raw.span)
    let escaped = [UInt8](capacity: count) { output in JSONEscaper.escape(raw.span, into: &output) }
    expect(escaped.count == count, "the escapes have another length than they say")
    let record = decodeFields(Array("{\"\":\"".utf8) + escaped + Array("\"}".utf8), JSONFieldDecoder())
    let value = raw.isEmpty ? [] : [FieldEvent.value(raw)]
    expect(record == FieldRecord(events: [.begin([], .text)] + value + [.end]), "escaped text is not itself again")
}

/// A media type: a boundary that it names lies within it, and is one or is refused.
@Sendable func fuzzMediaType(_ raw: [UInt8]) {
    inExactMemory(raw) { bytes in
        guard case .multipart(let range) = MediaType(bytes.span) else { return }
        expect(range.upperBound <= raw.count, "a boundary beyond the field")
        let text = Array(raw[range.lowerBound..<range.upperBound])
        guard let boundary = try? MultipartBoundary(text.span) else { return }
        expect(1...70 ~= text.count && text.last != 0x20, "a boundary of an impossible length")
        // The form that it delimits is read with it.
        let part = Array("\r\nContent-Disposition: form-data; name=n\r\n\r\n".utf8) + raw
        let dashes = Array("--".utf8)
        let body = dashes + text + part + Array("\r\n--".utf8) + text + dashes
        let record = decodeFields(body, MultipartDecoder(boundary: boundary))
        let value = raw.isEmpty ? [] : [FieldEvent.value(raw)]
        let whole = FieldRecord(events: [.begin(Array("n".utf8), .text)] + value + [.end])
        expect(record == whole || raw.contains(13), "a part is not itself again", printable(body))
    }
}

/// Accept-Language: any bytes choose one of the languages there are.
@Sendable func fuzzLanguage(_ raw: [UInt8]) {
    var random = Splits(raw)
    let cut = random.next(upTo: raw.count + 1) - 1
    inExactMemory(raw) { bytes in
        let span = bytes.span
        for fallback in Words.all {
            let chosen = Words.choose(acceptLanguage: span, fallback: fallback)
            expect(Words.all.contains { $0.tag == chosen.tag }, "a language that there is not")
            // Nobody asked for it by name or by star: then it is the server's.
            let text = String(decoding: raw.map { 65...90 ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
            if !text.contains(chosen.tag) { expect(chosen.tag == fallback.tag, "a language that nobody asked for") }
            let override = Words.choose(
                acceptLanguage: span.extracting(cut...), override: span.extracting(..<cut), fallback: fallback)
            expect(Words.all.contains { $0.tag == override.tag }, "a language that there is not")
        }
    }
}

func encodedBase64(_ bytes: [UInt8]) -> (padded: [UInt8], bare: [UInt8]) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bare: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = Array(bytes[start..<min(start + 3, bytes.count)])
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for index in 0...group.count { bare.append(alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]) }
    }
    return (bare + Array(repeating: 0x3D, count: (4 - bare.count % 4) % 4), bare)
}
