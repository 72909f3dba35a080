// Connections come, time out and go.
internal import HTTPWire
internal import Kernel
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
    func acceptConnections() {
        // A bound for each turn, so that a flood of connections does not keep those that are there from being served.
        for _ in 0..<256 {
            guard openCount < limits.connections else { return pauseListening() }
            do throws(Errno) {
                guard let socket = try listener?.accept() else { return }
                add(socket)
            } catch {
                // No descriptor or no memory left: it may be better soon, also when none of ours closes.
                listensAgainAt = now.milliseconds + Self.tickMilliseconds
                return pauseListening()
            }
        }
    }

    /// Whether a connection has not been closed.
    func isOpen(_ connection: Peer) -> Bool {
        connections[Int(connection.ticket.slot)] === connection
    }

    private func add(_ socket: consuming Socket) {
        let slot = freeSlots.popLast() ?? connections.count
        generation = generation == .max >> 1 ? 1 : generation + 1
        let connection = Peer(
            socket: socket, ticket: Ticket(slot: UInt32(slot), generation: generation), limits: limits.head)
        if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
        openCount += 1
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
        guard !isListening, !isDraining, openCount < limits.connections else { return }
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
        if connection.phase == .waiting, let exchange = connection.exchange { abandoned.append(exchange) }
        leave(connection)
        connections[slot] = nil
        freeSlots.append(slot)
        openCount -= 1
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
    func endTimedOut() -> Bool {
        let tick = UInt32(clamping: (now.milliseconds - wheelStart) / Self.tickMilliseconds)
        var budget = 1024
        while let slot = timeouts.next(upTo: tick, budget: &budget) {
            guard let connection = connections[Int(slot)] else { continue }
            if connection.deadline > now.milliseconds {
                setDeadline(connection, connection.deadline)
            } else {
                timeOut(connection)
            }
        }
        return timeouts.hasWorkLeft
    }

    private func timeOut(_ connection: Peer) {
        switch connection.phase {
        case .head where connection.began == 0, .streaming, .closing, .lingering:
            close(connection)
        case .head, .body:
            if connection.output != nil { return close(connection) }
            connection.input = nil
            refuse(connection, status: .requestTimeout, reason: "The request took too long to arrive.")
        case .waiting:
            // A worker has it; it always ends.
            setDeadline(connection, now.milliseconds + limits.writeTimeout)
        }
    }
}
