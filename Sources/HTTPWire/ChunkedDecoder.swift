// The chunked transfer coding, undone in place.

/// Decodes a chunked body in the buffer where it arrives. Chunk extensions and trailer fields are checked and
/// dropped. Every byte is consumed as it comes, so the input may be cut anywhere.
///
/// RFC 9112, section 7.1. Lines end with CR LF only; white space is allowed just where the grammar has it, before
/// and after the semicolon and the equals sign of an extension.
public struct ChunkedDecoder: Sendable {
    /// The most bytes that the decoded body may have.
    public let limit: Int
    /// Bytes decoded so far.
    public private(set) var decodedCount = 0

    private var phase = Phase.sizeStart
    private var size: UInt64 = 0
    private var sizeDigits = 0
    private var lineOverhead = 0
    private var totalOverhead = 0
    private var trailers = TrailerGrammar()

    /// Bytes of extensions in one chunk's line, and in all of them: else a body of many tiny chunks could carry
    /// more dropped bytes than content.
    static let maxLineOverhead = 256
    static let maxTotalOverhead = 8_192

    private enum Phase: Sendable {
        case sizeStart
        case size
        case extensions(ChunkExtensionGrammar)
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailers
        case complete
    }

    /// A decoder for a body of at most `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Decodes what `bytes[rawStart...]` holds. See `BodyDecoder.decode`.
    @_lifetime(bytes: copy bytes)
    public mutating func decode(
        _ bytes: inout MutableSpan<UInt8>, bodyEnd: Int, rawStart: Int
    ) throws(RequestFault) -> BodyProgress {
        var (end, position) = (bodyEnd, rawStart)
        while position < bytes.count {
            switch phase {
            case .data:
                let available = bytes.count - position
                let count = size < UInt64(available) ? Int(size) : available
                bytes.moveDown(from: position, to: end, count: count)
                end += count
                position += count
                size -= UInt64(count)
                if size == 0 { phase = .dataReturn }
                continue
            case .complete:
                return BodyProgress(bodyEnd: end, rawStart: position, isComplete: true)
            default:
                try step(bytes[position])
                position += 1
            }
        }
        if case .complete = phase { return BodyProgress(bodyEnd: end, rawStart: position, isComplete: true) }
        return BodyProgress(bodyEnd: end, rawStart: position, isComplete: false)
    }

    /// Consumes one byte that is not chunk data.
    private mutating func step(_ byte: UInt8) throws(RequestFault) {
        switch phase {
        case .sizeStart:
            guard let digit = ByteClass.hexValue(byte) else { throw .malformedChunkSize }
            (size, sizeDigits, lineOverhead) = (UInt64(digit), 1, 0)
            phase = .size
        case .size:
            if let digit = ByteClass.hexValue(byte) {
                sizeDigits += 1
                guard sizeDigits <= 16 else { throw .malformedChunkSize }
                size = size << 4 | UInt64(digit)
            } else {
                try endSize()
                try stepExtensions(byte, ChunkExtensionGrammar(), otherwise: .malformedChunkSize)
            }
        case .extensions(let grammar):
            try stepExtensions(byte, grammar, otherwise: .malformedChunkExtension)
        case .sizeLineFeed:
            guard byte == .lineFeed else { throw .malformedChunkSize }
            phase = size == 0 ? .trailers : .data
        case .dataReturn:
            guard byte == .carriageReturn else { throw .malformedChunkEnd }
            phase = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lineFeed else { throw .malformedChunkEnd }
            phase = .sizeStart
        case .trailers:
            if try trailers.accept(byte) { phase = .complete }
        case .data, .complete:
            break
        }
    }

    /// Judges a chunk's size as soon as it is known, before any of its bytes.
    private mutating func endSize() throws(RequestFault) {
        guard size <= UInt64(clamping: limit - decodedCount) else { throw .bodyTooLarge }
        decodedCount += Int(size)
    }

    private mutating func stepExtensions(
        _ byte: UInt8, _ grammar: ChunkExtensionGrammar, otherwise fault: RequestFault
    ) throws(RequestFault) {
        var grammar = grammar
        switch grammar.accept(byte) {
        case .end:
            phase = .sizeLineFeed
        case .more:
            lineOverhead += 1
            totalOverhead += 1
            guard lineOverhead <= Self.maxLineOverhead, totalOverhead <= Self.maxTotalOverhead else {
                throw .chunkOverheadTooLarge
            }
            phase = .extensions(grammar)
        case .malformed:
            throw fault
        }
    }
}
