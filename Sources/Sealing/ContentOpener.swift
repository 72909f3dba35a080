// Opening of content, chunk by chunk as it leaves.
public import SecureMemory

/// Opens one content that ``ContentSealer`` sealed. It owns the ciphertext, so a content is opened by one reader only; or has a lease
/// of one that is shared.
public struct ContentOpener: ~Copyable {
    /// The largest number of bytes that ``openNext(into:suite:)`` appends.
    public static let chunkSize = ContentStream.chunkSize

    /// What a chunk is longer when it is sealed.
    public static let tagSize = CipherSuite.tagSize

    /// The size of the block that an opener keeps its key in, in bytes.
    public static let keySize = CipherSuite.keySize

    private let key: SecureBytes
    private let sealed: SealedContent
    private let lease: ContentLease?
    private let facts: RecordFacts
    private var offset = 0
    /// The size of the chunk that was opened last, with its tag.
    private var lastCount = 0
    private var chunkNumber: UInt32 = 0

    /// Whether all of the content was opened.
    public private(set) var isFinished = false

    /// An opener with the token and share that the content was sealed under.
    ///
    /// - Parameter key: an empty block with room for ``keySize`` bytes, so that one who is about to give up the only copy of a
    ///   ciphertext has all the memory it takes before.
    public init(
        _ sealed: consuming SealedContent, token: Span<UInt8>, share: Span<UInt8>, facts: RecordFacts,
        suite: CipherSuite, key: consuming SecureBytes
    ) throws(SealingError) {
        var key = key
        try ContentStream.deriveKey(token: token, share: share, suite: suite, into: &key)
        self.key = key
        self.sealed = sealed
        lease = nil
        self.facts = facts
    }

    /// An opener of a ciphertext that is shared, likewise.
    public init(
        _ lease: ContentLease, token: Span<UInt8>, share: Span<UInt8>, facts: RecordFacts, suite: CipherSuite,
        key: consuming SecureBytes
    ) throws(SealingError) {
        var key = key
        try ContentStream.deriveKey(token: token, share: share, suite: suite, into: &key)
        self.key = key
        sealed = SealedContent()
        self.lease = lease
        self.facts = facts
    }

    /// The size of the ciphertext in bytes: the content's and 16 for each chunk.
    public var sealedByteCount: Int { lease?.byteCount ?? Int(sealed.byteCount) }

    /// How much of that nobody holds but the opener.
    public var ownedByteCount: Int { Int(sealed.byteCount) }

    /// Appends the plaintext of the next chunk, which was verified before any of it is handed out.
    ///
    /// Throws `notAuthentic` when ciphertext, token, share or facts are not those of the sealing, or a lease was revoked.
    public mutating func openNext(into output: inout SecureBytes, suite: CipherSuite) throws(SealingError) {
        let rest = sealedByteCount - offset
        let count = min(rest, ContentStream.chunkSize + CipherSuite.tagSize)
        let isLast = count == rest
        try open(offset..<offset + count, isLast: isLast, into: &output, suite: suite)
        offset += count
        lastCount = count
        chunkNumber += 1
        isFinished = isLast
    }

    /// Goes back to the chunk that was opened last, so that it is opened once more.
    public mutating func stepBack() {
        guard lastCount > 0 else { return }
        offset -= lastCount
        lastCount = 0
        chunkNumber -= 1
        isFinished = false
    }

    /// Goes to any chunk, so that it is opened next. The first one is number 0; there has to be one of that number.
    public mutating func seek(toChunk number: Int) {
        offset = number * (ContentStream.chunkSize + CipherSuite.tagSize)
        precondition(number >= 0 && offset < Int(sealed.byteCount), "no such chunk")
        lastCount = 0
        chunkNumber = UInt32(number)
        isFinished = false
    }

    private func open(
        _ range: Range<Int>, isLast: Bool, into output: inout SecureBytes, suite: CipherSuite
    ) throws(SealingError) {
        guard let lease else { return try open(range, of: sealed, isLast: isLast, into: &output, suite: suite) }
        guard let shared = lease.shared else { throw .notAuthentic }
        try open(range, of: shared.content, isLast: isLast, into: &output, suite: suite)
    }

    private func open(
        _ range: Range<Int>, of content: borrowing SealedContent, isLast: Bool, into output: inout SecureBytes,
        suite: CipherSuite
    ) throws(SealingError) {
        let nonce = ContentStream.nonce(chunk: chunkNumber, isLast: isLast)
        let encoded = facts.encoded
        let data = encoded.span.extracting(first: isLast ? encoded.count : 0)
        try suite.open(
            content.span.extracting(range), key: key.span, nonce: nonce.span, associatedData: data, into: &output)
    }
}
