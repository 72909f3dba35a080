// application/x-www-form-urlencoded, undone in place. Also reads query strings.

/// Decodes `name=value` pairs joined by `&`, in place, while they arrive.
///
/// A plus sign is a space, `%00` is allowed, a malformed escape is a fault. A field without equals sign has an empty
/// value; empty pairs are skipped. Stores no byte of what it decodes.
///
/// WHATWG URL Standard, "application/x-www-form-urlencoded parsing".
public struct FormDecoder: Sendable {
    private var isInValue = false
    private var fieldCount = 0
    private let maxFieldCount: Int

    /// A decoder for a form of at most `maxFieldCount` fields.
    public init(maxFieldCount: Int = FieldLimits.maxFieldCount) {
        self.maxFieldCount = maxFieldCount
    }

    /// Decodes what is complete at the beginning of `bytes`.
    ///
    /// The next call must begin with the bytes that were not consumed (they are unchanged; at most a name and half an
    /// escape), followed by new ones.
    /// - Parameter isLast: true if nothing follows `bytes`; then all of them are consumed and the last field ends. The
    ///   last call may have no bytes.
    /// - Returns: how many bytes were consumed. Their memory is altered.
    /// - Throws: the rule that was broken, or what the sink threw. O(bytes).
    @_lifetime(bytes: copy bytes)
    public mutating func decode<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int {
        var position = 0
        while position < bytes.count {
            if isInValue {
                position = try decodeValue(&bytes, at: position, isLast: isLast, into: &sink)
                if isInValue { break }
            } else if bytes[position] == .ampersand {
                position += 1
            } else {
                guard let next = try decodeName(&bytes, at: position, isLast: isLast, into: &sink) else { break }
                position = next
            }
        }
        if isLast, isInValue {
            isInValue = false
            try sink.endField()
        }
        return position
    }

    /// Decodes a whole name and what ends it, or returns nil if its end is not there yet.
    @_lifetime(bytes: copy bytes)
    private mutating func decodeName<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, at start: Int, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int? {
        // The bound is judged byte by byte, before the name is complete, so that the verdict doesn't depend on cuts.
        var (end, decodedCount) = (start, 0)
        while end < bytes.count, bytes[end] != .equals, bytes[end] != .ampersand {
            guard try Self.escapeIsComplete(bytes.span, at: end, isLast: isLast) else { return nil }
            end += bytes[end] == .percent ? 3 : 1
            decodedCount += 1
            guard decodedCount <= FieldLimits.maxNameBytes else { throw .fieldNameTooLong }
        }
        guard end < bytes.count || isLast else { return nil }
        fieldCount += 1
        guard fieldCount <= maxFieldCount else { throw .tooManyFields }
        let hasValue = end < bytes.count && bytes[end] == .equals
        let nameEnd = Self.unescape(&bytes, start, end)
        try sink.beginField(name: bytes.span.extracting(start..<nameEnd), kind: .text)
        if hasValue {
            isInValue = true
        } else {
            try sink.endField()
        }
        return end < bytes.count ? end + 1 : end
    }

    /// Decodes as much of a value as there is and returns the offset after it, and after the `&` that ends it.
    @_lifetime(bytes: copy bytes)
    private mutating func decodeValue<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, at start: Int, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int {
        var (position, end) = (start, start)
        var fault: FieldFault?
        while position < bytes.count {
            let stop = bytes.span.first(of: .ampersand, .percent, .plus, from: position, to: bytes.count)
            bytes.moveDown(from: position, to: end, count: stop - position)
            end += stop - position
            position = stop
            guard position < bytes.count, bytes[position] != .ampersand else { break }
            if bytes[position] == .plus {
                bytes[end] = .space
                position += 1
            } else {
                do throws(FieldFault) {
                    guard try Self.escapeIsComplete(bytes.span, at: position, isLast: isLast) else { break }
                } catch {
                    fault = error
                    break
                }
                bytes[end] = Self.byte(ofEscapeAt: position, in: bytes.span)
                position += 3
            }
            end += 1
        }
        // What came before a fault is delivered, so that the sink sees the same bytes however they were cut.
        if end > start { try sink.appendValue(bytes.span.extracting(start..<end)) }
        if let fault { throw fault }
        if position < bytes.count, bytes[position] == .ampersand {
            isInValue = false
            try sink.endField()
            position += 1
        }
        return position
    }

    /// A short value of a query that is no secret, with its escapes undone; nil where one is malformed. A plus stays what it is: for
    /// values in which a space has no place.
    public static func unescaped(_ value: Span<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var index = 0
        while index < value.count {
            guard (try? escapeIsComplete(value, at: index, isLast: true)) == true else { return nil }
            let isEscape = value[index] == .percent
            bytes.append(isEscape ? byte(ofEscapeAt: index, in: value) : value[index])
            index += isEscape ? 3 : 1
        }
        return bytes
    }

    /// True if the byte at `index` is no escape or a whole one, false if half of it is still to come.
    @inline(__always)
    private static func escapeIsComplete(
        _ bytes: Span<UInt8>, at index: Int, isLast: Bool
    ) throws(FieldFault) -> Bool {
        guard bytes[index] == .percent else { return true }
        for offset in 1...2 {
            guard index + offset < bytes.count else {
                if isLast { throw .malformedPercentEscape }
                return false
            }
            guard ByteClass.hexValue(bytes[index + offset]) != nil else { throw .malformedPercentEscape }
        }
        return true
    }

    @inline(__always)
    private static func byte(ofEscapeAt index: Int, in bytes: Span<UInt8>) -> UInt8 {
        let high = ByteClass.hexValue(bytes[index + 1]) ?? 0
        return high << 4 | (ByteClass.hexValue(bytes[index + 2]) ?? 0)
    }

    /// Undoes the escapes, all known to be well formed, in `lower..<upper` and returns the new end.
    @_lifetime(bytes: copy bytes)
    private static func unescape(_ bytes: inout MutableSpan<UInt8>, _ lower: Int, _ upper: Int) -> Int {
        var (position, end) = (lower, lower)
        while position < upper {
            let byte = bytes[position]
            switch byte {
            case .percent: bytes[end] = Self.byte(ofEscapeAt: position, in: bytes.span)
            case .plus: bytes[end] = .space
            default: bytes[end] = byte
            }
            position += byte == .percent ? 3 : 1
            end += 1
        }
        return end
    }
}
