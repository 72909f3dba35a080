// Multipart bodies: one result however they arrive, and the result of a plain reading.

import HTTPWire

private let boundaryText = Array("b-1".utf8)

@Sendable func fuzzMultipart(_ raw: [UInt8]) {
    guard let boundary = try? MultipartBoundary(boundaryText.span) else { finding("a good boundary is refused") }
    var reader = PlainMultipart(raw)
    agree(decodeFields(raw, MultipartDecoder(boundary: boundary)), reader.read(), raw)
}

/// RFC 2046, section 5.1, and RFC 7578, read from the whole body.
private struct PlainMultipart {
    private struct Refused: Error {}

    private let raw: [UInt8]
    private var position = 0
    private var events: [FieldEvent] = []
    private var count = 0
    private static let delimiter = Array("\r\n--".utf8) + boundaryText

    init(_ raw: [UInt8]) { self.raw = raw }

    mutating func read() -> (events: [FieldEvent], isRefused: Bool) {
        do throws(Refused) {
            if raw.starts(with: Self.delimiter.dropFirst(2)) {
                position = Self.delimiter.count - 2
            } else {
                guard let start = nextDelimiter() else { throw Refused() }
                position = start + Self.delimiter.count
            }
            while !takes("--") {
                skipBlanks()
                guard takes("\r\n") else { throw Refused() }
                try readHeaders()
                let start = position
                let end = nextDelimiter() ?? endOfTruncated()
                if end > start { events.append(.value(Array(raw[start..<end]))) }
                guard nextDelimiter() != nil else { throw Refused() }
                events.append(.end)
                position = end + Self.delimiter.count
            }
            skipBlanks()
            return (events, position < raw.count && !takes("\r\n"))
        } catch {
            return (events, true)
        }
    }

    private func nextDelimiter() -> Int? {
        var index = position
        while index + Self.delimiter.count <= raw.count {
            if raw[index...].starts(with: Self.delimiter) { return index }
            index += 1
        }
        return nil
    }

    /// Where the content of a part ends that is cut off: at what may have been the beginning of a delimiter.
    private func endOfTruncated() -> Int {
        for index in position..<max(position, raw.count) where Self.delimiter.starts(with: raw[index...]) {
            return index
        }
        return raw.count
    }

    private mutating func takes(_ text: String) -> Bool {
        guard raw[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    private mutating func skipBlanks() {
        while position < raw.count, raw[position] == 0x20 || raw[position] == 9 { position += 1 }
    }

    private mutating func readHeaders() throws(Refused) {
        var (headers, hasName) = (0, false)
        while !takes("\r\n") {
            let line = raw[position...].prefix { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
            guard line.count < 1_536 else { throw Refused() }
            position += line.count
            guard takes("\r\n") else { throw Refused() }
            headers += 1
            guard headers <= 16 else { throw Refused() }
            let fieldName = line.prefix(while: PlainHead.isToken)
            guard !fieldName.isEmpty, line.dropFirst(fieldName.count).first == 0x3A else { throw Refused() }
            let value = PlainHead.trimmed(line.dropFirst(fieldName.count + 1))
            switch String(decoding: fieldName, as: UTF8.self).lowercased() {
            case "content-disposition":
                let (name, kind, fileName) = try disposition(value)
                guard !hasName else { throw Refused() }
                hasName = true
                count += 1
                guard count <= 100, name.count <= 128 else { throw Refused() }
                events.append(.begin(name, kind))
                if let fileName, !fileName.isEmpty { events.append(.fileName(fileName)) }
            case "content-type": if hasName && !value.isEmpty { events.append(.mediaType(value)) }
            case "content-transfer-encoding":
                let coding = String(decoding: value, as: UTF8.self).lowercased()
                guard ["binary", "8bit", "7bit"].contains(coding) else { throw Refused() }
            default: break
            }
        }
        guard hasName else { throw Refused() }
    }

    private func disposition(_ value: [UInt8]) throws(Refused) -> ([UInt8], FieldKind, [UInt8]?) {
        var rest = value[...]
        func token() -> String {
            let text = rest.prefix(while: PlainHead.isToken)
            rest = rest.dropFirst(text.count)
            return String(decoding: text, as: UTF8.self).lowercased()
        }
        func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 9 } }
        guard token() == "form-data" else { throw Refused() }
        var (name, kind, fileName) = ([UInt8]?.none, FieldKind.text, [UInt8]?.none)
        skipBlanks()
        while !rest.isEmpty {
            guard rest.popFirst() == 0x3B else { throw Refused() }
            skipBlanks()
            if rest.isEmpty || rest.first == 0x3B { continue }
            let parameter = token()
            guard !parameter.isEmpty, rest.popFirst() == 0x3D else { throw Refused() }
            var text: [UInt8]
            if rest.first == 0x22 {
                rest = rest.dropFirst()
                text = []
                while let byte = rest.first, byte != 0x22 {
                    let isPair = byte == 0x5C && [0x22, 0x5C].contains(rest.dropFirst().first)
                    text += rest.prefix(isPair ? 2 : 1)
                    rest = rest.dropFirst(isPair ? 2 : 1)
                }
                guard rest.popFirst() == 0x22 else { throw Refused() }
            } else {
                text = Array(rest.prefix(while: PlainHead.isToken))
                guard !text.isEmpty else { throw Refused() }
                rest = rest.dropFirst(text.count)
            }
            switch parameter {
            case "name":
                guard name == nil else { throw Refused() }
                name = Self.unescaped(text)
            case "filename":
                kind = .file
                if fileName?.isEmpty ?? true { fileName = Self.unescaped(text) }
            case "filename*": kind = .file
            default: break
            }
            skipBlanks()
        }
        guard let name else { throw Refused() }
        return (name, kind, fileName)
    }

    /// What browsers escape in names: `%22`, `%0D`, `%0A`, and once `\"` and `\\`.
    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        let escapes = [
            ("%22", 0x22), ("%0d", 13), ("%0D", 13), ("%0a", 10), ("%0A", 10), ("\\\"", 0x22), ("\\\\", 0x5C),
        ]
        var (bytes, rest) = ([UInt8](), text[...])
        while let byte = rest.first {
            let escape = escapes.first { rest.starts(with: $0.0.utf8) }
            bytes.append(escape.map { UInt8($0.1) } ?? byte)
            rest = rest.dropFirst(escape?.0.utf8.count ?? 1)
        }
        return bytes
    }
}
