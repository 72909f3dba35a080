// Parsing a head that is complete: the request line here, then field by field, then what they say together.

extension RequestHead {
    /// Parses one whole head, from the first byte of the request line through the empty line.
    ///
    /// Checks everything itself; it doesn't rely on a scanner having seen the bytes.
    /// - Returns: the head, with offsets into `head`.
    /// - Throws: the rule that was broken. O(bytes), no allocation.
    public static func parse(
        _ head: Span<UInt8>, limits: HeadLimits = HeadLimits()
    ) throws(RequestFault) -> RequestHead {
        guard head.count <= limits.maxHeadBytes else { throw .headTooLarge }
        var result = RequestHead()
        var facts = FieldFacts()
        var position = try result.parseRequestLine(head, limits: limits)
        var fieldCount = 0
        while true {
            guard position < head.count else { throw .incompleteHead }
            if head[position] == .carriageReturn {
                position = try head.lineEnd(after: position)
                break
            }
            fieldCount += 1
            guard fieldCount <= limits.maxFieldCount else { throw .tooManyFields }
            position = try result.parseField(head, at: position, into: &facts)
        }
        guard position == head.count else { throw .malformedFieldLine }
        try result.conclude(facts)
        return result
    }

    /// Request line: method SP target SP version CR LF (RFC 9112, section 3). Returns the offset of the next line.
    mutating func parseRequestLine(_ head: Span<UInt8>, limits: HeadLimits) throws(RequestFault) -> Int {
        let methodEnd = try Self.methodEnd(head)
        let targetStart = methodEnd + 1
        let targetEnd = head.firstNonGraphic(from: targetStart, to: head.count)
        guard targetEnd - targetStart <= limits.maxTargetBytes else { throw .targetTooLong }
        guard targetEnd < head.count else { throw .incompleteHead }
        guard targetEnd > targetStart else { throw Self.fault(inLine: head[targetEnd]) }
        guard head[targetEnd] == .space else { throw Self.fault(inLine: head[targetEnd]) }

        let versionEnd = head.firstNonGraphic(from: targetEnd + 1, to: head.count)
        guard versionEnd < head.count else { throw .incompleteHead }
        guard head[versionEnd] == .carriageReturn else { throw Self.fault(inLine: head[versionEnd]) }
        let next = try head.lineEnd(after: versionEnd)
        minorVersion = try Self.minorVersion(head, targetEnd + 1, versionEnd)
        method = try RequestMethod(token: head, end: methodEnd)
        try parseTarget(head, targetStart, targetEnd)
        return next
    }

    private static func methodEnd(_ head: Span<UInt8>) throws(RequestFault) -> Int {
        var index = 0
        while index < head.count, ByteClass.isToken(head[index]) { index += 1 }
        guard index < head.count else { throw .incompleteHead }
        guard head[index] == .space else {
            let fault = fault(inLine: head[index])
            throw fault == .malformedRequestLine && head[index] != .carriageReturn ? .malformedMethod : fault
        }
        guard index > 0 else { throw .malformedMethod }
        return index
    }

    /// What is wrong with a byte that doesn't belong where it is in the request line.
    private static func fault(inLine byte: UInt8) -> RequestFault {
        if byte == .lineFeed { return .bareLineFeed }
        let isText = byte >= 0x20 && byte != .delete
        return byte == .carriageReturn || isText ? .malformedRequestLine : .controlCharacter
    }

    /// HTTP-version: "HTTP/" DIGIT "." DIGIT, upper case (RFC 9112, section 2.3).
    private static func minorVersion(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) -> UInt8 {
        guard upper - lower == 8, head.equals("HTTP/", lower, lower + 5) else { throw .malformedVersion }
        let (major, dot, minor) = (head[lower + 5], head[lower + 6], head[lower + 7])
        guard ByteClass.isDigit(major), dot == .dot, ByteClass.isDigit(minor) else { throw .malformedVersion }
        guard major == .zero + 1, minor <= .zero + 1 else { throw .unsupportedVersion }
        return minor - .zero
    }
}

extension Span<UInt8> {
    /// The offset after the LF that must follow the CR at `index`.
    @inline(__always)
    func lineEnd(after index: Int) throws(RequestFault) -> Int {
        guard index + 1 < count else { throw .incompleteHead }
        guard self[index + 1] == .lineFeed else { throw .bareCarriageReturn }
        return index + 2
    }
}
