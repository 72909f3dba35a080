// Sockets by which the process calls others: of streams and datagrams, by address and by path, without ever blocking in a call.
internal import CLinux
internal import Glibc

extension Socket {
    /// How bytes travel.
    public enum Kind: Sendable {
        /// In order and without borders (TCP, a stream of the file system).
        case stream
        /// One by one (UDP, datagrams of the file system).
        case datagram
    }

    /// A socket that has begun to connect, and does not block. It is connected, or has failed, once it is writable; see
    /// ``pendingError``. The corresponding C functions are `socket` and `connect`.
    public static func connecting(to address: SocketAddress, _ kind: Kind = .stream) throws(Errno) -> Socket {
        let socket = try made(address.isIPv4 ? AF_INET : AF_INET6, kind)
        let descriptor = socket.rawValue
        do throws(Errno) {
            _ = try SystemCalls.retrying { unsafe address.withKernelForm { unsafe Int(connect(descriptor, $0, $1)) } }
        } catch {
            guard error == .inProgress else { throw error }
        }
        return socket
    }

    /// A socket connected to one of the file system, such as `/dev/log`, that does not block (unix(7)).
    ///
    /// Throws ``Errno/wrongKind`` where the other one is of another kind, ``Errno/invalidArgument`` where the path is empty or has
    /// more than 107 bytes.
    public static func connected(toPath path: String, _ kind: Kind) throws(Errno) -> Socket {
        let bytes = path.utf8
        guard (1...107).contains(bytes.count), !bytes.contains(0) else { throw .invalidArgument }
        let socket = try made(AF_UNIX, kind)
        let descriptor = socket.rawValue
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        _ = try SystemCalls.retrying {
            unsafe withUnsafeBytes(of: &address) { raw in
                unsafe raw.withMemoryRebound(to: sockaddr.self) {
                    unsafe Int(connect(descriptor, $0.baseAddress, socklen_t(raw.count)))
                }
            }
        }
        return socket
    }

    /// Why connecting failed, or nil where nothing is wrong. The error is told once.
    public var pendingError: Errno? {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(rawValue, SOL_SOCKET, SO_ERROR, &error, &length) == 0 else { return .last }
        return error == 0 ? nil : Errno(rawValue: error)
    }

    /// Sends what it is given at once, small as it may be.
    public func sendAtOnce() {
        var isOn: Int32 = 1
        unsafe setsockopt(rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    /// How many bytes were sent and not acknowledged by the peer's kernel; of a socket of this machine, at least how many were not read.
    /// 0 where that is not known. The corresponding request of `ioctl` is `SIOCOUTQ` (tcp(7)).
    public var unacknowledged: Int { max(0, Int(onetime_socket_unacknowledged(rawValue))) }

    /// Has the kernel hold no more than about twice so many bytes that were sent and not acknowledged (`SO_SNDBUF` in socket(7)).
    public func limitSendBuffer(to bytes: Int32) {
        var bytes = bytes
        unsafe setsockopt(rawValue, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Has closing break the connection off, and forget what was not sent yet (`SO_LINGER` in socket(7)).
    public func abortWhenClosed() {
        var wish = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(rawValue, SOL_SOCKET, SO_LINGER, &wish, socklen_t(MemoryLayout<linger>.size))
    }

    /// Sends the datagrams that the kernel has room for. Returns how many it took, nil when it has no room right now. An error is that of
    /// the first one, and says that none was sent. The corresponding C function is `sendmmsg`.
    ///
    /// - Parameters:
    ///   - bytes: one datagram behind the other.
    ///   - ends: where each of them ends in the bytes; none before the one before it.
    ///   - first: the number of the first one to send.
    public func send(datagrams bytes: Span<UInt8>, endingAt ends: Span<Int>, from first: Int) throws(Errno) -> Int? {
        let descriptor = rawValue
        let start = first > 0 ? ends[first - 1] : 0
        let wanted = ends.extracting(droppingFirst: first)
        precondition(wanted.isEmpty || wanted[wanted.count - 1] <= bytes.count)
        do {
            return try SystemCalls.retrying {
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe wanted.withUnsafeBufferPointer {
                        unsafe SystemCalls.send(descriptor, bytes, from: start, $0)
                    }
                }
            }
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    private static func made(_ family: Int32, _ kind: Kind) throws(Errno) -> Socket {
        let type = Int32((kind == .stream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return Socket(FileDescriptor(owning: Int32(try SystemCalls.retrying { Int(socket(family, type | flags, 0)) })))
    }
}

extension WakeUp {
    /// Waits until a descriptor is ready, this rings, or the time is up.
    ///
    /// - Parameters:
    ///   - rawValue: the descriptor; below 0 there is none, and only the ringing counts.
    ///   - listening: false does not heed the ringing.
    ///   - milliseconds: how long at most; 0 only looks.
    /// - Returns: whether the descriptor is ready, broken ones included. The corresponding C function is `poll`.
    public func wait(
        for rawValue: Int32, _ readiness: Readiness, listening: Bool = true, milliseconds: Int32
    ) -> Bool {
        let events = readiness.contains(.writable) ? POLLOUT : POLLIN
        var entries: [2 of pollfd] = [
            pollfd(fd: rawValue, events: Int16(events), revents: 0),
            pollfd(fd: listening ? self.rawValue : -1, events: Int16(POLLIN), revents: 0),
        ]
        var span = entries.mutableSpan
        // A signal ends it early, which is as good as a ringing: who waits looks at the clock again.
        let count = unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, milliseconds) }
        return count > 0 && entries[0].revents != 0
    }
}
