// What proxies write about whom they speak for: X-Forwarded-For, and Forwarded of RFC 7239.

/// Takes the values of the two fields apart, from their right end on: that is where the nearest proxy wrote. What stands to the left of
/// it cannot change how it is read, be it as malformed as it may.
public enum ForwardingGrammar: BitwiseCopyable, Sendable {
    /// X-Forwarded-For: addresses with commas between them, IPv6 ones with or without brackets, with or without ports.
    case list
    /// Forwarded (RFC 7239, section 4): elements with commas between them, each of pairs, `for` among them.
    case elements

    /// The longest element that is looked at, in bytes.
    public static var maximumElementBytes: Int { 512 }

    /// The last element of `lower..<end` that is not empty, without blanks around it; nil if there is none. `end` moves to where the
    /// ones before it end. O(its bytes).
    public func lastElement(_ bytes: Span<UInt8>, from lower: Int, to end: inout Int) -> ByteRange? {
        while end > lower {
            let comma = lastComma(bytes, from: lower, to: end)
            var (first, last) = (comma + 1, end)
            end = max(comma, lower)
            while first < last, ByteClass.isBlank(bytes[first]) { first += 1 }
            while last > first, ByteClass.isBlank(bytes[last - 1]) { last -= 1 }
            if first < last { return ByteRange(first, last) }
        }
        return nil
    }

    /// The offset of the last comma outside quotes, or the one before `lower`.
    private func lastComma(_ bytes: Span<UInt8>, from lower: Int, to end: Int) -> Int {
        var (index, isQuoted) = (end - 1, false)
        while index >= lower {
            if bytes[index] == .comma, !isQuoted { return index }
            if self == .elements, bytes[index] == .quote {
                // Seen from behind, the first quote closes; the next one opens unless it is escaped.
                if !isQuoted || !isEscaped(bytes, index, lower) { isQuoted.toggle() }
            }
            index -= 1
        }
        return lower - 1
    }

    private func isEscaped(_ bytes: Span<UInt8>, _ index: Int, _ lower: Int) -> Bool {
        var first = index
        while first > lower, bytes[first - 1] == .backslash { first -= 1 }
        return (index - first) % 2 == 1
    }

    /// Where the address of an element stands, without brackets and port; nil where the element names none, or is malformed. Whether
    /// it is an address is for others to say. O(element).
    public func address(of element: ByteRange, in bytes: Span<UInt8>) -> ByteRange? {
        guard element.count <= Self.maximumElementBytes else { return nil }
        switch self {
        case .list: return host(bytes, element.lowerBound, element.upperBound)
        case .elements:
            guard let node = node(bytes, element.lowerBound, element.upperBound) else { return nil }
            return host(bytes, node.lowerBound, node.upperBound)
        }
    }

    /// The value of the one `for` among the pairs of an element.
    private func node(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) -> ByteRange? {
        var (index, node) = (lower, ByteRange?.none)
        while index < upper {
            let start = index
            while index < upper, ByteClass.isToken(bytes[index]) { index += 1 }
            if index > start {
                let isNode = bytes.matches("for", start, index)
                guard index + 1 < upper, bytes[index] == .equals, let value = value(bytes, &index, upper) else {
                    return nil
                }
                if isNode {
                    guard node == nil else { return nil }
                    node = value
                }
            }
            while index < upper, ByteClass.isBlank(bytes[index]) { index += 1 }
            guard index < upper else { break }
            guard bytes[index] == .semicolon else { return nil }
            index += 1
            while index < upper, ByteClass.isBlank(bytes[index]) { index += 1 }
        }
        return node
    }

    /// A token or a quoted string behind the equals sign at `index`; escapes are not undone: no address needs any.
    private func value(_ bytes: Span<UInt8>, _ index: inout Int, _ upper: Int) -> ByteRange? {
        index += 1
        let isQuoted = bytes[index] == .quote
        if isQuoted { index += 1 }
        let start = index
        while index < upper, isQuoted ? bytes[index] != .quote : ByteClass.isToken(bytes[index]) {
            index += bytes[index] == .backslash ? 2 : 1
        }
        guard index <= upper else { return nil }
        let value = ByteRange(start, index)
        guard isQuoted else { return value.isEmpty ? nil : value }
        guard index < upper else { return nil }
        index += 1
        return value
    }

    /// `address`, `address:port`, `[address]` or `[address]:port`; an IPv6 address without brackets in a list alone.
    private func host(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) -> ByteRange? {
        guard lower < upper else { return nil }
        let colon = bytes.first(.colon, from: lower, to: upper)
        if bytes[lower] == .openBracket {
            let close = bytes.first(.closeBracket, from: lower, to: upper)
            guard close < upper, colon < close else { return nil }
            guard close + 1 == upper || (bytes[close + 1] == .colon && isPort(bytes, close + 2, upper)) else {
                return nil
            }
            return ByteRange(lower + 1, close)
        }
        guard colon < upper else { return ByteRange(lower, upper) }
        if bytes.first(.colon, from: colon + 1, to: upper) < upper {
            return self == .list ? ByteRange(lower, upper) : nil
        }
        return isPort(bytes, colon + 1, upper) ? ByteRange(lower, colon) : nil
    }

    /// Up to five digits; in Forwarded also a name that hides them (RFC 7239, section 6).
    private func isPort(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) -> Bool {
        guard lower < upper else { return false }
        if self == .elements, bytes[lower] == 0x5f {
            for index in (lower + 1)..<upper where !ByteClass.isRegName(bytes[index]) { return false }
            return lower + 1 < upper
        }
        for index in lower..<upper where !ByteClass.isDigit(bytes[index]) { return false }
        return upper - lower <= 5
    }
}
