// When protected memory is short: who waits, who goes on, and who is too slow to keep what others wait for.
//
// Nothing is refused for want of memory. What was not read costs nothing, so it is left with the kernel:
//  - A connection is read as it comes only while a spare block is at hand that takes whatever cannot be kept otherwise.
//  - Without one, heads and small requests are looked at where they are (`Server+Frugal.swift`) and taken when they are whole.
//    They are then served within one turn, for which `ServerLimits.requestReserve` is always left.
//  - A request that needs memory for longer gets all of it before its body is read, or waits its turn, unread. So whoever holds
//    memory needs no more of it to come to an end, and nobody waits for one who waits himself.
internal import HTTPWire
internal import Kernel
internal import SecureMemory

extension Server {
    /// Whether connections are read only as far as they can be served at once.
    var isFrugal: Bool { hasWaiting || !hasSpare }

    /// Whether anybody waits for memory.
    var hasWaiting: Bool { !waiting.isEmpty || !waitingLast.isEmpty }

    private var hasSpare: Bool {
        switch spare {
        case .some: true
        case .none: false
        }
    }

    /// Whether a connection has to wait before anything of its next request is read. What TLS has decrypted cannot be left with the
    /// kernel, so it is read only while there is a spare block, and in order.
    func mustWaitUnread(_ connection: Peer) -> Bool {
        guard connection.phase == .head, connection.session != nil, isFrugal else { return false }
        return !(isRetrying && hasSpare)
    }

    /// Has a connection wait for memory; its time does not run. One that waited before keeps its turn.
    func park(_ connection: Peer) {
        if isRetrying {
            join(retriedFrom, connection, atFront: true)
        } else {
            join(isGreedy(connection) ? .waitingLast : .waiting, connection)
        }
        wait(for: [], on: connection)
        setDeadline(connection, .max)
    }

    /// Whether the address of a connection has so many others that hold memory, or wait for it, that those of other addresses
    /// come first.
    private func isGreedy(_ connection: Peer) -> Bool {
        !connection.speaksForMany && addresses.claims(of: connection.network) >= limits.claimsPerAddress
    }

    /// Whether a connection may hold memory from turn to turn now: those who wait longer come first, and the last quarter is not
    /// for those who have much.
    func mayHoldMemory(_ connection: Peer) -> Bool {
        if hasWaiting && !isRetrying { return false }
        return !isGreedy(connection) || arena.freeBytes > arena.capacity / 4 + ServerLimits.requestReserve
    }

    /// Takes the spare block back, and lets those go on that wait for memory, in order, as far as there is some.
    ///
    /// - Returns: whether there is more to do right now.
    func resumeWaiting(_ isolation: isolated Handler.Isolation) -> Bool {
        if !hasSpare { spare = inputs.allocate(ResponseWriter.bodyCapacity) }
        guard hasWaiting else { return false }
        isRetrying = true
        defer { isRetrying = false }
        var budget = 64
        while budget > 0, let connection = self[waiting.first] ?? self[waitingLast.first] {
            guard arena.hasRoom(for: ServerLimits.requestReserve) else { break }
            budget -= 1
            retriedFrom = connection.place.kind
            leave(connection)
            if connection.began == 0 { noteFirstByte(connection) }
            connection.began = now.milliseconds
            guard connection.output == nil else { continue }
            wait(for: .readable, on: connection)
            setDeadline(connection, now.milliseconds + limits.headTimeout)
            if connection.headEnd > 0 { goOn(connection, isolation) } else { readable(connection, isolation) }
            if connection.place.isWaiting { break }
        }
        if hasWaiting { endSlowHolders() }
        return budget == 0
    }

    /// Ends those who hold memory that others wait for and are slower than the rates ask, without the patience that there is
    /// otherwise. Looks some times a second at most.
    ///
    /// - Parameter onlyReaders: nobody is answered, for an answer to somebody else is being written.
    func endSlowHolders(onlyReaders: Bool = false) {
        guard now.milliseconds >= pressesAgainAt else { return }
        pressesAgainAt = now.milliseconds + Self.tickMilliseconds
        var slot = holding.first
        while let connection = self[slot] {
            slot = connection.place.next
            if connection.output != nil {
                if deadlineOfAnswer(connection, patience: limits.pressedTimeout) <= now.milliseconds {
                    close(connection)
                }
            } else if !onlyReaders, deadlineOfBody(connection, patience: limits.pressedTimeout) <= now.milliseconds {
                connection.input = nil
                refuse(connection, status: .requestTimeout, reason: "The request took too long to arrive.")
            }
        }
    }

    /// When a body has to have come, by what came of it.
    func deadlineOfBody(_ connection: Peer, patience: UInt64) -> UInt64 {
        connection.began + patience + connection.bodyCount * 1000 / limits.bodyRate
    }

    /// When an answer has to be taken, by what was taken of it.
    func deadlineOfAnswer(_ connection: Peer, patience: UInt64) -> UInt64 {
        connection.answerBegan + patience + connection.answerCount * 1000 / limits.writeRate
    }
}
