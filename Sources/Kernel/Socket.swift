// Stream sockets: listening, accepting, connecting, and moving bytes.
internal import CLinux
internal import Glibc

/// A stream socket. It is closed when its owner goes.
public struct Socket: ~Copyable, Sendable {
    /// The descriptor under it.
    public let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    /// The number by which the kernel knows it.
    public var rawValue: Int32 { descriptor.rawValue }

    /// A socket that listens on an address and does not block.
    ///
    /// - Parameter backlog: how many connections the kernel holds until they are accepted; it caps this itself.
    public static func listening(on address: SocketAddress, backlog: Int32 = 4096) throws(Errno) -> Socket {
        let socket = try make(address, flags: SOCK_NONBLOCK)
        try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if !address.isIPv4 { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        if address.isLoopback { socket.sendWithoutPacing() }
        let descriptor = socket.rawValue
        _ = try SystemCalls.retrying { unsafe address.withKernelForm { unsafe Int(bind(descriptor, $0, $1)) } }
        _ = try SystemCalls.retrying { Int(listen(descriptor, backlog)) }
        return socket
    }

    /// A socket connected to an address; it blocks, and gives up on a read or write after the timeout.
    public static func connected(to address: SocketAddress, timeoutSeconds: Int) throws(Errno) -> Socket {
        let socket = try make(address, flags: nil)
        let descriptor = socket.rawValue
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        _ = try SystemCalls.retrying { unsafe address.withKernelForm { unsafe Int(connect(descriptor, $0, $1)) } }
        return socket
    }

    /// The address that the socket is bound to: tells the port where 0 was asked for.
    public var localAddress: SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(rawValue, $0, &length)
            }
        }
        return result == 0 ? SocketAddress(storage) : nil
    }

    /// The next connection that waits, or nil when there is none. It does not block, and sends what it is given at once.
    ///
    /// - Parameter peer: gets the address that it comes from; nil for one that is no Internet address.
    public func accept(from peer: inout SocketAddress?) throws(Errno) -> Socket? {
        do {
            var storage = sockaddr_storage()
            let listener = rawValue
            let descriptor = try SystemCalls.retrying {
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe SystemCalls.accept(listener, $0, &length)
                    }
                }
            }
            peer = SocketAddress(storage)
            let socket = Socket(FileDescriptor(owning: Int32(descriptor)))
            try? socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            return socket
        } catch {
            // Linux hands on what went wrong with the connection itself (accept(2)); the next one may be well.
            if error == .wouldBlock || Errno.ofPendingConnection.contains(error) { return nil }
            throw error
        }
    }

    /// Receives into the bytes. Returns how many came, 0 at the end of the stream, nil when there is nothing right now.
    public func receive(into bytes: inout MutableSpan<UInt8>) throws(Errno) -> Int? {
        let descriptor = rawValue
        do {
            return try SystemCalls.retrying {
                unsafe bytes.withUnsafeMutableBytes { unsafe SystemCalls.receive(descriptor, $0) }
            }
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    /// Copies what came into the bytes and leaves it with the kernel: the next call brings the same and more. Returns how many
    /// bytes there are as far as there is room, 0 at the end of the stream, nil when there is nothing right now.
    public func peek(into bytes: inout MutableSpan<UInt8>) throws(Errno) -> Int? {
        let descriptor = rawValue
        do {
            return try SystemCalls.retrying {
                unsafe bytes.withUnsafeMutableBytes { unsafe SystemCalls.receive(descriptor, $0, Int32(MSG_PEEK)) }
            }
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    /// Sends what the kernel has room for. Returns how many bytes it took, nil when it has no room right now.
    public func send(_ bytes: Span<UInt8>) throws(Errno) -> Int? {
        let descriptor = rawValue
        do {
            return try SystemCalls.retrying {
                unsafe bytes.withUnsafeBytes { unsafe SystemCalls.send(descriptor, $0) }
            }
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    /// Tells the peer that nothing more will be sent.
    public func finishSending() {
        shutdown(rawValue, Int32(SHUT_WR))
    }

    private static func make(_ address: SocketAddress, flags: __socket_type?) throws(Errno) -> Socket {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(flags?.rawValue ?? 0)
        let family = address.isIPv4 ? AF_INET : AF_INET6
        return Socket(FileDescriptor(owning: Int32(try SystemCalls.retrying { Int(socket(family, type, 0)) })))
    }

    /// Has connections that are accepted send at once. Where the machine's congestion control is one that spaces packets out (BBR),
    /// answers between two processes of one machine would wait for a timer each, although nothing there can be congested.
    private func sendWithoutPacing() {
        // Reno, which every kernel has and everybody may choose.
        var name: [4 of UInt8] = [0x72, 0x65, 0x6e, 0x6f]
        let length = socklen_t(MemoryLayout.size(ofValue: name))
        unsafe setsockopt(rawValue, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, length)
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) throws(Errno) {
        var value = value
        let descriptor = rawValue
        _ = try SystemCalls.retrying {
            unsafe Int(setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)))
        }
    }
}
