// Connections that proxies open for others, and what they say first.
internal import HTTPWire
internal import Kernel

extension Server {
    /// Whether connections from an address are many clients': those of a trusted proxy, or of this machine, where a proxy may be.
    func speaksForMany(_ peer: SocketAddress) -> Bool { peer.isLoopback || limits.trustedProxies.cover(peer.host) }

    /// How many connections an address may have; 0 for any number, as trusted proxies have, and this machine unless the operator set
    /// a limit.
    func connectionLimit(of peer: SocketAddress) -> Int {
        if limits.trustedProxies.cover(peer.host) || (peer.isLoopback && limits.sparesLoopback) { return 0 }
        return limits.connectionsPerAddress
    }

    /// Whether a connection has to begin with a proxy's header. Where proxies are named, others are served as they are.
    func expectsProxyHeader(from peer: SocketAddress) -> Bool {
        guard limits.expectsProxyHeader else { return false }
        return limits.trustedProxies.isEmpty || limits.trustedProxies.cover(peer.host)
    }

    /// Takes what came of a proxy's header, and not a byte more: what follows may be TLS's.
    ///
    /// - Returns: whether the header is complete, and the connection still there.
    func takePreface(_ connection: Peer) -> Bool {
        guard var preface = connection.preface else { return true }
        var block: [64 of UInt8] = .init(repeating: 0)
        while preface.missing > 0 {
            do {
                var all = block.mutableSpan
                var room = all._mutatingExtracting(first: min(preface.missing, all.count))
                guard let count = try connection.socket.receive(into: &room) else {
                    connection.preface = preface
                    return false
                }
                guard count > 0 else {
                    connection.preface = preface
                    close(connection)
                    return false
                }
                try preface.take(block.span.extracting(first: count))
            } catch {
                if let fault = error as? ProxyFault {
                    connection.preface = nil
                    let isVersion1 = fault == .signature && Self.isVersion1(block.span)
                    noteFailedHeader(
                        connection, isVersion1 ? .version1 : fault == .signature ? .missing : .broken)
                }
                close(connection)
                return false
            }
        }
        connection.preface = nil
        guard let source = preface.source else { return true }
        return settle(connection, SocketAddress(InternetAddress(bytes: source.bytes), port: source.port))
    }

    /// Whether bytes begin as a header of version 1 does.
    private static func isVersion1(_ bytes: Span<UInt8>) -> Bool {
        let word: [6 of UInt8] = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]
        for index in word.indices where bytes[index] != word[index] { return false }
        return true
    }

    /// Counts a connection that did not begin as it had to, and tells of it.
    func noteFailedHeader(_ connection: Peer, _ failure: ProxyHeaderFailure) {
        meter.failedProxyHeaders[Int(failure.rawValue)] += 1
        handler.turnedAway(RequestOrigin(connection.peer.host), for: .proxyHeader(failure))
    }

    /// Counts a connection among those of the client that its proxy names, unless he has as many as he may. One who is said to be on
    /// this machine is spared nothing: it may be another machine's loopback.
    private func settle(_ connection: Peer, _ client: SocketAddress) -> Bool {
        let network = ClientNetwork(client)
        let isProxy = limits.trustedProxies.cover(client.host)
        guard addresses.add(network, limit: isProxy ? 0 : limits.connectionsPerAddress) else {
            handler.turnedAway(RequestOrigin(client.host), for: .connections)
            // Nothing can be said before a handshake.
            if tls == nil {
                refuse(connection, status: .tooManyRequests, reason: "This address has too many open connections.")
            } else {
                close(connection)
            }
            return false
        }
        addresses.remove(connection.network)
        connection.peer = client
        connection.network = network
        connection.speaksForMany = isProxy
        return true
    }
}
