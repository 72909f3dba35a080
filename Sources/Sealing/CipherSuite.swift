// OpenSSL's contexts for the one suite in use, SHA-256 and AES-256-GCM, made once and used again.
internal import COpenSSL
public import SecureMemory

/// Why sealing or opening did not work.
public enum SealingError: Error, Equatable, Sendable {
    /// OpenSSL refused: it has no such algorithm, no randomness or no memory.
    case libraryFailure
    /// The ciphertext, the key or the associated data is not what was sealed.
    case notAuthentic
    /// The arena has no block left.
    case arenaFull
}

/// The primitives under everything sealed: one-way ids (SHA-256, FIPS 180-4), key derivation (one hash, NIST SP 800-56C),
/// authenticated encryption (AES-256-GCM, NIST SP 800-38D), and random bytes drawn ahead.
///
/// Belongs to one thread. After each use the contexts are overwritten, so that none of them remembers a key.
@safe
public final class CipherSuite {
    /// The size of an AES-256 key in bytes.
    static let keySize = 32
    /// The size of a GCM nonce in bytes.
    static let nonceSize = 12
    /// The size of a GCM tag in bytes.
    public static let tagSize = 16

    private let digest: OpaquePointer
    private let digestContext: OpaquePointer
    private let cipher: OpaquePointer
    private let cipherContext: OpaquePointer

    /// What tokens, passwords and shares are made of.
    var reserve: RandomReserve

    /// Fetches the algorithms and makes the contexts.
    ///
    /// - Parameter arena: lends the 4 KiB in which random bytes wait.
    public init(arena: SecureArena) throws(SealingError) {
        let reserve = try RandomReserve(arena)
        guard let digest = unsafe EVP_MD_fetch(nil, "SHA256", nil),
            let digestContext = unsafe EVP_MD_CTX_new(),
            let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil),
            let cipherContext = unsafe EVP_CIPHER_CTX_new()
        else { throw .libraryFailure }
        self.reserve = reserve
        unsafe self.digest = digest
        unsafe self.digestContext = digestContext
        unsafe self.cipher = cipher
        unsafe self.cipherContext = cipherContext
    }

    deinit {
        unsafe EVP_MD_CTX_free(digestContext)
        unsafe EVP_MD_free(digest)
        unsafe EVP_CIPHER_CTX_free(cipherContext)
        unsafe EVP_CIPHER_free(cipher)
    }

    /// SHA-256 over a label and bytes.
    func hash(_ label: StaticString, _ bytes: Span<UInt8>, into output: inout [32 of UInt8]) throws(SealingError) {
        var mutable = output.mutableSpan
        let succeeded = unsafe mutable.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe EVP_DigestInit_ex2(digestContext, digest, nil) == 1
                    && EVP_DigestUpdate(digestContext, label.utf8Start, label.utf8CodeUnitCount) == 1
                    && EVP_DigestUpdate(digestContext, source.baseAddress, source.count) == 1
                    && EVP_DigestFinal_ex(digestContext, target.baseAddress, nil) == 1
            }
        }
        guard succeeded else {
            // Otherwise the last step cleansed the block that the context buffers; what stays is the digest, no secret.
            unsafe EVP_MD_CTX_reset(digestContext)
            throw .libraryFailure
        }
    }

    /// Appends 32 bytes of key, derived from two secrets and a label: SHA-256(00000001 ‖ first ‖ second ‖ label).
    ///
    /// This is the one-step key derivation of NIST SP 800-56C Rev. 2, section 4.1, with a hash (option 1) and one repetition;
    /// the label is its FixedInfo. One step is enough because what comes in is unpredictable already, 160 random bits or more,
    /// so nothing has to be extracted, and one hash is all the key that is needed, so nothing has to be expanded: HKDF
    /// (RFC 5869) hashes eight times or more for the same. Who lacks one of the two secrets lacks the key, whichever it is.
    /// That SHA-256 lets a digest be continued is of no use to anybody, since this digest is a key and never shown.
    ///
    /// - Parameters:
    ///   - first: may be of any size, `second` and `label` of one size for each purpose, and no label is the end of another
    ///     one: so no two derivations hash the same bytes unless all three are equal.
    func derive(
        from first: Span<UInt8>, _ second: Span<UInt8>, label: StaticString, into output: inout SecureBytes
    ) throws(SealingError) {
        guard output.freeCapacity >= Self.keySize else { throw .arenaFull }
        var room = output.freeSpan
        let succeeded = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe first.withUnsafeBufferPointer { first in
                unsafe second.withUnsafeBufferPointer { second in
                    let counter: StaticString = "\0\0\0\u{1}"
                    return unsafe EVP_DigestInit_ex2(digestContext, digest, nil) == 1
                        && EVP_DigestUpdate(digestContext, counter.utf8Start, counter.utf8CodeUnitCount) == 1
                        && EVP_DigestUpdate(digestContext, first.baseAddress, first.count) == 1
                        && EVP_DigestUpdate(digestContext, second.baseAddress, second.count) == 1
                        && EVP_DigestUpdate(digestContext, label.utf8Start, label.utf8CodeUnitCount) == 1
                        && EVP_DigestFinal_ex(digestContext, target.baseAddress, nil) == 1
                }
            }
        }
        output.commit(Self.keySize)
        // The context still holds the digest, which is the key: beginning another one overwrites all of it.
        guard unsafe EVP_DigestInit_ex2(digestContext, digest, nil) == 1, succeeded else {
            unsafe EVP_MD_CTX_reset(digestContext)
            throw .libraryFailure
        }
    }

    /// AES-256-GCM: encrypts the plaintext into `ciphertext`, which is 16 bytes longer, with the tag at its end.
    ///
    /// - Parameter key: 32 bytes of key; used with this nonce for no other plaintext.
    func seal(
        _ plaintext: Span<UInt8>, key: Span<UInt8>, nonce: Span<UInt8>, associatedData: Span<UInt8>,
        into ciphertext: inout MutableSpan<UInt8>
    ) throws(SealingError) {
        precondition(key.count == Self.keySize && nonce.count == Self.nonceSize)
        precondition(ciphertext.count == plaintext.count + Self.tagSize)
        defer { forgetKey() }
        var written: Int32 = 0
        let count = plaintext.count
        let succeeded = unsafe ciphertext.withUnsafeMutableBufferPointer { target -> Bool in
            guard let target = target.baseAddress else { return false }
            return unsafe key.withUnsafeBufferPointer { key in
                unsafe nonce.withUnsafeBufferPointer { nonce in
                    unsafe associatedData.withUnsafeBufferPointer { data in
                        unsafe plaintext.withUnsafeBufferPointer { source in
                            unsafe EVP_EncryptInit_ex(
                                cipherContext, cipher, nil, key.baseAddress, nonce.baseAddress) == 1
                                && EVP_EncryptUpdate(
                                    cipherContext, nil, &written, data.baseAddress, Int32(data.count)) == 1
                                && (count == 0
                                    || EVP_EncryptUpdate(
                                        cipherContext, target, &written, source.baseAddress, Int32(count)) == 1)
                                && EVP_EncryptFinal_ex(cipherContext, target + count, &written) == 1
                                && onetime_aead_get_tag(cipherContext, target + count) == 1
                        }
                    }
                }
            }
        }
        guard succeeded else { throw .libraryFailure }
    }

    /// AES-256-GCM: decrypts ciphertext with its tag into the free room of the output, which has to suffice.
    ///
    /// Throws `notAuthentic`, and leaves nothing in the output, when any bit is not as it was sealed.
    func open(
        _ ciphertext: Span<UInt8>, key: Span<UInt8>, nonce: Span<UInt8>, associatedData: Span<UInt8>,
        into output: inout SecureBytes
    ) throws(SealingError) {
        precondition(key.count == Self.keySize && nonce.count == Self.nonceSize)
        let count = ciphertext.count - Self.tagSize
        guard count >= 0 else { throw .notAuthentic }
        guard output.freeCapacity >= count else { throw .arenaFull }
        defer { forgetKey() }
        let before = output.count
        var written: Int32 = 0
        var room = output.freeSpan
        let succeeded = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe nonce.withUnsafeBufferPointer { nonce in
                    unsafe associatedData.withUnsafeBufferPointer { data in
                        unsafe ciphertext.withUnsafeBufferPointer { source -> Bool in
                            guard let start = source.baseAddress else { return false }
                            return unsafe EVP_DecryptInit_ex(
                                cipherContext, cipher, nil, key.baseAddress, nonce.baseAddress) == 1
                                && EVP_DecryptUpdate(
                                    cipherContext, nil, &written, data.baseAddress, Int32(data.count)) == 1
                                && (count == 0
                                    || EVP_DecryptUpdate(
                                        cipherContext, target.baseAddress, &written, start, Int32(count)) == 1)
                                && onetime_aead_set_tag(cipherContext, start + count) == 1
                                && EVP_DecryptFinal_ex(cipherContext, target.baseAddress, &written) == 1
                        }
                    }
                }
            }
        }
        output.commit(count)
        guard succeeded else {
            output.truncate(to: before)
            throw .notAuthentic
        }
    }

    /// Wipes the last key's schedule and the key stream that a partial last block left over. The context frees and cleanses
    /// what is behind it: 70 ns, where setting another key in its place takes 190 and leaves that key stream.
    private func forgetKey() {
        unsafe EVP_CIPHER_CTX_reset(cipherContext)
    }
}
