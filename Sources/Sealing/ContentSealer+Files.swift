// A text and files in one content, written while they come in: nobody knows beforehand how long they are.
internal import SecureMemory

/// Content of the kind ``ContentKind/files``.
///
///     content = text 0xff item*
///     item    = kind (1 byte: 0 text, 1 file) name-length (2) name type-length (2) type block*
///     block   = length (4) bytes; the last block of an item has length 0
///
/// Numbers are in network order. The text is what came first and needs no length: 0xff is in no UTF-8. So what begins as a
/// text is one until the first file comes. A text that comes after a file is an item. Calls come in the order of the grammar.
extension ContentSealer {
    /// The byte between the text and the items.
    private static let endOfText: [1 of UInt8] = [0xff]

    /// Ends the text that was appended so far, if any: items follow.
    public mutating func beginFiles(suite: CipherSuite) throws(SealingError) {
        try append(Self.endOfText.span, suite: suite)
    }

    /// Begins an item.
    ///
    /// - Parameters:
    ///   - isFile: whether it is a file, and not a text.
    ///   - name: its name, at most 65535 bytes.
    public mutating func beginItem(isFile: Bool, name: Span<UInt8>, suite: CipherSuite) throws(SealingError) {
        let kind: [1 of UInt8] = [isFile ? 1 : 0]
        try append(kind.span, suite: suite)
        try append(short: name, suite: suite)
    }

    /// Ends the head of an item: its type, at most 65535 bytes. Its bytes follow.
    public mutating func endItemHead(type: Span<UInt8>, suite: CipherSuite) throws(SealingError) {
        try append(short: type, suite: suite)
    }

    /// Takes the next bytes of an item.
    ///
    /// A block grows as long as its head is in the chunk under way, so that many small pieces take no more room than a large one.
    public mutating func appendToItem(_ bytes: Span<UInt8>, suite: CipherSuite) throws(SealingError) {
        var rest = bytes
        while !rest.isEmpty {
            if openBlockCount == nil {
                // A length that two chunks share can't be changed later: a block of just these bytes.
                if chunkRoom > 0 && chunkRoom <= 4 {
                    try append(Self.number(rest.count).span, suite: suite)
                    return try append(rest, suite: suite)
                }
                try append(Self.number(0).span, suite: suite)
                openBlockCount = 0
            }
            let (before, added) = (openBlockCount ?? 0, min(rest.count, chunkRoom))
            try append(rest.extracting(first: added), suite: suite)
            amend(before + added + 4, Self.number(before + added))
            openBlockCount = chunkRoom == 0 ? nil : before + added
            rest = rest.extracting(droppingFirst: added)
        }
    }

    /// Ends an item.
    public mutating func endItem(suite: CipherSuite) throws(SealingError) {
        openBlockCount = nil
        try append(Self.number(0).span, suite: suite)
    }

    private mutating func append(short bytes: Span<UInt8>, suite: CipherSuite) throws(SealingError) {
        precondition(bytes.count <= Int(UInt16.max), "longer than its length can say")
        let length: [2 of UInt8] = [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
        try append(length.span, suite: suite)
        try append(bytes, suite: suite)
    }

    private static func number(_ count: Int) -> [4 of UInt8] {
        var number: [4 of UInt8] = .init(repeating: 0)
        for index in 0..<4 { number[index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        return number
    }
}
