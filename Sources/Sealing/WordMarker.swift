// Finding words that are sealed, by those who know them.
public import SecureMemory

/// Makes a mark for words, by which those who know the words find what has them: a keyed one-way hash, so a dump of the
/// marks tells no more than which are equal. The key is random and gone with the marker.
public struct WordMarker: ~Copyable, Sendable {
    private static let label: StaticString = "onetime-lite word mark"

    private let key: SecureBytes

    /// A marker with a key of its own.
    public init(arena: SecureArena) throws(SealingError) {
        key = try Randomness.key(in: arena)
    }

    /// The mark of words: the first 8 bytes of the key derivation with the words in the second place.
    public func mark(of words: Span<UInt8>, suite: CipherSuite, arena: SecureArena) throws(SealingError) -> UInt64 {
        guard var hash = arena.allocate(CipherSuite.keySize) else { throw .arenaFull }
        try suite.derive(from: key.span, words, label: Self.label, into: &hash)
        var mark: UInt64 = 0
        for index in 0..<8 { mark = mark << 8 | UInt64(hash.span[index]) }
        return mark
    }
}
