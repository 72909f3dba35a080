// JSON bodies: one result however they arrive, and the result of a plain reading.

import HTTPWire

@Sendable func fuzzJSON(_ raw: [UInt8]) {
    var reader = PlainJSON(raw)
    agree(decodeFields(raw, JSONFieldDecoder()), reader.read(), raw)
}

/// RFC 8259 by recursive descent over the whole text, with the decoder's bounds: an object on top, at most 8 deep, arrays of
/// plain values, names of 128 bytes, numbers of 64, no half of a surrogate pair.
private struct PlainJSON {
    private struct Refused: Error {}

    private var rest: ArraySlice<UInt8>
    private var events: [FieldEvent] = []
    private var count = 0

    init(_ raw: [UInt8]) { rest = raw[...] }

    mutating func read() -> (events: [FieldEvent], isRefused: Bool) {
        do throws(Refused) {
            skipBlanks()
            if rest.isEmpty { return (events, false) }
            try object(depth: 1)
            skipBlanks()
            return (events, !rest.isEmpty)
        } catch {
            return (events, true)
        }
    }

    private mutating func skipBlanks() { rest = rest.drop { [0x20, 9, 10, 13].contains($0) } }

    private mutating func takes(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func object(depth: Int) throws(Refused) {
        guard takes("{") else { throw Refused() }
        skipBlanks()
        if takes("}") { return }
        while true {
            skipBlanks()
            guard takes("\"") else { throw Refused() }
            let (name, isWhole) = string(limit: 128)
            guard isWhole else { throw Refused() }
            skipBlanks()
            guard takes(":") else { throw Refused() }
            skipBlanks()
            try member(name, depth: depth)
            skipBlanks()
            if takes("}") { return }
            guard takes(",") else { throw Refused() }
        }
    }

    private mutating func member(_ name: [UInt8], depth: Int) throws(Refused) {
        if rest.first == 0x7B {
            guard depth < 8 else { throw Refused() }
            events.append(.beginObject(name))
            try object(depth: depth + 1)
            events.append(.endObject)
            return
        }
        guard takes("[") else { return try plainValue(name) }
        skipBlanks()
        if takes("]") { return }
        while true {
            skipBlanks()
            try plainValue(name)
            skipBlanks()
            if takes("]") { return }
            guard takes(",") else { throw Refused() }
        }
    }

    private mutating func plainValue(_ name: [UInt8]) throws(Refused) {
        if takes("\"") {
            try begin(name, .text)
            let (value, isWhole) = string(limit: .max)
            if !value.isEmpty { events.append(.value(value)) }
            guard isWhole else { throw Refused() }
        } else if takes("true") {
            try begin(name, .boolean)
            events.append(.value(Array("true".utf8)))
        } else if takes("false") {
            try begin(name, .boolean)
            events.append(.value(Array("false".utf8)))
        } else if takes("null") {
            try begin(name, .null)
        } else {
            let text = rest.prefix { 0x30...0x39 ~= $0 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
            guard text.count <= 64, text.count < rest.count, Self.isNumber(text) else { throw Refused() }
            rest = rest.dropFirst(text.count)
            try begin(name, .number)
            events.append(.value(Array(text)))
        }
        events.append(.end)
    }

    private mutating func begin(_ name: [UInt8], _ kind: FieldKind) throws(Refused) {
        count += 1
        guard count <= 100 else { throw Refused() }
        events.append(.begin(name, kind))
    }

    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits() -> Int {
            let count = rest.prefix { 0x30...0x39 ~= $0 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == 0x2D { rest = rest.dropFirst() }
        let isZero = rest.first == 0x30
        let whole = digits()
        guard whole == 1 || (whole > 1 && !isZero) else { return false }
        if rest.first == 0x2E {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first.map({ $0 | 0x20 }) == 0x65 {
            rest = rest.dropFirst()
            if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// The rest of a string up to its quote, or up to what is wrong in it.
    private mutating func string(limit: Int) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == 0x22 { return (bytes, true) }
            if byte < 0x20 { return (bytes, false) }
            if byte == 0x5C {
                guard let scalar = escape() else { return (bytes, false) }
                bytes += Array(String(scalar).utf8)
            } else {
                bytes.append(byte)
            }
            if bytes.count > limit { return (bytes, false) }
        }
        return (bytes, false)
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let letter = rest.popFirst() else { return nil }
        let short: KeyValuePairs<UInt8, UInt8> = [
            0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9, 0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F,
        ]
        if let byte = short.first(where: { $0.key == letter })?.value { return Unicode.Scalar(byte) }
        guard letter == 0x75, let high = unit() else { return nil }
        guard 0xD800...0xDBFF ~= high else { return Unicode.Scalar(high) }
        guard takes("\\u"), let low = unit(), 0xDC00...0xDFFF ~= low else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00))
    }

    private mutating func unit() -> UInt32? {
        let digits = rest.prefix(4)
        let areHex = digits.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
        guard digits.count == 4, areHex else { return nil }
        rest = rest.dropFirst(4)
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
