// A plain reading of chunked bodies, from the grammar.

/// The grammar of RFC 9112, section 7.1, read from the whole body by recursive descent.
struct PlainChunks {
    enum Verdict: Equatable {
        case complete(body: [UInt8], used: Int)
        case incomplete
        case refused
    }

    private enum Stop: Error { case end, bad }

    let bytes: [UInt8]
    let limit: Int
    private var position = 0
    private var overhead = 0

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    mutating func read() -> Verdict {
        var body: [UInt8] = []
        do throws(Stop) {
            while let chunk = try readChunk(room: limit - body.count) { body += chunk }
            try readTrailers()
            return .complete(body: body, used: position)
        } catch {
            return error == .end ? .incomplete : .refused
        }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ isRight: (UInt8) -> Bool) throws(Stop) {
        guard let next else { throw .end }
        guard isRight(next) else { throw .bad }
        position += 1
    }

    private mutating func takeLineEnd() throws(Stop) {
        try take { $0 == 13 }
        try take { $0 == 10 }
    }

    private mutating func skip(_ isRight: (UInt8) -> Bool) -> Int {
        let start = position
        while let next, isRight(next) { position += 1 }
        return position - start
    }

    /// The data of one chunk, nil for the last one.
    private mutating func readChunk(room: Int) throws(Stop) -> [UInt8]? {
        let start = position
        let digits = skip { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
        guard digits > 0 else { throw next == nil ? .end : .bad }
        guard digits <= 16, let size = UInt64(String(decoding: bytes[start..<position], as: UTF8.self), radix: 16)
        else {
            throw .bad
        }
        guard next != nil else { throw .end }
        guard size <= UInt64(room) else { throw .bad }
        try readExtensions()
        try takeLineEnd()
        guard size > 0 else { return nil }
        guard bytes.count - position >= Int(size) else { throw .end }
        let data = bytes[position..<(position + Int(size))]
        position += Int(size)
        try takeLineEnd()
        return Array(data)
    }

    private mutating func readExtensions() throws(Stop) {
        let start = position
        defer { overhead += position - start }
        do throws(Stop) {
            while next != 13 {
                try readExtension()
            }
        } catch {
            // Too much is refused at its first byte, before what comes after it can be wrong or missing.
            throw isTooLong(from: start) ? .bad : error
        }
        if isTooLong(from: start) { throw .bad }
    }

    private func isTooLong(from start: Int) -> Bool {
        position - start > 256 || overhead + position - start > 8_192
    }

    private mutating func readExtension() throws(Stop) {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 9 }
        _ = skip(isBlank)
        try take { $0 == 0x3B }
        _ = skip(isBlank)
        try take(PlainHead.isToken)
        _ = skip(PlainHead.isToken)
        let nameEnd = position
        _ = skip(isBlank)
        guard next == 0x3D else {
            // Blanks belong to the next extension; nothing else may follow them.
            guard let next else { throw .end }
            guard next == 0x3B || position == nameEnd else { throw .bad }
            position = nameEnd
            return
        }
        position += 1
        _ = skip(isBlank)
        guard next == 0x22 else {
            try take(PlainHead.isToken)
            _ = skip(PlainHead.isToken)
            if next == nil { throw .end }
            return
        }
        position += 1
        while next != 0x22 {
            if next == 0x5C { position += 1 }
            try take { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
        }
        position += 1
        if next == nil { throw .end }
    }

    private mutating func readTrailers() throws(Stop) {
        let start = position
        do throws(Stop) {
            while next != 13 {
                try take(PlainHead.isToken)
                _ = skip(PlainHead.isToken)
                try take { $0 == 0x3A }
                _ = skip { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
                try takeLineEnd()
            }
            try takeLineEnd()
        } catch {
            throw position - start > 4_098 ? .bad : error
        }
        if position - start > 4_098 { throw .bad }
    }
}
