// SHA-256 of what is no secret, with one context for many digests.
internal import COpenSSL

/// SHA-256 (FIPS 180-4) by a context that is made once. Belongs to one thread, and forgets nothing: for public bytes only.
@safe
public final class HashContext {
    /// The size of a digest in bytes.
    public static let size = 32

    private let state: UnsafeMutablePointer<SHA256_CTX>

    /// Makes the context. Nothing else here takes memory.
    public init() throws(SealingError) {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: SHA256_CTX())
        try begin()
    }

    deinit {
        unsafe state.deallocate()
    }

    /// Begins a digest; what was begun before is dropped.
    public func begin() throws(SealingError) {
        guard unsafe onetime_sha256_begin(state) == 1 else { throw .libraryFailure }
    }

    /// Adds bytes to the digest that was begun.
    public func add(_ bytes: Span<UInt8>) throws(SealingError) {
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe onetime_sha256_add(state, $0.baseAddress, $0.count)
        }
        guard result == 1 else { throw .libraryFailure }
    }

    /// Ends the digest that was begun.
    public func finish(into output: inout [32 of UInt8]) throws(SealingError) {
        var target = output.mutableSpan
        let result = unsafe target.withUnsafeMutableBufferPointer {
            unsafe onetime_sha256_finish(state, $0.baseAddress)
        }
        guard result == 1 else { throw .libraryFailure }
    }

    /// The digest of all of `bytes`.
    public func hash(_ bytes: Span<UInt8>, into output: inout [32 of UInt8]) throws(SealingError) {
        try begin()
        try add(bytes)
        try finish(into: &output)
    }
}
