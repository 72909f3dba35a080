// Where the head of a request ends, found while it arrives; what can't become a head is refused at once.

/// Finds the end of a request's head in a buffer that fills up, looking at each byte once.
///
/// Lines end with CR LF and nothing else; a control character stops the reading at once, so a TLS hello on a
/// plain port is refused with its first byte. Of the grammar the scanner knows just this, and that a request
/// line ends with a version; `RequestHead.parse` does the rest. Verdicts don't depend on how the bytes were cut.
///
/// RFC 9112, section 2.2.
public struct HeadScanner: Sendable {
    /// The bounds that the scan enforces.
    public let limits: HeadLimits
    /// Bytes of empty lines before the request line, to be skipped: the head is `leadingBytes..<` what `scan` returned.
    public private(set) var leadingBytes = 0

    private var position = 0
    private var lineStart = 0
    private var isRequestLine = true

    /// Empty lines before the request line that are forgiven: some clients send one after a form.
    private static let maxLeadingBytes = 4

    /// A scanner at the first byte of a request.
    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Looks at the bytes that came since the last call.
    ///
    /// - Parameter bytes: everything in the buffer from the first byte of the request (that is, after the
    ///   previous one) on; each call brings the same bytes and more. What follows the head is not looked at.
    /// - Returns: the offset after the empty line that ends the head, or nil if it has not arrived.
    /// - Throws: the first rule that the bytes break. O(new bytes).
    public mutating func scan(_ bytes: Span<UInt8>) throws(RequestFault) -> Int? {
        while position < bytes.count {
            if position == lineStart {
                guard try beginLine(bytes[position]) else {
                    guard position + 1 < bytes.count else { return nil }
                    guard bytes[position + 1] == .lineFeed else { throw .bareCarriageReturn }
                    position += 2
                    lineStart = position
                    if !isRequestLine { return try accept(position) }
                    leadingBytes = position
                    if leadingBytes > Self.maxLeadingBytes { throw .tooManyEmptyLines }
                    continue
                }
            }
            guard let end = try scanLine(bytes) else { return nil }
            guard end + 1 < bytes.count else { return nil }
            guard bytes[end + 1] == .lineFeed else { throw .bareCarriageReturn }
            if isRequestLine { try checkVersion(bytes, end) }
            position = end + 2
            lineStart = position
            isRequestLine = false
            _ = try accept(position)
        }
        return nil
    }

    /// Judges the first byte of a line: true if it begins a line with content, false if a CR begins its end.
    private func beginLine(_ byte: UInt8) throws(RequestFault) -> Bool {
        if byte == .carriageReturn { return false }
        if ByteClass.isToken(byte) { return true }
        if byte == .lineFeed { throw .bareLineFeed }
        if ByteClass.isForbiddenControl(byte) { throw .controlCharacter }
        if isRequestLine { throw .malformedMethod }
        throw ByteClass.isBlank(byte) ? .obsoleteLineFolding : .malformedFieldName
    }

    /// Moves `position` to the CR that ends the line and returns it, or to the end of what is there.
    private mutating func scanLine(_ bytes: Span<UInt8>) throws(RequestFault) -> Int? {
        let headEnd = leadingBytes + limits.maxHeadBytes
        let limit = isRequestLine ? min(lineStart + limits.maxRequestLineBytes, headEnd) : headEnd
        let stop = min(limit, bytes.count)
        while position < stop {
            if isRequestLine {
                position = bytes.firstNonGraphic(from: position, to: stop)
            } else {
                position = bytes.firstControl(from: position, to: stop)
            }
            guard position < stop else { break }
            switch bytes[position] {
            case .carriageReturn: return position
            case .lineFeed: throw .bareLineFeed
            case .space where isRequestLine: position += 1
            case .tab where !isRequestLine: position += 1
            case 0x80... where isRequestLine: throw .malformedRequestLine
            default: throw .controlCharacter
            }
        }
        guard stop < limit else {
            // The byte at the limit may be the line's CR, which the head's own limit judges.
            if stop < bytes.count, bytes[stop] == .carriageReturn, limit < headEnd { return stop }
            if stop == bytes.count, limit < headEnd { return nil }
            throw overlong(bytes, headEnd: headEnd, limit: limit)
        }
        return nil
    }

    /// Refuses a request line that doesn't end with a version now: those who send one (SSH, HTTP/0.9) may send no more
    /// and wait. What exactly is wrong, the parser knows.
    private func checkVersion(_ bytes: Span<UInt8>, _ end: Int) throws(RequestFault) {
        if end - lineStart > 9, bytes.equals(" HTTP/", end - 9, end - 3) { return }
        var head = RequestHead()
        _ = try head.parseRequestLine(bytes.extracting(lineStart..<(end + 2)), limits: limits)
        throw .malformedVersion
    }

    private func overlong(_ bytes: Span<UInt8>, headEnd: Int, limit: Int) -> RequestFault {
        guard isRequestLine, limit < headEnd else { return .headTooLarge }
        let methodEnd = lineStart + ByteClass.maxMethodBytes + 1
        let space = bytes.first(.space, from: lineStart, to: min(methodEnd, limit))
        return space < min(methodEnd, limit) ? .targetTooLong : .unknownMethod
    }

    private func accept(_ end: Int) throws(RequestFault) -> Int {
        guard end - leadingBytes <= limits.maxHeadBytes else { throw .headTooLarge }
        return end
    }
}
