// HMAC-SHA-256: how somebody who shares a key with us knows that a message is ours.
internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
public enum MessageAuthentication {
    /// The code of a message under a key. Any thread may call it; OpenSSL cleanses its copy of the key.
    public static func code(of message: Span<UInt8>, key: Span<UInt8>) throws(SealingError) -> [32 of UInt8] {
        var code: [32 of UInt8] = .init(repeating: 0)
        var room = code.mutableSpan
        let isDone = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe message.withUnsafeBufferPointer { message in
                    unsafe HMAC(
                        EVP_sha256(), key.baseAddress, Int32(key.count), message.baseAddress, message.count,
                        target.baseAddress, nil) != nil
                }
            }
        }
        guard isDone else { throw .libraryFailure }
        return code
    }
}
