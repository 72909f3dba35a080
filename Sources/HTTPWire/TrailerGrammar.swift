// The trailer section behind the last chunk, checked and dropped.

/// Trailer fields up to and with the empty line, as strict as header fields (RFC 9112, section 7.1.2).
struct TrailerGrammar: Sendable {
    private var place = Place.lineStart
    private var count = 0

    /// Bytes of all trailer fields together.
    static let maxBytes = 4_096

    private enum Place: Sendable {
        case lineStart
        case name
        case value
        case lineFeed
        case lastLineFeed
    }

    /// Consumes one byte; true if it was the last one.
    mutating func accept(_ byte: UInt8) throws(RequestFault) -> Bool {
        count += 1
        guard count <= Self.maxBytes + 2 else { throw .trailersTooLarge }
        switch place {
        case .lineStart:
            guard byte == .carriageReturn || ByteClass.isToken(byte) else { throw .malformedTrailer }
            place = byte == .carriageReturn ? .lastLineFeed : .name
        case .name:
            guard byte == .colon || ByteClass.isToken(byte) else { throw .malformedTrailer }
            if byte == .colon { place = .value }
        case .value:
            if byte == .carriageReturn {
                place = .lineFeed
            } else if ByteClass.isForbiddenControl(byte) {
                throw .malformedTrailer
            }
        case .lineFeed:
            guard byte == .lineFeed else { throw .malformedTrailer }
            place = .lineStart
        case .lastLineFeed:
            guard byte == .lineFeed else { throw .malformedTrailer }
            return true
        }
        return false
    }
}
