// Opening envelopes, chunk by chunk as they come.
public import SecureMemory

/// Opens one envelope whose bytes come in pieces of any size.
///
/// Each chunk was verified before any of it is handed out; that all of them came is known only once ``finish(suite:into:)``
/// returned. After an error nothing more can be opened.
public struct EnvelopeOpener: ~Copyable {
    private let key: SecureBytes
    private let header: EnvelopeHeader
    private var chunk = SealedContent()
    var chunkNumber = 0

    /// An opener for the envelope with a header. Throws `passphraseMissing` or `passphraseSuperfluous` when the header says so.
    ///
    /// - Parameters:
    ///   - linkKey: the 32 bytes of the link.
    ///   - stretched: what ``EnvelopePassphrase`` made of the passphrase; no bytes where none was given.
    public init(
        _ header: EnvelopeHeader, linkKey: Span<UInt8>, stretched: Span<UInt8>, arena: SecureArena
    ) throws(EnvelopeError) {
        guard header.needsPassphrase || stretched.isEmpty else { throw .passphraseSuperfluous }
        guard !header.needsPassphrase || !stretched.isEmpty else { throw .passphraseMissing }
        key = try Envelope.key(linkKey: linkKey, stretched: stretched, header: header, arena: arena)
        self.header = header
    }

    /// Takes the next bytes behind the header, and appends the content of each full chunk that is known not to be the last.
    ///
    /// - Parameters:
    ///   - sealed: of at most ``Envelope/sealedChunkSize`` bytes only one chunk is opened.
    ///   - content: needs room for the content of each chunk that is opened.
    public mutating func append(
        _ sealed: Span<UInt8>, suite: CipherSuite, into content: inout SecureBytes
    ) throws(EnvelopeError) {
        var rest = sealed
        while !rest.isEmpty {
            if chunk.byteCount == Envelope.sealedChunkSize {
                try openChunk(isLast: false, suite: suite, into: &content)
            }
            let taken = min(rest.count, Envelope.sealedChunkSize - Int(chunk.byteCount))
            do throws(SealingError) {
                try chunk.append(rest.extracting(first: taken))
            } catch {
                throw EnvelopeError(error)
            }
            rest = rest.extracting(droppingFirst: taken)
        }
    }

    /// Appends the content of the last chunk. Throws `cut` or `empty` when that is no whole chunk.
    public consuming func finish(suite: CipherSuite, into content: inout SecureBytes) throws(EnvelopeError) {
        guard chunk.byteCount >= CipherSuite.tagSize else { throw .cut }
        guard chunk.byteCount > CipherSuite.tagSize else { throw .empty }
        try openChunk(isLast: true, suite: suite, into: &content)
    }

    private mutating func openChunk(
        isLast: Bool, suite: CipherSuite, into content: inout SecureBytes
    ) throws(EnvelopeError) {
        let nonce = try Envelope.nonce(chunk: chunkNumber, isLast: isLast)
        do throws(SealingError) {
            try suite.open(
                chunk.span, key: key.span, nonce: nonce.span, associatedData: header.bytes.span, into: &content)
        } catch {
            throw EnvelopeError(error)
        }
        chunk.removeAll()
        chunkNumber += 1
    }
}
