// What all handshakes of the server share: identities chosen by name, and the keys of session tickets.
internal import COpenSSL
public import SecureMemory

/// TLS 1.2 and 1.3 for a server (RFC 5246, RFC 8446), by libssl. It belongs to one thread.
///
/// Session tickets are sealed under keys that live in protected memory and are replaced each hour; tickets of the hour before
/// are taken once more.
@safe
public final class TLSServer {
    private static let rotationMilliseconds: UInt64 = 3_600_000

    private var context: OpaquePointer
    private var ticketKeys: SecureBytes
    private var rotatesAt: UInt64

    /// A server that is known by these identities; the first one where a client asks for another name or none.
    public init(_ identities: inout TLSIdentities, arena: SecureArena, now milliseconds: UInt64) throws(TLSError) {
        let size = MemoryLayout<onetime_ticket_keys>.size
        guard var keys = arena.allocate(size) else { throw .arenaFull }
        // Random names, too, so that no ticket is ever taken for one under a key that is all zero.
        var room = keys.freeSpan
        guard unsafe room.withUnsafeMutableBufferPointer({ unsafe RAND_priv_bytes($0.baseAddress, Int32(size)) }) == 1
        else { throw .libraryFailure }
        keys.commit(size)
        unsafe context = try Self.join(&identities, &keys)
        ticketKeys = consume keys
        rotatesAt = milliseconds + Self.rotationMilliseconds
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// Shows other identities from the next connection on. Connections that are open keep theirs.
    public func replace(_ identities: inout TLSIdentities) throws(TLSError) {
        let old = unsafe context
        unsafe context = try Self.join(&identities, &ticketKeys)
        unsafe SSL_CTX_free(old)
    }

    /// A session for a connected socket, or nil where there is no memory for one.
    ///
    /// - Parameter socket: the descriptor, which has to stay open as long as the session lives.
    public func session(on socket: Int32, now milliseconds: UInt64) -> TLSSession? {
        if milliseconds >= rotatesAt { rotateTicketKeys(milliseconds) }
        guard let session = unsafe SSL_new(context) else { return nil }
        guard unsafe onetime_tls_set_socket(session, socket) == 1 else {
            unsafe SSL_free(session)
            return nil
        }
        unsafe SSL_set_accept_state(session)
        return unsafe TLSSession(session)
    }

    private func rotateTicketKeys(_ milliseconds: UInt64) {
        // After an hour without a client the key before is as old as nobody's ticket.
        let isLate = milliseconds >= rotatesAt + Self.rotationMilliseconds
        let isRotated = Self.rotate(&ticketKeys) && (!isLate || Self.rotate(&ticketKeys))
        // Without randomness the old key goes on for a minute.
        rotatesAt = milliseconds + (isRotated ? Self.rotationMilliseconds : 60_000)
    }

    private static func rotate(_ keys: inout SecureBytes) -> Bool {
        let size = MemoryLayout<onetime_ticket_key>.size
        var bytes = keys.mutableSpan
        return unsafe bytes.withUnsafeMutableBufferPointer { keys -> Bool in
            guard let base = keys.baseAddress else { return false }
            unsafe (base + size).update(from: base, count: size)
            return unsafe RAND_priv_bytes(base, Int32(size)) == 1
        }
    }

    private static func join(
        _ identities: inout TLSIdentities, _ keys: inout SecureBytes
    ) throws(TLSError) -> OpaquePointer {
        let contexts = unsafe identities.takeContexts()
        guard let first = unsafe contexts.first else { throw .libraryFailure }
        var bytes = keys.mutableSpan
        let isJoined = unsafe bytes.withUnsafeMutableBytes { keys -> Bool in
            var list = unsafe contexts.map { unsafe Optional($0) }
            return unsafe onetime_tls_join(
                &list, Int32(list.count), keys.baseAddress?.assumingMemoryBound(to: onetime_ticket_keys.self)) == 1
        }
        guard isJoined else {
            for index in unsafe contexts.indices { unsafe SSL_CTX_free(contexts[index]) }
            throw .libraryFailure
        }
        return unsafe first
    }
}

/// Identities in the order in which they are looked through.
@safe
public struct TLSIdentities: ~Copyable {
    private var contexts: [OpaquePointer] = unsafe []

    /// None yet.
    public init() {}

    deinit {
        for index in unsafe contexts.indices { unsafe SSL_CTX_free(contexts[index]) }
    }

    /// Adds one.
    public mutating func append(_ identity: consuming TLSIdentity) {
        unsafe contexts.append(identity.takeContext())
    }

    /// Hands all contexts over to whoever frees them.
    mutating func takeContexts() -> [OpaquePointer] {
        let taken = unsafe contexts
        unsafe contexts = []
        return unsafe taken
    }
}
