// One client's TLS: from its first byte to the last.
internal import COpenSSL

/// The TLS of one connection. It reads and writes the socket that it was made for, which does not block.
@safe
public struct TLSSession: ~Copyable {
    /// How a step ended.
    public enum Step: Equatable, Sendable {
        /// So many bytes of content moved; for a handshake, it is complete.
        case moved(Int)
        /// The peer ended its side in order.
        case ended
        /// The step has to be repeated once the socket is readable.
        case wantsToRead
        /// The step has to be repeated once the socket takes bytes.
        case wantsToWrite
        /// The connection is broken, or the peer does not keep to the protocol.
        case broken
    }

    private let session: OpaquePointer
    /// The handshake is done.
    public private(set) var isEstablished = false
    /// More may be there than the socket shows: the last step ended because there was no more room.
    public private(set) var mayHoldMore = false
    private var isBroken = false
    /// The number of the alert with which the peer broke off (RFC 8446, section 6.2); nil where there was none.
    public private(set) var alert: Int?

    init(_ session: OpaquePointer) {
        unsafe self.session = session
    }

    deinit {
        unsafe SSL_free(session)
    }

    /// Goes on with the handshake.
    public mutating func shakeHands() -> Step {
        ERR_clear_error()
        unsafe onetime_tls_allow(session)
        let result = unsafe SSL_do_handshake(session)
        unsafe onetime_tls_take_key_back(session)
        guard result == 1 else { return failure(result) }
        isEstablished = true
        // A client may send its first request together with the end of its handshake.
        mayHoldMore = unsafe SSL_has_pending(session) == 1
        return .moved(0)
    }

    /// Receives what there is and what there is room for.
    public mutating func receive(into bytes: inout MutableSpan<UInt8>) -> Step {
        var total = 0
        let room = bytes.count
        mayHoldMore = false
        unsafe onetime_tls_allow(session)
        while total < room {
            var count = 0
            ERR_clear_error()
            let result = unsafe bytes.withUnsafeMutableBufferPointer { target -> Int32 in
                guard let base = target.baseAddress else { return 0 }
                return unsafe SSL_read_ex(session, base + total, room - total, &count)
            }
            guard result == 1 else {
                let step = failure(result)
                guard total > 0 else { return step }
                // What came is answered first; the end comes up again, and so does what cannot be read before something is sent.
                mayHoldMore = step != .wantsToRead
                return .moved(total)
            }
            total += count
            // Whether records lie in the session's own buffer; asking the socket again would cost a system call.
            guard unsafe SSL_has_pending(session) == 1 else { return .moved(total) }
        }
        mayHoldMore = true
        return .moved(total)
    }

    /// Sends as much as the socket takes. What was not taken has to be sent again, all of it, before anything else.
    public mutating func send(_ bytes: Span<UInt8>) -> Step {
        var total = 0
        while total < bytes.count {
            var count = 0
            ERR_clear_error()
            let result = unsafe bytes.withUnsafeBufferPointer { source -> Int32 in
                guard let base = source.baseAddress else { return 0 }
                return unsafe SSL_write_ex(session, base + total, source.count - total, &count)
            }
            guard result == 1 else { return total > 0 && !isBroken ? .moved(total) : failure(result) }
            total += count
        }
        return .moved(total)
    }

    /// Tells the peer that nothing more will be sent, if that can still be said.
    public mutating func finishSending() {
        guard isEstablished, !isBroken else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(session)
        isBroken = true
    }

    /// What libssl says of the peer's certificate; `X509_V_OK` where it was not asked.
    var verification: Int { unsafe SSL_get_verify_result(session) }

    private mutating func failure(_ result: Int32) -> Step {
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsToRead
        case SSL_ERROR_WANT_WRITE: return .wantsToWrite
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            isBroken = true
            // libssl has alerts as reasons from 1000 on.
            let reason = Int(ERR_peek_last_error() & 0x7f_ffff)
            if (1000..<1256).contains(reason) { alert = reason - 1000 }
            return .broken
        }
    }
}
