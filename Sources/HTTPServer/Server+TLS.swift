// Handshakes within the loop, and those who speak plain HTTP to a port that speaks TLS.
internal import HTTPWire
internal import Kernel
internal import SecureMemory
internal import TLS

extension Server {
    /// How long handshakes of one kind, new or begun, may keep the loop in one turn; one that is under way then is not broken off.
    private static var handshakeMicroseconds: UInt64 { 2_000 }

    /// Whether a connection has to complete a handshake before requests can be read from it.
    func isShaking(_ connection: Peer) -> Bool {
        tls != nil && !connection.isMisdirected && !connection.isOnMetricsPort
            && connection.session?.isEstablished != true
    }

    /// Has a connection begin its handshake, or go on with it, once everybody else was served in this turn.
    func lineUp(_ connection: Peer) {
        guard !connection.isQueuedToShake else { return }
        connection.isQueuedToShake = true
        if connection.session == nil {
            newHandshakes.append(token(connection))
        } else {
            begunHandshakes.append(token(connection))
        }
    }

    /// Whether handshakes wait for the next turn.
    var hasHandshakesLeft: Bool { !newHandshakes.isEmpty || !begunHandshakes.isEmpty }

    /// Goes on with handshakes, in the order in which they came. What those lack that were begun costs little: a flood of new ones,
    /// each with a signature to make, does not keep them waiting.
    func shakeHands(_ isolation: isolated Handler.Isolation) {
        guard hasHandshakesLeft else { return }
        shakeHands(&begunHandshakes, isolation)
        shakeHands(&newHandshakes, isolation)
    }

    private func shakeHands(_ line: inout [UInt64], _ isolation: isolated Handler.Isolation) {
        handshakesTook = 0
        var count = 0
        while count < line.count, handshakesTook < Self.handshakeMicroseconds {
            let connection = connection(line[count])
            count += 1
            guard let connection else { continue }
            connection.isQueuedToShake = false
            if !connection.interest.contains(.readable) { wait(for: .readable, on: connection) }
            readable(connection, isolation)
        }
        line.removeFirst(count)
        // The kernel does not report those again who stand in line; the ones before them it was told already.
        for token in line.reversed() {
            guard let connection = connection(token) else { continue }
            guard !connection.interest.isEmpty else { break }
            wait(for: [], on: connection)
        }
    }

    /// Brings a connection to where requests can be read from it.
    ///
    /// - Returns: whether that is so, and something may be there to read.
    func isReadyToRead(_ connection: Peer) -> Bool {
        if connection.preface != nil, !takePreface(connection) { return false }
        guard let tls, !connection.isMisdirected, !connection.isOnMetricsPort else { return true }
        if connection.session?.isEstablished == true { return true }
        guard handshakesTook < Self.handshakeMicroseconds else { return false }
        if connection.session == nil {
            do throws(Errno) {
                // The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1) begins no HTTP request.
                var first: [1 of UInt8] = [0]
                var room = first.mutableSpan
                guard let count = try connection.socket.peek(into: &room) else { return false }
                guard count > 0 else {
                    close(connection)
                    return false
                }
                if first[0] != 0x16 {
                    connection.isMisdirected = true
                    return true
                }
            } catch {
                close(connection)
                return false
            }
            connection.session = tls.session(on: connection.socket.rawValue, now: now.milliseconds)
        }
        return shakeHands(connection)
    }

    private func shakeHands(_ connection: Peer) -> Bool {
        let began = BootClock.microseconds()
        defer { handshakesTook += BootClock.microseconds() - began }
        switch connection.session?.shakeHands() {
        case .moved:
            wait(for: .readable, on: connection)
            return connection.holdsMore
        case .wantsToRead:
            wait(for: .readable, on: connection)
        case .wantsToWrite:
            wait(for: .writable, on: connection)
        case .ended, .broken, nil:
            meter.failedHandshakes += 1
            close(connection)
        }
        return false
    }

    /// Goes on with a read that had to write first. Returns whether that was what the socket was waited for.
    func continueTransport(_ connection: Peer, _ isolation: isolated Handler.Isolation) -> Bool {
        guard connection.receivesWhenWritable else { return false }
        connection.receivesWhenWritable = false
        guard connection.output == nil, connection.phase == .head || connection.phase == .body else { return false }
        wait(for: .readable, on: connection)
        readable(connection, isolation)
        return true
    }

    /// Reads on where TLS holds bytes that the socket no longer shows.
    func readHeldBytes(_ isolation: isolated Handler.Isolation) {
        guard !holdingMore.isEmpty else { return }
        let tokens = holdingMore
        holdingMore.removeAll(keepingCapacity: true)
        for token in tokens {
            guard let connection = connection(token) else { continue }
            connection.isQueuedToRead = false
            // One that is not read at present is queued again when it is.
            if connection.interest.contains(.readable) { readable(connection, isolation) }
        }
    }

    /// Has a connection read in the next turn if TLS holds bytes of it.
    func queueIfHoldingMore(_ connection: Peer) {
        guard connection.holdsMore, !connection.isQueuedToRead, connection.interest.contains(.readable) else { return }
        connection.isQueuedToRead = true
        holdingMore.append(token(connection))
    }

    /// Answers a request that came without TLS: to the same place by https where nothing was sent along, else an error.
    func redirect(_ connection: Peer, _ head: RequestHead, _ bytes: Span<UInt8>) {
        connection.phase = .closing
        connection.leavesRequestUnread = true
        prepareWriter(for: connection, keepsAlive: false)
        defer { noteRefusal(connection) }
        guard head.method == .get || head.method == .head, !head.host.isEmpty else {
            return writePlain(.badRequest, "This port speaks TLS. Use https.")
        }
        let host = head.host.span(in: bytes)
        writer.begin(.temporaryRedirect, contentType: "text/plain; charset=utf-8")
        writer.fields("Cache-Control: no-store\r\n")
        writer.field("Location") { writer in
            writer.append("https://")
            writer.append(host)
            writer.append(head.path.span(in: bytes))
            guard let query = head.query else { return }
            writer.append("?")
            writer.append(query.span(in: bytes))
        }
        writer.append("This port speaks TLS.\n")
        writer.isSensitive = true
        writer.finish()
    }
}
