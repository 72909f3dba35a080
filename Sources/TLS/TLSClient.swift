// The other end: TLS towards somebody whose certificate has to be good.
internal import COpenSSL
private import Kernel

/// TLS 1.2 and 1.3 for a client that believes an authority and nobody else. Any thread may use it.
@safe
public final class TLSClient: Sendable {
    // Never changed after it is made; libssl counts who refers to it, and locks the store of authorities itself.
    nonisolated(unsafe) private let context: OpaquePointer

    /// A client that believes the authorities of a file in PEM form, or without one those that OpenSSL finds on the machine.
    ///
    /// - Parameter patience: for how many milliseconds a pipe is waited for.
    public init(authorityFile: String? = nil, patience: Int = 0) throws(TLSError) {
        guard let context = unsafe onetime_tls_client_context(authorityFile == nil ? 1 : 0) else {
            throw .libraryFailure
        }
        unsafe self.context = context
        guard let authorityFile else { return }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(authorityFile, limit: TLSIdentity.maximumCertificates, patience: patience)
        } catch {
            throw .badAuthorities(path: authorityFile, error)
        }
        ERR_clear_error()
        let hasSome = unsafe bytes.withUnsafeBytes {
            unsafe onetime_tls_believe(context, $0.baseAddress, Int32($0.count)) == 1
        }
        guard hasSome else { throw .badAuthorities(path: authorityFile) }
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// A session for a connected socket, or nil where libssl has no memory or the name is none.
    ///
    /// - Parameters:
    ///   - socket: the descriptor, which has to stay open as long as the session lives.
    ///   - name: whom the certificate has to be for; it is asked for by SNI, too (RFC 6066, section 3).
    public func session(on socket: Int32, name: String) -> TLSSession? {
        unsafe session(on: socket) { session in
            unsafe name.withCString { unsafe onetime_tls_expect(session, $0, nil, 0) == 1 }
        }
    }

    /// A session for a connected socket, whose other end has to have a certificate for an address of 4 or 16 bytes.
    public func session(on socket: Int32, address: Span<UInt8>) -> TLSSession? {
        unsafe session(on: socket) { session in
            unsafe address.withUnsafeBufferPointer {
                unsafe onetime_tls_expect(session, nil, $0.baseAddress, $0.count) == 1
            }
        }
    }

    private func session(on socket: Int32, expecting: (OpaquePointer) -> Bool) -> TLSSession? {
        guard let session = unsafe SSL_new(context) else { return nil }
        guard unsafe expecting(session), unsafe onetime_tls_set_socket(session, socket) == 1 else {
            unsafe SSL_free(session)
            return nil
        }
        unsafe SSL_set_connect_state(session)
        return unsafe TLSSession(session)
    }
}

/// What was wrong with a certificate.
public enum CertificateProblem: Sendable, Equatable {
    /// No authority that is believed stands behind it.
    case unknownAuthority
    /// It is no longer good, or not yet.
    case expired
    /// It is somebody else's.
    case otherName
    /// Anything else, by the number that `openssl verify` shows.
    case other(Int)
}

extension TLSSession {
    /// Why a client's handshake refused the certificate; nil where it did not.
    public var certificateProblem: CertificateProblem? {
        let result = verification
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_OK: return nil
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            return .unknownAuthority
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return .expired
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return .otherName
        default: return .other(result)
        }
    }
}
