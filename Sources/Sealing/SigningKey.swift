// Signatures by a key that lives as long as the process.
internal import COpenSSL
public import SecureMemory

/// The public half of a signing key: what anybody needs to check a signature.
///
/// Ed25519 (RFC 8032).
public struct VerificationKey: Sendable {
    /// The size of the key in bytes.
    public static let size = 32
    /// The size of its standard form in bytes; ``standardForm`` has it.
    public static let standardSize = 44

    /// The key as RFC 8032 writes it.
    public let bytes: [32 of UInt8]

    /// A key from its 32 bytes.
    public init(_ bytes: [32 of UInt8]) {
        self.bytes = bytes
    }

    /// What comes before the 32 bytes in a SubjectPublicKeyInfo for Ed25519.
    private static let prefix: [12 of UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]

    /// The key as a SubjectPublicKeyInfo in DER (RFC 8410, section 4): in Base64, between two lines, this is the PEM file that other
    /// programs read.
    public var standardForm: [44 of UInt8] {
        var form: [44 of UInt8] = .init(repeating: 0)
        for index in 0..<12 { form[index] = Self.prefix[index] }
        for index in 0..<32 { form[12 + index] = bytes[index] }
        return form
    }

    /// A key from its standard form; nil for any other one.
    public init?(standardForm form: Span<UInt8>) {
        guard form.count == Self.standardSize else { return nil }
        for index in 0..<12 where form[index] != Self.prefix[index] { return nil }
        var bytes: [32 of UInt8] = .init(repeating: 0)
        for index in 0..<32 { bytes[index] = form[12 + index] }
        self.bytes = bytes
    }

    /// Whether the signature is this key's for exactly these bytes.
    public func accepts(_ signature: Span<UInt8>, of message: Span<UInt8>) -> Bool {
        guard signature.count == SigningKey.signatureSize, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        let key = unsafe bytes.span.withUnsafeBufferPointer {
            unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, $0.baseAddress, $0.count)
        }
        guard let key = unsafe key else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, key, nil) == 1
                    && EVP_DigestVerify(
                        context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
            }
        }
    }
}

/// A key that signs, made at the start and gone with the process.
///
/// Ed25519 (RFC 8032). Its 32 bytes lie in protected memory; OpenSSL gets a copy for each signature and cleanses it after.
public struct SigningKey: ~Copyable, Sendable {
    /// The size of a signature in bytes.
    public static let signatureSize = 64

    private let seed: SecureBytes
    /// What others check signatures by.
    public let publicKey: VerificationKey

    /// Makes a key.
    public init(arena: SecureArena) throws(SealingError) {
        guard var seed = arena.allocate(32) else { throw .arenaFull }
        try Randomness.append(32, to: &seed)
        try self.init(seed: seed)
    }

    /// The key of a seed of 32 bytes.
    init(seed: consuming SecureBytes) throws(SealingError) {
        guard let key = unsafe Self.key(of: seed.span) else { throw .libraryFailure }
        defer { unsafe EVP_PKEY_free(key) }
        var bytes: [32 of UInt8] = .init(repeating: 0)
        var target = bytes.mutableSpan
        var count = VerificationKey.size
        let result = unsafe target.withUnsafeMutableBufferPointer {
            unsafe EVP_PKEY_get_raw_public_key(key, $0.baseAddress, &count)
        }
        guard result == 1, count == VerificationKey.size else { throw .libraryFailure }
        publicKey = VerificationKey(bytes)
        self.seed = seed
    }

    private static func key(of seed: Span<UInt8>) -> OpaquePointer? {
        unsafe seed.withUnsafeBufferPointer {
            unsafe EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, $0.baseAddress, $0.count)
        }
    }

    /// Signs all of `message`. About 50 us.
    public func sign(_ message: Span<UInt8>) throws(SealingError) -> [64 of UInt8] {
        guard let key = unsafe Self.key(of: seed.span) else { throw .libraryFailure }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { throw .libraryFailure }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature: [64 of UInt8] = .init(repeating: 0)
        var target = signature.mutableSpan
        var count = Self.signatureSize
        let succeeded = unsafe target.withUnsafeMutableBufferPointer { target in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSignInit_ex(context, nil, nil, nil, nil, key, nil) == 1
                    && EVP_DigestSign(context, target.baseAddress, &count, message.baseAddress, message.count) == 1
            }
        }
        guard succeeded, count == Self.signatureSize else { throw .libraryFailure }
        return signature
    }
}
