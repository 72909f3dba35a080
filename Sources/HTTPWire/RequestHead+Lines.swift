// Field lines that the head does not remember: earlier lines of a repeated field, and fields of any name.

extension RequestHead {
    /// The value of the last line of a field that stands before an offset, or nil if there is none. With the head's end as the offset,
    /// and then with each answer's, all lines come from the last to the first. O(head).
    ///
    /// - Parameters:
    ///   - name: the field's name; compared without case.
    ///   - head: the span that was parsed.
    public func lastLine(of name: Span<UInt8>, before offset: Int, in head: Span<UInt8>) -> ByteRange? {
        lastLine(before: offset, in: head) { start, colon in
            guard colon - start == name.count else { return false }
            for index in name.indices {
                guard ByteClass.lowercased(head[start + index]) == ByteClass.lowercased(name[index]) else {
                    return false
                }
            }
            return true
        }
    }

    /// As ``lastLine(of:before:in:)-(Span<UInt8>,_,_)``, of a known field.
    public func lastLine(of field: KnownField, before offset: Int, in head: Span<UInt8>) -> ByteRange? {
        let name = field.name
        return lastLine(before: offset, in: head) { start, colon in head.matches(name, start, colon) }
    }

    /// The head was parsed: every line ends with CR LF, and every field line has a colon.
    private func lastLine(
        before offset: Int, in head: Span<UInt8>, _ isNamed: (Int, Int) -> Bool
    ) -> ByteRange? {
        var found: ByteRange?
        var end = head.first(.lineFeed, from: 0, to: head.count)
        while end + 1 < offset, end + 1 < head.count {
            let start = end + 1
            end = head.first(.lineFeed, from: start, to: head.count)
            let colon = head.first(.colon, from: start, to: end)
            guard colon < end, isNamed(start, colon) else { continue }
            var (lower, upper) = (colon + 1, end - 1)
            while lower < upper, ByteClass.isBlank(head[lower]) { lower += 1 }
            while upper > lower, ByteClass.isBlank(head[upper - 1]) { upper -= 1 }
            guard lower < offset else { break }
            found = ByteRange(lower, upper)
        }
        return found
    }
}
