// The other end, for a server that looks after itself.
internal import COpenSSL

extension TLSSession {
    /// A client's session on a socket that blocks. It takes any certificate, so it is only for asking one's own server on one's own
    /// machine whether it is well. Nil where libssl has no memory.
    public static func unverifiedClient(on socket: Int32) -> TLSSession? {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { unsafe SSL_CTX_free(context) }
        guard let session = unsafe SSL_new(context) else { return nil }
        guard unsafe onetime_tls_set_socket(session, socket) == 1 else {
            unsafe SSL_free(session)
            return nil
        }
        unsafe SSL_set_connect_state(session)
        return unsafe TLSSession(session)
    }
}
