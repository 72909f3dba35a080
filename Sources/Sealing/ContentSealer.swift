// Sealing of content, chunk by chunk as it arrives.
public import SecureMemory

/// The layout of sealed content: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
/// Nonce-Reuse Misuse-Resistance", CRYPTO 2015) over AES-256-GCM.
///
/// Chunk i of n is sealed with nonce = 7 zero bytes ‖ 4 bytes of i ‖ 1 byte that is 1 in the last chunk only, so chunks can't
/// be reordered, dropped or cut off. The nonce needs no random part: the key comes from the token and a share that is random
/// for each content, and serves this content alone.
enum ContentStream {
    /// Plaintext bytes in a chunk, all but the last one full.
    static let chunkSize = 8192

    static func nonce(chunk: UInt32, isLast: Bool) -> [12 of UInt8] {
        var nonce: [12 of UInt8] = .init(repeating: 0)
        for index in 0..<4 { nonce[7 + index] = UInt8(truncatingIfNeeded: chunk >> UInt32(24 - 8 * index)) }
        nonce[11] = isLast ? 1 : 0
        return nonce
    }

    static func deriveKey(
        token: Span<UInt8>, share: Span<UInt8>, suite: CipherSuite, into key: inout SecureBytes
    ) throws(SealingError) {
        precondition(share.count == ShareTable.shareSize)
        try suite.derive(from: token, share, label: "onetime-lite content", into: &key)
    }
}

/// Seals one content under a token and a share. At most one chunk of it stands in the clear at a time, in protected memory.
public struct ContentSealer: ~Copyable {
    private let key: SecureBytes
    private var chunk: SecureBytes
    private var sealed = SealedContent()
    private var chunkNumber: UInt32 = 0
    private let arena: SecureArena

    /// How many bytes of content came in.
    public private(set) var contentCount = 0

    /// How many bytes of a file the block under way has, whose length may still be changed; nil where there is none.
    var openBlockCount: Int?

    /// A sealer for one content.
    ///
    /// - Parameters:
    ///   - token: the secret's token.
    ///   - share: the 32 random bytes that the content is sealed under.
    ///   - expectedCount: about how many bytes will come, to borrow no more than that; any number may.
    public init(
        token: Span<UInt8>, share: Span<UInt8>, expectedCount: Int, suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) {
        guard var derived = arena.allocate(CipherSuite.keySize) else { throw .arenaFull }
        try ContentStream.deriveKey(token: token, share: share, suite: suite, into: &derived)
        guard let block = arena.allocate(min(max(expectedCount, 1), ContentStream.chunkSize)) else { throw .arenaFull }
        key = derived
        chunk = block
        self.arena = arena
    }

    /// Takes the next bytes of content. Each full chunk is sealed as soon as it is known not to be the last.
    public mutating func append(_ bytes: Span<UInt8>, suite: CipherSuite) throws(SealingError) {
        var rest = bytes
        contentCount += bytes.count
        while !rest.isEmpty {
            if chunk.count == ContentStream.chunkSize {
                try sealChunk(isLast: false, facts: nil, suite: suite)
            }
            let room = min(rest.count, ContentStream.chunkSize - chunk.count)
            try makeRoom(for: room)
            chunk.append(rest.extracting(first: room))
            rest = rest.extracting(droppingFirst: room)
        }
    }

    /// How many bytes go into the chunk under way before it is sealed.
    var chunkRoom: Int { ContentStream.chunkSize - chunk.count }

    /// Writes four bytes over those that lie so far before the end of the chunk under way.
    mutating func amend(_ distance: Int, _ bytes: [4 of UInt8]) {
        var open = chunk.mutableSpan
        let start = open.count - distance
        for index in bytes.indices { open[start + index] = bytes[index] }
    }

    /// Seals what is left, bound to the record's facts, and hands over the ciphertext.
    public consuming func finish(facts: RecordFacts, suite: CipherSuite) throws(SealingError) -> SealedContent {
        try sealChunk(isLast: true, facts: facts, suite: suite)
        sealed.shrinkToFit()
        return sealed
    }

    private mutating func makeRoom(for count: Int) throws(SealingError) {
        guard chunk.freeCapacity < count else { return }
        let wanted = min(max(chunk.count + count, chunk.capacity * 2), ContentStream.chunkSize)
        guard var larger = arena.allocate(wanted) else { throw .arenaFull }
        larger.append(chunk.span)
        chunk = larger
    }

    private mutating func sealChunk(isLast: Bool, facts: RecordFacts?, suite: CipherSuite) throws(SealingError) {
        let nonce = ContentStream.nonce(chunk: chunkNumber, isLast: isLast)
        try Self.seal(chunk, key: key, nonce: nonce, facts: facts, suite: suite, into: &sealed)
        chunk.wipe()
        chunkNumber += 1
    }

    private static func seal(
        _ chunk: borrowing SecureBytes, key: borrowing SecureBytes, nonce: [12 of UInt8], facts: RecordFacts?,
        suite: CipherSuite, into sealed: inout SealedContent
    ) throws(SealingError) {
        let encoded = facts?.encoded ?? .init(repeating: 0)
        let plaintext = chunk.span
        let keyBytes = key.span
        try sealed.extend(by: chunk.count + CipherSuite.tagSize) { (target) throws(SealingError) in
            let data = encoded.span.extracting(first: facts == nil ? 0 : encoded.count)
            try suite.seal(plaintext, key: keyBytes, nonce: nonce.span, associatedData: data, into: &target)
        }
    }
}
