// From answers that are written to bytes that are sent.
internal import HTTPWire
internal import Kernel
internal import SecureMemory

extension Server {
    /// Sends what is written, and goes on producing what is partial, for as long as the kernel takes it. What it does not take
    /// of a whole answer goes into a block of the connection's own; what it does not take of a part is produced again later, so
    /// that a slow reader holds nothing in the clear.
    ///
    /// - Parameter isLast: nothing more is written in this turn, so that the answer may leave together with those to others.
    /// - Returns: whether the connection is still open.
    func flush(_ connection: Peer, isLast: Bool = false, _ isolation: isolated Handler.Isolation) -> Bool {
        defer {
            if writer.isSensitive { scrubRegistersAndStack() }
            writer.isSensitive = false
        }
        if isLast && postpone(connection) { return true }
        if connection.isInOutbox { sendOutbox() }
        var parts = 0
        while true {
            guard sendWritten(connection) else { return false }
            guard connection.output == nil else {
                waitForReader(connection)
                return true
            }
            guard connection.phase == .streaming else { break }
            // Others are served between the parts of a long answer.
            if parts == Self.partsPerTurn {
                waitForReader(connection)
                return true
            }
            parts += 1
            switch sendPart(connection, isolation) {
            case .sent: continue
            case .notTaken:
                waitForReader(connection)
                return true
            case .failed:
                close(connection)
                return false
            }
        }
        connection.answerBegan = 0
        connection.reserve = nil
        switch connection.phase {
        case .closing: return endSending(connection)
        case .waiting: wait(for: connection.peerFinished ? [] : .peerFinished, on: connection)
        case .dormant:
            // Whoever will not ask again is not kept in touch.
            if connection.peerFinished || isDraining { return endDormant(connection, isolation) }
            wait(for: .peerFinished, on: connection)
        case .head where connection.place.isWaiting: break
        default: wait(for: .readable, on: connection)
        }
        return isOpen(connection)
    }

    /// Readies the writer for an answer to the request at hand.
    func prepareWriter(for connection: Peer, keepsAlive: Bool) {
        writer.strictTransportSeconds = connection.session == nil ? 0 : limits.strictTransportSeconds
        writer.date.show(now.wallSeconds)
        writer.prepare(connection.head, keepsAlive: keepsAlive)
    }

    /// Waits until the kernel takes more of an answer, as long as the client takes enough of it.
    func waitForReader(_ connection: Peer) {
        if connection.answerBegan == 0 {
            connection.answerBegan = now.milliseconds
            connection.answerCount = 0
        }
        wait(for: .writable, on: connection)
        setDeadline(connection, deadlineOfAnswer(connection, patience: limits.writeTimeout))
    }

    /// How many parts of one answer are produced before others have their turn.
    private static var partsPerTurn: Int { 16 }

    /// Sends the loop's output buffer; what is not taken is kept. Returns false when the connection broke.
    private func sendWritten(_ connection: Peer) -> Bool {
        guard !writer.output.isEmpty else { return true }
        defer { writer.wipeOutput() }
        // Answers go out in order: nothing is written while an earlier one is still on its way.
        guard connection.output == nil else {
            close(connection)
            return false
        }
        return send(writer.output, 0..<writer.output.count, of: connection)
    }

    /// Sends an answer; what is not taken is kept. Returns false when the connection broke.
    func send(_ bytes: borrowing SecureBytes, _ answer: Range<Int>, of connection: Peer) -> Bool {
        guard let sent = send(bytes, answer, connection) else { return false }
        guard sent < answer.upperBound else { return true }
        guard var kept = block(for: answer.upperBound - sent, connection) else {
            close(connection)
            return false
        }
        kept.append(bytes.span.extracting(sent..<answer.upperBound))
        connection.output = consume kept
        connection.sentCount = 0
        connection.reserve = nil
        join(.holding, connection)
        return true
    }

    /// A block for the rest of an answer; the one that the connection has in reserve is the last resort, for it is large.
    private func block(for byteCount: Int, _ connection: Peer) -> SecureBytes? {
        if let block = arena.allocate(byteCount, leaving: ServerLimits.requestReserve) { return consume block }
        if let reserve = connection.reserve.take(), reserve.capacity >= byteCount { return consume reserve }
        endSlowHolders(onlyReaders: true)
        return arena.allocate(byteCount, leaving: ServerLimits.requestReserve)
    }

    /// Sends a part of a block, until all is sent or the kernel takes no more. Returns the offset of what it did not take, or nil and
    /// a closed connection when it broke.
    private func send(_ bytes: borrowing SecureBytes, _ part: Range<Int>, _ connection: Peer) -> Int? {
        var offset = part.lowerBound
        do throws(Errno) {
            while offset < part.upperBound {
                guard let sent = try connection.send(bytes.span.extracting(offset..<part.upperBound)) else { break }
                offset += sent
                connection.answerCount += UInt64(sent)
                meter.sent &+= UInt64(sent)
            }
            return offset
        } catch {
            close(connection)
            return nil
        }
    }

    /// The kernel takes bytes again.
    func writable(_ connection: Peer, _ isolation: isolated Handler.Isolation) {
        guard let output = connection.output.take() else {
            // A long answer that let others have their turn.
            if connection.phase == .streaming { _ = flush(connection, isolation) }
            if isOpen(connection), connection.phase == .head, connection.output == nil { goOn(connection, isolation) }
            return
        }
        // TLS encrypts what it sends with the help of registers.
        defer { if connection.session != nil { scrubRegistersAndStack() } }
        guard let sent = send(output, connection.sentCount..<output.count, connection) else { return }
        guard sent == output.count else {
            connection.sentCount = sent
            connection.output = consume output
            setDeadline(connection, deadlineOfAnswer(connection, patience: limits.writeTimeout))
            return
        }
        // The kept bytes are wiped here, before anything else is written.
        _ = consume output
        connection.sentCount = 0
        leave(connection)
        if connection.isResumable {
            connection.isResumable = false
            return resume(connection.ticket, isolation)
        }
        if connection.phase == .head || connection.phase == .body {
            connection.answerBegan = 0
            wait(for: .readable, on: connection)
            setDeadline(connection, now.milliseconds + limits.idleTimeout)
            if isDraining && connection.isIdle { return close(connection) }
            goOn(connection, isolation)
        } else {
            guard flush(connection, isolation), connection.phase == .head, connection.output == nil else { return }
            goOn(connection, isolation)
        }
    }

    private enum PartOutcome { case sent, notTaken, failed }

    /// Writes the next part of an answer and sends it.
    private func sendPart(_ connection: Peer, _ isolation: isolated Handler.Isolation) -> PartOutcome {
        guard var exchange = connection.exchange.take() else { return .failed }
        writer.prepareNextPart(of: connection.form)
        writer.isSensitive = true
        defer { writer.wipeOutput() }
        let outcome = handler.produce(
            again: connection.hasUnsentPart, exchange: &exchange, response: &writer, now: now, isolation: isolation)
        connection.exchange = exchange
        guard let outcome else {
            writer.discard()
            return .failed
        }
        if outcome == .dormant {
            writer.discard()
            connection.phase = .dormant
            setDeadline(connection, now.milliseconds + limits.dormantTimeout)
            return .sent
        }
        writer.finishPart(isLast: outcome == .complete)
        guard !writer.overflowed, let sent = send(writer.output, connection.sentCount..<writer.output.count, connection)
        else {
            return .failed
        }
        connection.hasUnsentPart = sent < writer.output.count
        connection.sentCount = connection.hasUnsentPart ? sent : 0
        if connection.hasUnsentPart { return .notTaken }
        connection.notes.responseBytes += UInt64(writer.bodyBytes)
        if outcome == .complete { endParts(connection, isolation) }
        return .sent
    }

    /// The last part of an answer went out.
    private func endParts(_ connection: Peer, _ isolation: isolated Handler.Isolation) {
        if connection.notes.isOwed { report(connection, isolation) }
        connection.phase = connection.form.keepsAlive && !isDraining ? .head : .closing
        if connection.phase == .head { endStreamed(connection) }
    }

    /// Goes on with a dormant answer, as its handler has more to say.
    func awaken(_ ticket: Ticket, _ isolation: isolated Handler.Isolation) {
        let token = UInt64(ticket.generation) << 32 | UInt64(ticket.slot)
        guard let connection = connection(token), connection.phase == .dormant else { return }
        connection.phase = .streaming
        setDeadline(connection, now.milliseconds + limits.idleTimeout)
        guard flush(connection, isolation), connection.phase == .head, connection.output == nil else { return }
        goOn(connection, isolation)
    }

    /// Ends a dormant answer in good order: its client may ask again. Returns whether the connection is still open.
    @discardableResult
    func endDormant(_ connection: Peer, _ isolation: isolated Handler.Isolation) -> Bool {
        // At once: the next request of this connection may wait for the same thing.
        if let exchange = connection.exchange.take() { handler.abandon(exchange, now: now, isolation: isolation) }
        writer.prepareNextPart(of: connection.form)
        writer.finishPart(isLast: true)
        endParts(connection, isolation)
        guard flush(connection, isolation) else { return false }
        if connection.phase == .head, connection.output == nil { goOn(connection, isolation) }
        return isOpen(connection)
    }

    /// Takes the answered request off what the connection keeps.
    private func endStreamed(_ connection: Peer) {
        if var kept = connection.input.take() {
            kept.removeFirst(min(connection.rawStart, kept.count))
            if !kept.isEmpty { connection.input = consume kept }
        }
        connection.endRequest()
        setDeadline(connection, now.milliseconds + limits.idleTimeout)
    }

    /// All is sent and nothing more will be. Returns whether the connection is still open.
    private func endSending(_ connection: Peer) -> Bool {
        guard connection.leavesRequestUnread else {
            close(connection)
            return false
        }
        // Closing with unread bytes would reset the connection, and the answer might never be seen (RFC 9112, section 9.6).
        connection.finishSending()
        connection.phase = .lingering
        connection.input = nil
        connection.exchange = nil
        wait(for: .readable, on: connection)
        setDeadline(connection, now.milliseconds + limits.lingerTimeout)
        return true
    }

    // MARK: Refusals

    /// Answers a request that broke a rule, and ends the connection.
    func refuse(_ connection: Peer, _ fault: RequestFault) {
        handler.turnedAway(RequestOrigin(connection.peer.host), for: .malformed)
        refuse(connection, status: ResponseStatus(fault.status), reason: fault.reason)
    }

    /// Answers a request that cannot be served, and ends the connection.
    func refuse(_ connection: Peer, status: ResponseStatus, reason: StaticString) {
        defer { scrubRegistersAndStack() }
        if connection.isInOutbox { sendOutbox() }
        leave(connection)
        guard connection.output == nil else { return close(connection) }
        connection.exchange = nil
        connection.leavesRequestUnread = true
        connection.phase = .closing
        prepareWriter(for: connection, keepsAlive: false)
        writePlain(status, reason)
        noteRefusal(connection)
        if sendWritten(connection) {
            if connection.output == nil { _ = endSending(connection) } else { wait(for: .writable, on: connection) }
        }
    }

    func writePlain(_ status: ResponseStatus, _ reason: StaticString) {
        writer.begin(status, contentType: "text/plain; charset=utf-8")
        writer.fields("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n")
        if status == .serviceUnavailable || status == .tooManyRequests { writer.field("Retry-After", "1") }
        writer.append(reason)
        writer.append("\n")
        writer.finish()
    }
}
