// Passphrases: a second thing that has to be known, at a price for each guess.
internal import COpenSSL
public import SecureMemory

/// The cost of scrypt (RFC 7914), stored with each lock so that it can be raised later.
public struct ScryptParameters: Sendable, Equatable {
    /// The binary logarithm of N.
    public let logN: UInt8
    /// The block size r.
    public let blockSize: UInt8
    /// The parallelization p.
    public let parallelization: UInt8

    /// Parameters.
    public init(logN: UInt8, blockSize: UInt8, parallelization: UInt8) {
        self.logN = logN
        self.blockSize = blockSize
        self.parallelization = parallelization
    }

    /// N = 2^15, r = 8, p = 1: about 0.1 s and 32 MiB. The token already has 160 random bits.
    public static let standard = ScryptParameters(logN: 15, blockSize: 8, parallelization: 1)
    /// N = 2^4: for tests of everything but the cost.
    public static let insecureForTests = ScryptParameters(logN: 4, blockSize: 8, parallelization: 1)

    /// The bytes of memory that one derivation takes (RFC 7914, section 2: 128 * N * r), with room for OpenSSL's own.
    var memoryLimit: UInt64 {
        (UInt64(128) << UInt64(logN)) * UInt64(blockSize) * 2 + 1_048_576
    }

    /// Stretches a passphrase into 32 bytes. Slow by intention: not for the event loop. Any thread may call it.
    ///
    /// - Parameter salt: the 32 bytes of the share that the server holds for the secret; a dump of the vault without locked
    ///   memory gives nothing to guess against.
    public func stretch(
        _ passphrase: Span<UInt8>, salt: Span<UInt8>, into output: inout SecureBytes
    ) throws(SealingError) {
        guard output.freeCapacity >= PassphraseLock.stretchedSize else { throw .arenaFull }
        var room = output.freeSpan
        let result = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe passphrase.bytes.withUnsafeBytes { phrase in
                unsafe salt.withUnsafeBufferPointer { salt in
                    unsafe EVP_PBE_scrypt(
                        phrase.bindMemory(to: CChar.self).baseAddress, phrase.count, salt.baseAddress, salt.count,
                        UInt64(1) << UInt64(logN), UInt64(blockSize), UInt64(parallelization), memoryLimit,
                        target.baseAddress, PassphraseLock.stretchedSize)
                }
            }
        }
        output.commit(PassphraseLock.stretchedSize)
        guard result == 1 else { throw .libraryFailure }
    }
}

/// The share that a content is sealed under, itself in AES-256-GCM under token, passphrase and the share that the server holds.
///
/// Without the passphrase there is no way from token and server to the content; with a wrong one the lock does not open, which
/// is found out without touching the content. The key comes from the token, scrypt(passphrase, salt = held share) and the held
/// share, which is random for each lock: so the key is used once, and the nonce is zero.
public struct PassphraseLock: Sendable {
    /// The size of a stretched passphrase in bytes.
    public static let stretchedSize = 32

    /// The cost of a guess.
    public let parameters: ScryptParameters

    let bytes: [48 of UInt8]

    /// Locks a content's share.
    public init(
        contentShare: Span<UInt8>, token: Span<UInt8>, stretched: Span<UInt8>, heldShare: Span<UInt8>,
        parameters: ScryptParameters, suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) {
        precondition(contentShare.count == ShareTable.shareSize)
        let key = try Self.derive(token, stretched, heldShare, suite, arena)
        let nonce: [12 of UInt8] = .init(repeating: 0)
        var sealed: [48 of UInt8] = .init(repeating: 0)
        var target = sealed.mutableSpan
        try suite.seal(contentShare, key: key.span, nonce: nonce.span, associatedData: Span(), into: &target)
        bytes = sealed
        self.parameters = parameters
    }

    /// Appends the content's share. Throws `notAuthentic` when the passphrase or the token is another one.
    public func open(
        token: Span<UInt8>, stretched: Span<UInt8>, heldShare: Span<UInt8>, into output: inout SecureBytes,
        suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) {
        let key = try Self.derive(token, stretched, heldShare, suite, arena)
        let nonce: [12 of UInt8] = .init(repeating: 0)
        try suite.open(bytes.span, key: key.span, nonce: nonce.span, associatedData: Span(), into: &output)
    }

    private static func derive(
        _ token: Span<UInt8>, _ stretched: Span<UInt8>, _ share: Span<UInt8>, _ suite: CipherSuite,
        _ arena: SecureArena
    ) throws(SealingError) -> SecureBytes {
        guard var material = arena.allocate(token.count + stretched.count),
            var key = arena.allocate(CipherSuite.keySize)
        else { throw .arenaFull }
        material.append(token)
        material.append(stretched)
        try suite.derive(from: material.span, share, label: "onetime-lite passphrase lock", into: &key)
        return key
    }
}
