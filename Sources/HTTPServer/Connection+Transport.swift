// How bytes move between a connection and its socket: as they are, or through TLS.
internal import Kernel
internal import SecureMemory
internal import TLS

extension Connection {
    /// Receives what is there. Returns how many bytes came, 0 at the end of the stream, nil when there is nothing right now.
    func receive(into room: inout MutableSpan<UInt8>) throws(Errno) -> Int? {
        guard session != nil else { return try socket.receive(into: &room) }
        switch session?.receive(into: &room) {
        case .moved(let count): return count
        case .ended: return 0
        case .wantsToRead: return nil
        case .wantsToWrite:
            receivesWhenWritable = true
            return nil
        case .broken, nil: throw .connectionReset
        }
    }

    /// Sends what there is room for. Returns how many bytes were taken, nil when there is no room right now. Bytes that were not
    /// taken come first in the next call.
    func send(_ bytes: Span<UInt8>) throws(Errno) -> Int? {
        guard session != nil else { return try socket.send(bytes) }
        switch session?.send(bytes) {
        case .moved(let count): return count
        case .wantsToWrite: return nil
        case .ended, .wantsToRead, .broken, nil: throw .connectionReset
        }
    }

    /// Tells the peer that nothing more will be sent.
    func finishSending() {
        session?.finishSending()
        socket.finishSending()
    }

    /// Says goodbye within TLS, so that the peer knows that nothing was cut off.
    func takeLeave() {
        session?.finishSending()
    }

    /// Whether bytes were received by TLS that nobody has read: the socket will not become readable for them.
    var holdsMore: Bool { session?.mayHoldMore ?? false }
}
