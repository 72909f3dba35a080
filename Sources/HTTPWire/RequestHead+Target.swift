// The request target and the host it names.

extension RequestHead {
    /// Sorts the target, visible ASCII in `lower..<upper`, into one of its forms (RFC 9112, section 3.2).
    mutating func parseTarget(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        if head[lower] == .slash { return try parsePath(head, lower, upper) }
        if head[lower] == .asterisk, upper - lower == 1, method == .options {
            isAsterisk = true
            path = ByteRange(lower, upper)
            return
        }
        let authority: Int
        if upper - lower > 7, head.matches("http://", lower, lower + 7) {
            authority = lower + 7
        } else if upper - lower > 8, head.matches("https://", lower, lower + 8) {
            authority = lower + 8
        } else {
            throw .malformedTarget
        }
        var end = authority
        while end < upper, head[end] != .slash, head[end] != .questionMark { end += 1 }
        guard HostGrammar.isValid(head.extracting(authority..<end)) else { throw .malformedTarget }
        isAbsolute = true
        host = ByteRange(authority, end)
        if end < upper, head[end] == .slash { return try parsePath(head, end, upper) }
        // No path means the root (RFC 9110, section 4.2.3); the second slash of "//" serves as its text.
        path = ByteRange(authority - 1, authority)
        if end < upper { try parseQuery(head, end + 1, upper) }
    }

    private mutating func parsePath(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        var index = lower
        while index < upper, ByteClass.isPath(head[index]) {
            if head[index] == .percent {
                guard upper - index > 2, ByteClass.hexValue(head[index + 1]) != nil,
                    ByteClass.hexValue(head[index + 2]) != nil
                else { throw .malformedTargetEscape }
                index += 2
            }
            index += 1
        }
        path = ByteRange(lower, index)
        guard index < upper else { return }
        guard head[index] == .questionMark else { throw .malformedTarget }
        try parseQuery(head, index + 1, upper)
    }

    private mutating func parseQuery(_ head: Span<UInt8>, _ lower: Int, _ upper: Int) throws(RequestFault) {
        var index = lower
        while index < upper {
            guard ByteClass.isQuery(head[index]) else { throw .malformedTarget }
            index += 1
        }
        query = ByteRange(lower, upper)
    }
}
