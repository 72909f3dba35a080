// Forms and percent escapes: one result however they arrive, that of a plain reading; and what was encoded comes out again.

import HTTPWire

@Sendable func fuzzForm(_ raw: [UInt8]) {
    agree(decodeFields(raw, FormDecoder()), plainForm(raw), raw)
}

/// Any bytes as name and value, encoded in one of the ways that are allowed, decode to themselves.
@Sendable func fuzzPercent(_ raw: [UInt8]) {
    var random = Splits(raw)
    func encoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        bytes.flatMap { byte -> [UInt8] in
            let isReserved = [0x25, 0x26, 0x2B, 0x3D].contains(byte)
            let way = random.next(upTo: 3)
            if byte == 0x20, way == 1 { return [0x2B] }
            if !isReserved, way < 3 { return [byte] }
            let digits = Array((way == 1 ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
            return [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    let (name, value) = (raw.prefix(FieldLimits.maxNameBytes), raw.dropFirst(FieldLimits.maxNameBytes / 2))
    let record = decodeFields(encoded(name) + [0x3D] + encoded(value), FormDecoder())
    let expected = [.begin(Array(name), .text)] + (value.isEmpty ? [] : [FieldEvent.value(Array(value))]) + [.end]
    expect(record.fault == nil && record.events == expected, "an encoded field is not itself again", "\(record)")
}

/// WHATWG URL, "application/x-www-form-urlencoded parsing", over the whole body; strict in its escapes.
private func plainForm(_ raw: [UInt8]) -> (events: [FieldEvent], isRefused: Bool) {
    var (events, count) = ([FieldEvent](), 0)
    for pair in raw.split(separator: 0x26) {
        let equals = pair.firstIndex(of: 0x3D) ?? pair.endIndex
        let name = unescaped(pair[..<equals])
        count += 1
        guard !name.isBroken, name.bytes.count <= 128, count <= 100 else { return (events, true) }
        events.append(.begin(name.bytes, .text))
        if equals < pair.endIndex {
            let value = unescaped(pair[(equals + 1)...])
            if !value.bytes.isEmpty { events.append(.value(value.bytes)) }
            if value.isBroken { return (events, true) }
        }
        events.append(.end)
    }
    return (events, false)
}

private func unescaped(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], isBroken: Bool) {
    var (bytes, rest) = ([UInt8](), text)
    while let byte = rest.popFirst() {
        guard byte == 0x25 else {
            bytes.append(byte == 0x2B ? 0x20 : byte)
            continue
        }
        let digits = rest.prefix(2)
        let areHex = digits.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
        guard digits.count == 2, areHex, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
            return (bytes, true)
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return (bytes, false)
}
