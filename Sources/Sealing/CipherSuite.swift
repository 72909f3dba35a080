// OpenSSL's contexts for the one suite in use, SHA-256, HKDF-SHA256 and AES-256-GCM, made once and used again.
internal import COpenSSL
internal import SecureMemory

/// Why sealing or opening did not work.
public enum SealingError: Error, Equatable, Sendable {
    /// OpenSSL refused: it has no such algorithm, no randomness or no memory.
    case libraryFailure
    /// The ciphertext, the key or the associated data is not what was sealed.
    case notAuthentic
    /// The arena has no block left.
    case arenaFull
}

/// The primitives under everything sealed: one-way ids (SHA-256, FIPS 180-4), key derivation (HKDF-SHA256, RFC 5869), and
/// authenticated encryption (AES-256-GCM, NIST SP 800-38D).
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
    private let authentication: OpaquePointer
    private let authenticationContext: OpaquePointer

    /// Fetches the algorithms and makes the contexts.
    public init() throws(SealingError) {
        guard let digest = unsafe EVP_MD_fetch(nil, "SHA256", nil),
            let digestContext = unsafe EVP_MD_CTX_new(),
            let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil),
            let cipherContext = unsafe EVP_CIPHER_CTX_new(),
            let authentication = unsafe EVP_MAC_fetch(nil, "HMAC", nil),
            let authenticationContext = unsafe EVP_MAC_CTX_new(authentication),
            unsafe onetime_hmac_set_sha256(authenticationContext) == 1
        else { throw .libraryFailure }
        unsafe self.digest = digest
        unsafe self.digestContext = digestContext
        unsafe self.cipher = cipher
        unsafe self.cipherContext = cipherContext
        unsafe self.authentication = authentication
        unsafe self.authenticationContext = authenticationContext
    }

    deinit {
        unsafe EVP_MD_CTX_free(digestContext)
        unsafe EVP_MD_free(digest)
        unsafe EVP_CIPHER_CTX_free(cipherContext)
        unsafe EVP_CIPHER_free(cipher)
        unsafe EVP_MAC_CTX_free(authenticationContext)
        unsafe EVP_MAC_free(authentication)
    }

    /// SHA-256 over a label and bytes.
    func hash(_ label: StaticString, _ bytes: Span<UInt8>, into output: inout [32 of UInt8]) throws(SealingError) {
        var mutable = output.mutableSpan
        let succeeded = unsafe mutable.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe EVP_DigestInit_ex(digestContext, digest, nil) == 1
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

    /// HKDF-SHA256: fills the output's free room of `count` bytes from key material and salt, bound to a label.
    func derive(
        from keyMaterial: Span<UInt8>, salt: Span<UInt8>, label: StaticString, count: Int,
        into output: inout SecureBytes
    ) throws(SealingError) {
        guard output.freeCapacity >= count else { throw .arenaFull }
        var room = output.freeSpan
        let succeeded = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe keyMaterial.withUnsafeBufferPointer { key in
                unsafe salt.withUnsafeBufferPointer { salt in
                    unsafe onetime_hkdf(
                        authenticationContext, key.baseAddress, key.count, salt.baseAddress, salt.count,
                        label.utf8Start, label.utf8CodeUnitCount, target.baseAddress, count)
                }
            }
        }
        output.commit(count)
        guard succeeded == 1 else { throw .libraryFailure }
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
    /// what is behind it, which takes less time than setting another key.
    private func forgetKey() {
        unsafe EVP_CIPHER_CTX_reset(cipherContext)
    }
}
