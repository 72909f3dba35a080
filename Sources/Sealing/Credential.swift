// API credentials: kept only as a salted hash, compared in constant time.
internal import COpenSSL
public import SecureMemory

/// Constant-time comparison, for whatever an attacker might guess byte by byte.
public func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}

/// The hash of a name and an API token with a random salt, SHA-256 by way of the key derivation: enough to check them, not to know them.
public struct CredentialHash: ~Copyable, Sendable {
    private static let label: StaticString = "onetime-lite credential"

    private let salt: SecureBytes
    private let hash: SecureBytes

    /// Hashes a credential of the form `name:token`.
    public init(of credential: Span<UInt8>, suite: CipherSuite, arena: SecureArena) throws(SealingError) {
        guard var salt = arena.allocate(32), var hash = arena.allocate(32) else { throw .arenaFull }
        try Randomness.append(32, to: &salt)
        try suite.derive(from: credential, salt.span, label: Self.label, into: &hash)
        self.salt = salt
        self.hash = hash
    }

    /// Whether a credential of the form `name:token` is the one that was hashed.
    public func matches(
        _ credential: Span<UInt8>, suite: CipherSuite, arena: SecureArena
    ) throws(SealingError) -> Bool {
        guard var other = arena.allocate(32) else { throw .arenaFull }
        try suite.derive(from: credential, salt.span, label: Self.label, into: &other)
        return constantTimeEqual(hash.span, other.span)
    }
}
