// Field lines, one at a time, and what the framing fields say together once all are read.

/// What field lines said about framing, before it is judged.
struct FieldFacts {
    var hasHost = false
    var length: UInt64?
    var transferEncoding: TransferEncoding?
    var expectsContinue = false
    var closes = false
    var staysOpen = false

    enum TransferEncoding {
        case chunked
        case malformed
        case unsupported
    }
}

extension RequestHead {
    /// Parses `field-name ":" OWS field-value OWS CRLF` (RFC 9112, section 5). Returns the offset of the next line.
    @inline(__always)
    mutating func parseField(
        _ head: Span<UInt8>, at start: Int, into facts: inout FieldFacts
    ) throws(RequestFault) -> Int {
        var colon = start
        while colon < head.count, ByteClass.isToken(head[colon]) { colon += 1 }
        guard colon < head.count, colon > start, head[colon] == .colon else {
            throw Self.nameFault(head, start, colon)
        }
        var end = colon + 1
        while true {
            end = head.firstControl(from: end, to: head.count)
            guard end < head.count, head[end] == .tab else { break }
            end += 1
        }
        guard end < head.count else { throw .incompleteHead }
        guard head[end] == .carriageReturn else {
            throw head[end] == .lineFeed ? .bareLineFeed : .controlCharacter
        }
        let next = try head.lineEnd(after: end)
        var (lower, upper) = (colon + 1, end)
        while lower < upper, ByteClass.isBlank(head[lower]) { lower += 1 }
        while upper > lower, ByteClass.isBlank(head[upper - 1]) { upper -= 1 }

        switch FieldRole(head, start, colon) {
        case .other: break
        case .known(let field): try note(field, ByteRange(lower, upper))
        case .host: try noteHost(head, lower, upper, &facts)
        case .contentLength: try facts.noteLength(head, lower, upper)
        case .transferEncoding: try facts.noteTransferEncoding(head, lower, upper)
        case .connection: facts.noteConnection(head, lower, upper)
        case .expect: try facts.noteExpect(head, lower, upper)
        }
        return next
    }

    private static func nameFault(_ head: Span<UInt8>, _ start: Int, _ end: Int) -> RequestFault {
        guard end < head.count else { return .incompleteHead }
        let byte = head[end]
        if end == start, ByteClass.isBlank(byte) { return .obsoleteLineFolding }
        switch byte {
        case .lineFeed: return .bareLineFeed
        case .carriageReturn: return .malformedFieldLine
        default: return ByteClass.isForbiddenControl(byte) ? .controlCharacter : .malformedFieldName
        }
    }

    private mutating func noteHost(
        _ head: Span<UInt8>, _ lower: Int, _ upper: Int, _ facts: inout FieldFacts
    ) throws(RequestFault) {
        guard !facts.hasHost else { throw .duplicateHost }
        guard HostGrammar.isValid(head.extracting(lower..<upper)) else { throw .malformedHost }
        facts.hasHost = true
        // The authority of an absolute target goes before the field (RFC 9112, section 3.2.2).
        if !isAbsolute { host = ByteRange(lower, upper) }
    }

    /// Judges the fields together (RFC 9112, sections 3.2, 6.1, 6.3 and 9.3; RFC 9110, section 10.1.1).
    mutating func conclude(_ facts: FieldFacts) throws(RequestFault) {
        if minorVersion == 1, !facts.hasHost { throw .missingHost }
        if let coding = facts.transferEncoding {
            if minorVersion == 0 { throw .transferEncodingInHTTP10 }
            if facts.length != nil { throw .lengthWithTransferEncoding }
            switch coding {
            case .malformed: throw .malformedTransferEncoding
            case .unsupported: throw .unsupportedTransferCoding
            case .chunked: framing = .chunked
            }
        } else if let length = facts.length {
            framing = .length(length)
        }
        keepsAlive = !facts.closes && (minorVersion == 1 || facts.staysOpen)
        expectsContinue = facts.expectsContinue && minorVersion == 1 && hasBody
    }
}

extension FieldFacts {
    /// One number in decimal digits; neither a list nor a second line, even if they agree (RFC 9112, section 6.3).
    mutating func noteLength(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        guard length == nil else { throw .duplicateContentLength }
        guard lower < upper else { throw .malformedContentLength }
        var (value, isTooLarge) = (UInt64(0), false)
        for index in lower..<upper {
            guard ByteClass.isDigit(head[index]) else { throw .malformedContentLength }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(head[index] &- .zero))
            isTooLarge = isTooLarge || overflow || carry
            value = sum
        }
        guard !isTooLarge else { throw .contentLengthOverflow }
        length = value
    }

    /// Exactly `chunked` is understood; another list of codings is unsupported, anything else malformed.
    mutating func noteTransferEncoding(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        guard transferEncoding == nil else { throw .duplicateTransferEncoding }
        if head.matches("chunked", lower, upper) {
            transferEncoding = .chunked
            return
        }
        transferEncoding = .malformed
        var (isOther, start) = (false, lower)
        while true {
            let comma = head.first(.comma, from: start, to: upper)
            var (first, last) = (start, comma)
            while first < last, ByteClass.isBlank(head[first]) { first += 1 }
            while last > first, ByteClass.isBlank(head[last - 1]) { last -= 1 }
            guard first < last else { return }
            for index in first..<last where !ByteClass.isToken(head[index]) { return }
            isOther = isOther || !head.matches("chunked", first, last)
            guard comma < upper else { break }
            start = comma + 1
        }
        if isOther { transferEncoding = .unsupported }
    }

    /// Options separated by commas; only `close` and `keep-alive` mean something here (RFC 9110, section 7.6.1).
    mutating func noteConnection(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) {
        var start = lower
        while start < upper {
            let comma = head.first(.comma, from: start, to: upper)
            var (first, last) = (start, comma)
            while first < last, ByteClass.isBlank(head[first]) { first += 1 }
            while last > first, ByteClass.isBlank(head[last - 1]) { last -= 1 }
            if head.matches("close", first, last) { closes = true }
            if head.matches("keep-alive", first, last) { staysOpen = true }
            start = comma + 1
        }
    }

    mutating func noteExpect(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        guard head.matches("100-continue", lower, upper) else { throw .unsupportedExpectation }
        expectsContinue = true
    }
}
