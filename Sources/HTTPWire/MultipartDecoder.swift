// multipart/form-data, taken apart while it arrives.

/// Decodes the parts of a form. Values are delivered as they are, byte for byte; of part headers only the disposition
/// counts, and of files the media type that comes after it. Stores the boundary, and no byte of what it decodes.
///
/// RFC 7578; RFC 2046, section 5.1. A line that begins with the boundary and goes on is a fault, not content: RFC 2046
/// takes it for a delimiter, others don't, and a form must mean the same to everyone.
public struct MultipartDecoder: Sendable {
    private let boundary: MultipartBoundary
    private let maxFieldCount: Int
    private var place = Place.opening
    private var fieldCount = 0
    private var headerCount = 0
    private var hasName = false

    /// Holds a file name of 255 characters, each of four bytes or escaped as three.
    static let maxHeaderBytes = 1_536
    static let maxHeaderCount = 16

    private enum Place: Sendable {
        case opening
        case preamble
        case afterDelimiter
        case padding
        case header
        case content
        case closed
        case epilogue
    }

    /// A decoder for a form of at most `maxFieldCount` parts.
    public init(boundary: MultipartBoundary, maxFieldCount: Int = FieldLimits.maxFieldCount) {
        self.boundary = boundary
        self.maxFieldCount = maxFieldCount
    }

    /// Decodes what is complete at the beginning of `bytes`. Same contract as `FormDecoder.decode`; at most a part
    /// header or the beginning of a delimiter is left unconsumed.
    ///
    /// - Throws: the rule that was broken, or what the sink threw. With `isLast`, `multipartUnterminated` if the
    ///   closing delimiter has not come. O(bytes).
    @_lifetime(bytes: copy bytes)
    public mutating func decode<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, isLast: Bool, into sink: inout Sink
    ) throws(FieldFault) -> Int {
        var position = 0
        while position < bytes.count {
            let next: Int?
            switch place {
            case .opening: next = open(bytes.span)
            case .preamble: next = skipPreamble(bytes.span, at: position)
            case .afterDelimiter, .padding, .closed: next = try endDelimiter(bytes.span, at: position)
            case .header: next = try decodeHeader(&bytes, at: position, into: &sink)
            case .content:
                let (index, match) = boundary.find(bytes.span, from: position)
                if index > position { try sink.appendValue(bytes.span.extracting(position..<index)) }
                position = index
                next = match == .whole ? index + boundary.delimiterCount : nil
                if next != nil {
                    try sink.endField()
                    place = .afterDelimiter
                }
            case .epilogue: next = bytes.count
            }
            guard let next else { break }
            position = next
        }
        if isLast {
            guard place == .closed || place == .epilogue else { throw .multipartUnterminated }
            guard position == bytes.count else { throw .multipartDelimiterMalformed }
        }
        return position
    }

    /// The first delimiter needs no CR LF before it if it comes at once.
    private mutating func open(_ bytes: Span<UInt8>) -> Int? {
        switch boundary.match(bytes, at: 0, skipping: 2) {
        case .begun: return nil
        case .none:
            place = .preamble
            return 0
        case .whole:
            place = .afterDelimiter
            return boundary.delimiterCount - 2
        }
    }

    private mutating func skipPreamble(_ bytes: Span<UInt8>, at position: Int) -> Int? {
        let (index, match) = boundary.find(bytes, from: position)
        if match == .whole {
            place = .afterDelimiter
            return index + boundary.delimiterCount
        }
        // What can't be the beginning of a delimiter is dropped.
        return index > position ? index : nil
    }

    /// After the boundary: two dashes if it was the last, white space, CR LF.
    private mutating func endDelimiter(_ bytes: Span<UInt8>, at position: Int) throws(FieldFault) -> Int? {
        let byte = bytes[position]
        if ByteClass.isBlank(byte) {
            if place == .afterDelimiter { place = .padding }
            return position + 1
        }
        let isDash = byte == .dash && place == .afterDelimiter
        guard isDash || byte == .carriageReturn else { throw .multipartDelimiterMalformed }
        guard position + 1 < bytes.count else { return nil }
        guard bytes[position + 1] == (isDash ? .dash : .lineFeed) else { throw .multipartDelimiterMalformed }
        if isDash {
            place = .closed
        } else if place == .closed {
            place = .epilogue
        } else {
            place = .header
            (hasName, headerCount) = (false, 0)
        }
        return position + 2
    }

    /// Decodes one whole header line, or the empty one that ends them.
    @_lifetime(bytes: copy bytes)
    private mutating func decodeHeader<Sink: FieldSink & ~Copyable>(
        _ bytes: inout MutableSpan<UInt8>, at start: Int, into sink: inout Sink
    ) throws(FieldFault) -> Int? {
        let stop = min(bytes.count, start + Self.maxHeaderBytes)
        var end = start
        while true {
            end = bytes.span.firstControl(from: end, to: stop)
            guard end < stop, bytes[end] == .tab else { break }
            end += 1
        }
        guard end < stop else {
            if stop == start + Self.maxHeaderBytes { throw .multipartHeaderTooLong }
            return nil
        }
        guard bytes[end] == .carriageReturn else { throw .multipartHeaderMalformed }
        guard end + 1 < bytes.count else { return nil }
        guard bytes[end + 1] == .lineFeed else { throw .multipartHeaderMalformed }
        if end == start {
            guard hasName else { throw .multipartNameMissing }
            place = .content
            return end + 2
        }
        headerCount += 1
        guard headerCount <= Self.maxHeaderCount else { throw .multipartHeaderTooLong }
        switch try PartHeader(bytes.span.extracting(start..<end)) {
        case .other: break
        case .mediaType(let range):
            guard hasName, !range.isEmpty else { break }
            let shifted = range.shifted(by: start)
            try sink.mediaType(bytes.span.extracting(shifted.lowerBound..<shifted.upperBound))
        case .disposition(let name, let kind, let fileName):
            guard !hasName else { throw .multipartHeaderMalformed }
            hasName = true
            fieldCount += 1
            guard fieldCount <= maxFieldCount else { throw .tooManyFields }
            let range = name.shifted(by: start)
            let nameEnd = PartHeader.unescape(&bytes, range.lowerBound, range.upperBound)
            guard nameEnd - range.lowerBound <= FieldLimits.maxNameBytes else { throw .fieldNameTooLong }
            try sink.beginField(name: bytes.span.extracting(range.lowerBound..<nameEnd), kind: kind)
            guard !fileName.isEmpty else { break }
            let file = fileName.shifted(by: start)
            let fileEnd = PartHeader.unescape(&bytes, file.lowerBound, file.upperBound)
            try sink.fileName(bytes.span.extracting(file.lowerBound..<fileEnd))
        }
        return end + 2
    }
}
