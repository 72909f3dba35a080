// The layout of envelopes: what is sealed before it reaches a server. README.md ("Sealed end to end") has the format.
internal import SecureMemory

/// Why an envelope could not be made or opened: the first rule that is broken.
public enum EnvelopeError: Error, Equatable, Sendable {
    /// The characters of a link key are not 45 of base64url, have a spare bit that is not zero, or a check that does not fit.
    case malformedKey

    /// It does not begin with the letters of an envelope.
    case notAnEnvelope
    /// It is of another version.
    case unknownVersion
    /// It has a flag that means nothing in this version.
    case unknownFlags

    /// It needs a passphrase and none was given.
    case passphraseMissing
    /// A passphrase was given and it needs none.
    case passphraseSuperfluous

    /// It ends within its header or within a chunk's tag, or has no chunk.
    case cut
    /// There is nothing to seal, or the last chunk has nothing but its tag.
    case empty
    /// It has more chunks than can be counted: 2^32, which is 256 TiB.
    case tooLong
    /// Link key, passphrase or a byte of it are not those of the sealing; or chunks are missing, repeated or in another order.
    case notAuthentic

    /// OpenSSL refused: it has no such algorithm, no randomness or no memory.
    case libraryFailure
    /// The arena has no block left, or the output no room for a chunk.
    case arenaFull

    init(_ error: SealingError) {
        switch error {
        case .libraryFailure: self = .libraryFailure
        case .notAuthentic: self = .notAuthentic
        case .arenaFull: self = .arenaFull
        }
    }
}

/// Sizes of envelopes, and their key.
public enum Envelope {
    /// Content bytes in a chunk, all but the last one full.
    public static let chunkSize = 65536
    /// The size of a full chunk with its tag.
    public static let sealedChunkSize = chunkSize + CipherSuite.tagSize

    /// The size of the envelope around so many bytes of content, 1 or more.
    public static func sealedCount(of contentCount: Int) -> Int {
        EnvelopeHeader.size + contentCount + (contentCount + chunkSize - 1) / chunkSize * CipherSuite.tagSize
    }

    /// How many bytes of content an envelope of a size has. Throws `cut` or `empty` when no envelope is of that size.
    public static func contentCount(of sealedCount: Int) throws(EnvelopeError) -> Int {
        guard sealedCount > EnvelopeHeader.size else { throw .cut }
        let body = sealedCount - EnvelopeHeader.size
        let last = (body - 1) % sealedChunkSize + 1
        guard last >= CipherSuite.tagSize else { throw .cut }
        guard last > CipherSuite.tagSize else { throw .empty }
        return body - (body + sealedChunkSize - 1) / sealedChunkSize * CipherSuite.tagSize
    }

    static func key(
        linkKey: Span<UInt8>, stretched: Span<UInt8>, header: EnvelopeHeader, arena: SecureArena
    ) throws(EnvelopeError) -> SecureBytes {
        precondition(linkKey.count == LinkKey.size)
        precondition(stretched.count == (header.needsPassphrase ? EnvelopePassphrase.stretchedSize : 0))
        guard var material = arena.allocate(LinkKey.size + EnvelopePassphrase.stretchedSize),
            var key = arena.allocate(HKDF.size)
        else { throw .arenaFull }
        material.append(linkKey)
        material.append(stretched)
        do throws(SealingError) {
            try HKDF.derive(from: material.span, salt: header.salt, info: "onetime-lite envelope key", into: &key)
        } catch {
            throw EnvelopeError(error)
        }
        return key
    }

    static func nonce(chunk: Int, isLast: Bool) throws(EnvelopeError) -> [12 of UInt8] {
        guard let number = UInt32(exactly: chunk) else { throw .tooLong }
        return ContentStream.nonce(chunk: number, isLast: isLast)
    }
}

/// The first 21 bytes of an envelope, which every chunk is bound to.
public struct EnvelopeHeader: Sendable {
    /// The size in bytes.
    public static let size = 21

    static let saltSize = 16
    private static let letters: [3 of UInt8] = [0x4F, 0x54, 0x4C]
    private static let version: UInt8 = 1

    let bytes: [21 of UInt8]

    /// Whether a passphrase is needed besides the link key.
    public var needsPassphrase: Bool { bytes[4] == 1 }

    var salt: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(last: Self.saltSize) }
    }

    init(needsPassphrase: Bool, salt: Span<UInt8>) {
        precondition(salt.count == Self.saltSize)
        var bytes: [21 of UInt8] = .init(repeating: 0)
        for index in 0..<3 { bytes[index] = Self.letters[index] }
        bytes[3] = Self.version
        bytes[4] = needsPassphrase ? 1 : 0
        for index in salt.indices { bytes[5 + index] = salt[index] }
        self.bytes = bytes
    }

    /// Reads the header at the beginning of an envelope; what is behind it does not matter.
    public init(_ envelope: Span<UInt8>) throws(EnvelopeError) {
        for index in 0..<min(3, envelope.count) where envelope[index] != Self.letters[index] { throw .notAnEnvelope }
        if envelope.count > 3, envelope[3] != Self.version { throw .unknownVersion }
        if envelope.count > 4, envelope[4] > 1 { throw .unknownFlags }
        guard envelope.count >= Self.size else { throw .cut }
        self.init(needsPassphrase: envelope[4] == 1, salt: envelope.extracting(5..<Self.size))
    }
}
