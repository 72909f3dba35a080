// SHA-256 of what is no secret, with one context for many digests.
internal import COpenSSL

/// SHA-256 (FIPS 180-4) by a context that is made once. Belongs to one thread, and forgets nothing: for public bytes only.
@safe
public final class HashContext {
    /// The size of a digest in bytes.
    public static let size = 32

    private let digest: OpaquePointer
    private let context: OpaquePointer

    /// Fetches the algorithm and makes the context.
    public init() throws(SealingError) {
        guard let digest = unsafe EVP_MD_fetch(nil, "SHA256", nil) else { throw .libraryFailure }
        guard let context = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_MD_free(digest)
            throw .libraryFailure
        }
        unsafe self.digest = digest
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(digest)
    }

    /// Begins a digest; what was begun before is dropped.
    public func begin() throws(SealingError) {
        guard unsafe EVP_DigestInit_ex2(context, digest, nil) == 1 else { throw .libraryFailure }
    }

    /// Adds bytes to the digest that was begun.
    public func add(_ bytes: Span<UInt8>) throws(SealingError) {
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        guard result == 1 else { throw .libraryFailure }
    }

    /// Ends the digest that was begun.
    public func finish(into output: inout [32 of UInt8]) throws(SealingError) {
        var target = output.mutableSpan
        let result = unsafe target.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
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
