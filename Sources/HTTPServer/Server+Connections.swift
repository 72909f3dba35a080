// Connections come, time out and go.
internal import HTTPWire
internal import Kernel
internal import SecureMemory
internal import TimerWheel

extension Server {
    /// The connection with a token, unless another one has its slot by now.
    func connection(_ token: UInt64) -> Peer? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count, let connection = connections[slot],
            UInt64(connection.ticket.generation) == token >> 32
        else { return nil }
        return connection
    }

    func token(_ connection: Peer) -> UInt64 {
        UInt64(connection.ticket.generation) << 32 | UInt64(connection.ticket.slot)
    }

    /// Accepts what waits, as far as there is room. A machine without descriptors left waits for a connection to close.
    ///
    /// A bound for each turn, so that a flood of connections does not keep those that are there from being served.
    ///
    /// - Returns: whether there may be more.
    func acceptConnections() -> Bool {
        for _ in 0..<64 {
            guard hasRoomForConnection else {
                meter.pausedByLimit += 1
                pauseListening()
                return false
            }
            var peer: SocketAddress?
            do throws(Errno) {
                guard let socket = try listener?.accept(from: &peer) else { return false }
                guard let peer else { continue }
                add(socket, peer)
            } catch {
                meter.pausedByMachine += 1
                // No descriptor or no memory left: it may be better soon, also when none of ours closes.
                listensAgainAt = now.milliseconds + Self.tickMilliseconds
                pauseListening()
                return false
            }
        }
        return true
    }

    /// Whether a client may send another request now. One that waited for memory was counted before.
    func mayAsk(_ request: borrowing Request) -> Bool {
        guard requestBudget.isLimited, !isRetrying, !request.isOnMetricsPort else { return true }
        return requestBudget.take(ClientNetwork(handler.origin(of: request).address), now: now.milliseconds)
    }

    /// Turns a client away that has as many connections as one may have. What cannot be sent at once is not sent.
    private func turnAway(_ socket: consuming Socket, _ peer: SocketAddress) {
        meter.refusedByAddress += 1
        handler.turnedAway(RequestOrigin(peer.host), for: .connections)
        // Nothing can be said before a handshake.
        guard tls == nil, var input = scratch.take() else { return }
        // Closing with unread bytes would reset the connection, and the answer would not be seen.
        var room = input.freeSpan
        let received = (try? socket.receive(into: &room)) ?? nil
        input.commit(received ?? 0)
        input.wipe()
        scratch = consume input
        let fields: StaticString = """
            HTTP/1.1 429 Too Many Requests\r
            Content-Type: text/plain; charset=utf-8\r
            Cache-Control: no-store\r
            Retry-After: 1\r
            Connection: close\r
            Content-Length: 45\r

            """
        let body: StaticString = "\r\nThis address has too many open connections.\r\n"
        writer.date.show(now.wallSeconds)
        var answer: [UInt8] = []
        unsafe answer += UnsafeBufferPointer(start: fields.utf8Start, count: fields.utf8CodeUnitCount)
        if writer.date.isSet { for index in writer.date.line.indices { answer.append(writer.date.line[index]) } }
        unsafe answer += UnsafeBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount)
        _ = try? socket.send(answer.span)
        socket.finishSending()
    }

    /// Whether a connection has not been closed.
    func isOpen(_ connection: Peer) -> Bool {
        connections[Int(connection.ticket.slot)] === connection
    }

    func add(_ socket: consuming Socket, _ peer: SocketAddress, isOnMetricsPort: Bool = false) {
        // Its own address is a proxy's, for which there is no limit, where it is to say whose the connection is.
        let expectsHeader = !isOnMetricsPort && expectsProxyHeader(from: peer)
        let limit = expectsHeader || isOnMetricsPort ? 0 : connectionLimit(of: peer)
        guard addresses.add(ClientNetwork(peer), limit: limit) else { return turnAway(socket, peer) }
        let slot = freeSlots.popLast() ?? connections.count
        generation = generation == .max >> 1 ? 1 : generation + 1
        let connection = Peer(
            socket: socket, peer: peer, speaksForMany: speaksForMany(peer), isOnMetricsPort: isOnMetricsPort,
            ticket: Ticket(slot: UInt32(slot), generation: generation), limits: limits.head)
        if expectsHeader { connection.preface = ProxyPreface() }
        if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
        openCount += 1
        if isOnMetricsPort { metricsCount += 1 }
        meter.accepted += 1
        meter.open = openCount
        setDeadline(connection, now.milliseconds + limits.headTimeout)
        do throws(Errno) {
            try queue.add(connection.socket.rawValue, for: .readable, token: token(connection))
        } catch {
            close(connection)
        }
    }

    func pauseListening() {
        switch listener {
        case .some(let listener) where isListening: queue.remove(listener.rawValue)
        default: break
        }
        isListening = false
    }

    func resumeListening() {
        listensAgainAt = nil
        // What fails now is tried again when the next connection closes.
        try? listenForMetrics()
        guard !isListening, !isDraining, hasRoomForConnection else { return }
        switch listener {
        case .some(let listener):
            isListening = (try? queue.add(listener.rawValue, for: .readable, token: Token.listener)) != nil
        case .none: break
        }
    }

    /// Waits for something else on a connection.
    func wait(for readiness: Readiness, on connection: Peer) {
        guard connection.interest != readiness else { return queueIfHoldingMore(connection) }
        connection.interest = readiness
        do throws(Errno) {
            try queue.modify(connection.socket.rawValue, for: readiness, token: token(connection))
            queueIfHoldingMore(connection)
        } catch {
            close(connection)
        }
    }

    /// Ends a connection and gives back all it holds.
    func close(_ connection: Peer) {
        let slot = Int(connection.ticket.slot)
        guard isOpen(connection) else { return }
        if connection.phase == .waiting || connection.phase == .dormant, let exchange = connection.exchange {
            abandoned.append(exchange)
        }
        if connection.notes.isOwed { reportLater(connection, isComplete: false) }
        // Who says nothing at all looks whether somebody listens.
        if connection.preface?.hasBegun == true { noteFailedHeader(connection, .incomplete) }
        leave(connection)
        addresses.remove(connection.network)
        connections[slot] = nil
        freeSlots.append(slot)
        openCount -= 1
        if connection.isOnMetricsPort { metricsCount -= 1 }
        meter.open = openCount
        timeouts.cancel(UInt32(slot))
        queue.remove(connection.socket.rawValue)
        connection.takeLeave()
        resumeListening()
    }

    // MARK: Deadlines

    /// Ends the connection at a moment, unless it is moved by then. Moving it later costs nothing: the wheel looks at the old
    /// tick and finds that there is time.
    func setDeadline(_ connection: Peer, _ milliseconds: UInt64) {
        guard isOpen(connection) else { return }
        connection.deadline = milliseconds
        let tick = UInt32(clamping: (milliseconds - wheelStart) / Self.tickMilliseconds + 1)
        if !timeouts.isScheduled(connection.ticket.slot) || tick < connection.armedTick {
            connection.armedTick = tick
            timeouts.schedule(connection.ticket.slot, at: tick)
        }
    }

    /// Ends connections whose time is over, some at a time. Returns whether there are more.
    func endTimedOut(_ isolation: isolated Handler.Isolation) -> Bool {
        let tick = UInt32(clamping: (now.milliseconds - wheelStart) / Self.tickMilliseconds)
        var budget = 1024
        // Ending one takes system calls; looking whether it is due does not.
        var ended = 0
        while ended < 64, let slot = timeouts.next(upTo: tick, budget: &budget) {
            guard let connection = connections[Int(slot)] else { continue }
            if connection.deadline > now.milliseconds {
                setDeadline(connection, connection.deadline)
            } else {
                timeOut(connection, isolation)
                ended += 1
            }
        }
        return timeouts.hasWorkLeft
    }

    private func timeOut(_ connection: Peer, _ isolation: isolated Handler.Isolation) {
        if connection.phase != .dormant && connection.phase != .waiting { meter.timedOut += 1 }
        switch connection.phase {
        case .head where connection.began == 0, .streaming, .closing, .lingering:
            close(connection)
        case .head, .body:
            if connection.output != nil { return close(connection) }
            connection.input = nil
            refuse(connection, status: .requestTimeout, reason: "The request took too long to arrive.")
        case .dormant: endDormant(connection, isolation)
        case .waiting:
            // A worker has it; it always ends.
            setDeadline(connection, now.milliseconds + limits.writeTimeout)
        }
    }
}
