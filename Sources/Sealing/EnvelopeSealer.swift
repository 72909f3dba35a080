// Making envelopes, chunk by chunk as the content comes.
public import SecureMemory

/// Seals one content into an envelope. At most one chunk of it stands in the clear at a time, in protected memory.
///
/// What is sealed is appended to ciphertext that the caller may send and remove between any two calls.
public struct EnvelopeSealer: ~Copyable {
    private let key: SecureBytes
    private let header: EnvelopeHeader
    private var chunk: SecureBytes
    var chunkNumber = 0

    /// A sealer with a salt of its own, which appends the header to the envelope.
    ///
    /// - Parameters:
    ///   - linkKey: 32 bytes, for this envelope only.
    ///   - stretched: what ``EnvelopePassphrase`` made of the passphrase; no bytes where none shall be needed.
    public init(
        linkKey: Span<UInt8>, stretched: Span<UInt8>, arena: SecureArena, into envelope: inout SealedContent
    ) throws(EnvelopeError) {
        guard var salt = arena.allocate(EnvelopeHeader.saltSize) else { throw .arenaFull }
        do throws(SealingError) {
            try Randomness.append(EnvelopeHeader.saltSize, to: &salt)
        } catch {
            throw EnvelopeError(error)
        }
        try self.init(linkKey: linkKey, stretched: stretched, salt: salt.span, arena: arena, into: &envelope)
    }

    init(
        linkKey: Span<UInt8>, stretched: Span<UInt8>, salt: Span<UInt8>, arena: SecureArena,
        into envelope: inout SealedContent
    ) throws(EnvelopeError) {
        let header = EnvelopeHeader(needsPassphrase: !stretched.isEmpty, salt: salt)
        let key = try Envelope.key(linkKey: linkKey, stretched: stretched, header: header, arena: arena)
        guard let block = arena.allocate(Envelope.chunkSize) else { throw .arenaFull }
        do throws(SealingError) {
            try envelope.append(header.bytes.span)
        } catch {
            throw EnvelopeError(error)
        }
        self.header = header
        self.key = key
        chunk = block
    }

    /// Takes the next bytes of content. Each full chunk is sealed as soon as it is known not to be the last.
    public mutating func append(
        _ content: Span<UInt8>, suite: CipherSuite, into envelope: inout SealedContent
    ) throws(EnvelopeError) {
        var rest = content
        while !rest.isEmpty {
            if chunk.count == Envelope.chunkSize {
                try sealChunk(isLast: false, suite: suite, into: &envelope)
            }
            let taken = min(rest.count, Envelope.chunkSize - chunk.count)
            chunk.append(rest.extracting(first: taken))
            rest = rest.extracting(droppingFirst: taken)
        }
    }

    /// Seals the last chunk. Throws `empty` when there was no content.
    public consuming func finish(suite: CipherSuite, into envelope: inout SealedContent) throws(EnvelopeError) {
        guard !chunk.isEmpty else { throw .empty }
        try sealChunk(isLast: true, suite: suite, into: &envelope)
    }

    private mutating func sealChunk(
        isLast: Bool, suite: CipherSuite, into envelope: inout SealedContent
    ) throws(EnvelopeError) {
        let nonce = try Envelope.nonce(chunk: chunkNumber, isLast: isLast)
        do throws(SealingError) {
            try Self.seal(chunk, key: key, nonce: nonce, header: header, suite: suite, into: &envelope)
        } catch {
            throw EnvelopeError(error)
        }
        chunk.wipe()
        chunkNumber += 1
    }

    private static func seal(
        _ chunk: borrowing SecureBytes, key: borrowing SecureBytes, nonce: [12 of UInt8], header: EnvelopeHeader,
        suite: CipherSuite, into envelope: inout SealedContent
    ) throws(SealingError) {
        let plaintext = chunk.span
        let keyBytes = key.span
        try envelope.extend(by: chunk.count + CipherSuite.tagSize) { (target) throws(SealingError) in
            try suite.seal(
                plaintext, key: keyBytes, nonce: nonce.span, associatedData: header.bytes.span, into: &target)
        }
    }
}
