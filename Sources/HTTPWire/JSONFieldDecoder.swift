// A JSON object as fields, unescaped in place, while it arrives.

/// Decodes a JSON object into fields. Strings are delivered unescaped, numbers and booleans as their literal text, null
/// as a field of kind `.null` without bytes; the elements of an array as fields that share its name; nested objects
/// between `beginObject` and `endObject`. Arrays hold plain values only; `emptyArray` tells the end of one in which nothing
/// is said. A body of nothing, or of white space, has no fields and is no fault. Duplicate names are the sink's matter.
///
/// RFC 8259. Of the content, only the present name is kept (128 bytes at most, for the elements of an array),
/// and cleared with its field.
public struct JSONFieldDecoder: Sendable {
    private var place = Place.start
    private var depth = 0
    private var isInArray = false
    /// Whether the array at hand has an element that is neither null nor an empty string.
    private var saysSomething = false
    private var fieldCount = 0
    private let maxFieldCount: Int
    private var name = InlineArray<128, UInt8>(repeating: 0)
    private var nameCount = 0

    /// Objects within objects, the outermost included.
    static let maxDepth = 8
    static let maxNumberBytes = 64

    private enum Place: Sendable {
        case start
        case firstName
        case name
        case colon
        case value
        case firstElement
        case element
        case string
        case afterValue
        case end
    }

    /// A decoder for an object of at most `maxFieldCount` fields; those of nested objects and array elements count.
    public init(maxFieldCount: Int = FieldLimits.maxFieldCount) {
        self.maxFieldCount = maxFieldCount
    }

    /// Decodes what is complete at the beginning of `bytes`. Same contract as `FormDecoder.decode`; at most a name, a
    /// number, or half an escape is left unconsumed.
    ///
    /// - Throws: the rule that was broken, or what the sink threw. With `isLast`, `jsonUnterminated` if the object is
    ///   not complete. O(bytes).
    @_lifetime(bytes: copy bytes)
    public mutating func decode<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int {
        var position = 0
        while position < bytes.count {
            guard place == .string else {
                if Self.isSpace(bytes[position]) {
                    position += 1
                    continue
                }
                guard let next = try step(bytes.span, at: position, into: &sink) else { break }
                position = next
                continue
            }
            position = try decodeString(&bytes, at: position, into: &sink)
            if place == .string { break }
        }
        if isLast {
            guard place == .end || place == .start, position == bytes.count else { throw .jsonUnterminated }
        }
        return position
    }

    /// Consumes one token other than the inside of a string; nil if its end has not arrived.
    private mutating func step<Sink: FieldSink & ~Copyable>(
        _ bytes: Span<UInt8>, at position: Int, into sink: inout Sink
    ) throws(FieldFault) -> Int? {
        let byte = bytes[position]
        switch (place, byte) {
        case (.start, .openBrace):
            depth = 1
            place = .firstName
        case (.start, _): throw .jsonNotAnObject
        case (.end, _): throw .jsonTrailingBytes
        case (.firstName, .closeBrace): try endObject(&sink)
        case (.firstName, .quote), (.name, .quote): return try decodeName(bytes, at: position + 1)
        case (.colon, .colon): place = .value
        case (.firstElement, .closeBracket): try endArray(&sink)
        case (.value, .openBracket):
            isInArray = true
            saysSomething = false
            place = .firstElement
        case (.value, .openBrace):
            guard depth < Self.maxDepth else { throw .jsonTooDeep }
            depth += 1
            try sink.beginObject(name: name.span.extracting(0..<nameCount))
            clearName()
            place = .firstName
        case (.value, _), (.firstElement, _), (.element, _):
            return try decodeValue(bytes, at: position, into: &sink)
        case (.afterValue, .comma): place = isInArray ? .element : .name
        case (.afterValue, .closeBracket) where isInArray: try endArray(&sink)
        case (.afterValue, .closeBrace) where !isInArray: try endObject(&sink)
        default: throw .jsonSyntax
        }
        return position + 1
    }

    private mutating func endArray<Sink: FieldSink & ~Copyable>(_ sink: inout Sink) throws(FieldFault) {
        if !saysSomething { try sink.emptyArray(name: name.span.extracting(0..<nameCount)) }
        isInArray = false
        endValue()
    }

    private mutating func endValue() {
        place = .afterValue
        if !isInArray { clearName() }
    }

    private mutating func clearName() {
        name = InlineArray(repeating: 0)
        nameCount = 0
    }

    private mutating func endObject<Sink: FieldSink & ~Copyable>(_ sink: inout Sink) throws(FieldFault) {
        depth -= 1
        guard depth > 0 else {
            place = .end
            return
        }
        try sink.endObject()
        place = .afterValue
    }

    /// Decodes a whole name into `name`; `start` is after the quote.
    private mutating func decodeName(_ bytes: Span<UInt8>, at start: Int) throws(FieldFault) -> Int? {
        var (position, count) = (start, 0)
        while position < bytes.count {
            let byte = bytes[position]
            if byte == .quote {
                nameCount = count
                place = .colon
                return position + 1
            }
            if byte == .backslash {
                guard let escape = try JSONEscape(bytes, at: position) else { return nil }
                guard count + escape.utf8Count <= FieldLimits.maxNameBytes else { throw .fieldNameTooLong }
                for index in 0..<escape.utf8Count { name[count + index] = escape.utf8(index) }
                count += escape.utf8Count
                position += escape.length
            } else {
                guard byte >= 0x20 else { throw .jsonControlCharacter }
                guard count < FieldLimits.maxNameBytes else { throw .fieldNameTooLong }
                name[count] = byte
                count += 1
                position += 1
            }
        }
        return nil
    }

    /// Begins a string, or decodes a whole number or literal.
    private mutating func decodeValue<Sink: FieldSink & ~Copyable>(
        _ bytes: Span<UInt8>, at position: Int, into sink: inout Sink
    ) throws(FieldFault) -> Int? {
        let byte = bytes[position]
        switch byte {
        case .quote:
            try beginField(.text, &sink)
            place = .string
            return position + 1
        case .openBracket, .openBrace: throw .jsonNestedArray
        case 0x74: return try decodeLiteral("true", .boolean, bytes, position, &sink)
        case 0x66: return try decodeLiteral("false", .boolean, bytes, position, &sink)
        case 0x6E: return try decodeLiteral("null", .null, bytes, position, &sink)
        default:
            guard byte == .dash || ByteClass.isDigit(byte) else { throw .jsonSyntax }
            guard let end = try Self.numberEnd(bytes, position) else { return nil }
            try deliver(.number, bytes.extracting(position..<end), &sink)
            return end
        }
    }

    private mutating func decodeLiteral<Sink: FieldSink & ~Copyable>(
        _ literal: StaticString, _ kind: FieldKind, _ bytes: Span<UInt8>, _ position: Int, _ sink: inout Sink
    ) throws(FieldFault) -> Int? {
        let count = literal.utf8CodeUnitCount
        let end = min(position + count, bytes.count)
        guard bytes.equalsPrefix(of: literal, position, end) else { throw .jsonSyntax }
        guard end - position == count else { return nil }
        try deliver(kind, bytes.extracting(position..<(kind == .null ? position : end)), &sink)
        return end
    }

    private mutating func beginField<Sink: FieldSink & ~Copyable>(
        _ kind: FieldKind, _ sink: inout Sink
    ) throws(FieldFault) {
        fieldCount += 1
        guard fieldCount <= maxFieldCount else { throw .tooManyFields }
        try sink.beginField(name: name.span.extracting(0..<nameCount), kind: kind)
    }

    private mutating func deliver<Sink: FieldSink & ~Copyable>(
        _ kind: FieldKind, _ value: Span<UInt8>, _ sink: inout Sink
    ) throws(FieldFault) {
        try beginField(kind, &sink)
        if !value.isEmpty {
            saysSomething = true
            try sink.appendValue(value)
        }
        try sink.endField()
        endValue()
    }

    /// Decodes as much of a string as there is; returns the offset after it, and after the quote that ends it.
    @_lifetime(bytes: copy bytes)
    private mutating func decodeString<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, at start: Int, into sink: inout Sink
    ) throws(FieldFault) -> Int {
        var (position, end) = (start, start)
        var fault: FieldFault?
        while position < bytes.count {
            let stop = bytes.span.firstJSONSpecial(from: position, to: bytes.count)
            bytes.moveDown(from: position, to: end, count: stop - position)
            end += stop - position
            position = stop
            guard position < bytes.count, bytes[position] != .quote else { break }
            do throws(FieldFault) {
                guard bytes[position] == .backslash else { throw FieldFault.jsonControlCharacter }
                guard let escape = try JSONEscape(bytes.span, at: position) else { break }
                for index in 0..<escape.utf8Count { bytes[end + index] = escape.utf8(index) }
                end += escape.utf8Count
                position += escape.length
            } catch {
                fault = error
                break
            }
        }
        // What came before a fault is delivered, so that the sink sees the same bytes however they were cut.
        if end > start {
            saysSomething = true
            try sink.appendValue(bytes.span.extracting(start..<end))
        }
        if let fault { throw fault }
        guard position < bytes.count, bytes[position] == .quote else { return position }
        try sink.endField()
        endValue()
        return position + 1
    }

    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == .space || byte == .lineFeed || byte == .carriageReturn || byte == .tab
    }

    /// The end of `[-] int [frac] [exp]` (RFC 8259, section 6); nil if it may go on.
    private static func numberEnd(_ bytes: Span<UInt8>, _ start: Int) throws(FieldFault) -> Int? {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            let isPart =
                ByteClass.isDigit(byte) || byte == .dash || byte == .plus || byte == .dot || byte | 0x20 == 0x65
            guard isPart else { break }
            end += 1
            guard end - start <= maxNumberBytes else { throw .jsonMalformedNumber }
        }
        guard end < bytes.count else { return nil }
        var index = start
        func skipDigits() -> Int {
            let first = index
            while ByteClass.isDigit(bytes[index]) { index += 1 }
            return index - first
        }
        if bytes[index] == .dash { index += 1 }
        let isZero = bytes[index] == .zero
        let integerCount = skipDigits()
        guard isZero ? integerCount == 1 : integerCount > 0 else { throw .jsonMalformedNumber }
        if bytes[index] == .dot {
            index += 1
            guard skipDigits() > 0 else { throw .jsonMalformedNumber }
        }
        if bytes[index] | 0x20 == 0x65 {
            index += 1
            if bytes[index] == .plus || bytes[index] == .dash { index += 1 }
            guard skipDigits() > 0 else { throw .jsonMalformedNumber }
        }
        guard index == end else { throw .jsonMalformedNumber }
        return end
    }
}
