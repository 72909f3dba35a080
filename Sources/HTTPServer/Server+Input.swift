// From bytes that came to requests that are answered.
internal import HTTPWire
internal import Kernel
internal import SecureMemory

extension Server {
    /// Receives what is there, in the loop's own buffer, and answers what is complete. Only what is left over goes into a
    /// block of the connection's own.
    ///
    /// - Parameter hasEnded: nothing more will come than is there.
    func readable(_ connection: Peer, hasEnded: Bool = false, _ isolation: isolated Handler.Isolation) {
        guard isReadyToRead(connection) else { return }
        if mustWaitUnread(connection) { return park(connection) }
        guard var input = scratch.take() else { return }
        if connection.phase == .head && isFrugal && connection.session == nil {
            receiveFrugally(connection, into: &input, hasEnded: hasEnded, isolation)
        } else {
            receive(connection, into: &input, isolation)
        }
        putBack(input)
        if isOpen(connection) { queueIfHoldingMore(connection) }
    }

    private func putBack(_ input: consuming SecureBytes) {
        input.wipe()
        scratch = consume input
    }

    private func receive(
        _ connection: Peer, into input: inout SecureBytes, _ isolation: isolated Handler.Isolation
    ) {
        if connection.phase == .lingering {
            var room = input.freeSpan
            // Nil is nothing to read right now; a broken connection is as good as an ended one.
            let received = (try? connection.socket.receive(into: &room)) ?? nil
            input.commit(received ?? 0)
            meter.received &+= UInt64(received ?? 0)
            if received == 0 { close(connection) }
            return
        }
        guard connection.phase == .head || connection.phase == .body else { return }
        unpack(connection, into: &input)
        var free = input.freeSpan
        var room = free._mutatingExtracting(first: min(free.count, bodyWindow(connection)))
        do throws(Errno) {
            guard let count = try connection.receive(into: &room) else {
                if connection.receivesWhenWritable { wait(for: .writable, on: connection) }
                pack(connection, &input)
                return
            }
            input.commit(count)
            meter.received &+= UInt64(count)
            if count == 0 { connection.peerFinished = true }
        } catch {
            return close(connection)
        }
        answer(connection, &input, isolation)
    }

    /// How many bytes of a body are read at once: with what its handler has not sealed yet, no more than 64 KiB of a request are in
    /// the clear. When memory is short, nothing is read that may lie behind it.
    private func bodyWindow(_ connection: Peer) -> Int {
        guard connection.phase == .body else { return .max }
        guard isFrugal, case .length(let decoder) = connection.decoder else { return 48 * 1024 }
        return min(Int(clamping: decoder.remaining), 48 * 1024)
    }

    /// Goes on with what a connection kept, after an answer that had to wait.
    func goOn(_ connection: Peer, _ isolation: isolated Handler.Isolation) {
        guard var input = scratch.take() else { return }
        unpack(connection, into: &input)
        answer(connection, &input, isolation)
        putBack(input)
    }

    func answer(
        _ connection: Peer, _ input: inout SecureBytes, _ isolation: isolated Handler.Isolation
    ) {
        while true {
            process(connection, &input, isolation)
            let requestEnd = connection.rawStart
            let wasStreaming = connection.phase == .streaming
            guard flush(connection, isLast: !wasStreaming, isolation) else { return }
            guard wasStreaming, connection.phase == .head, connection.output == nil else {
                if wasStreaming, connection.phase == .head { input.removeFirst(requestEnd) }
                break
            }
            // It went out to its last part; the next request may lie behind it.
            input.removeFirst(requestEnd)
        }
        switch connection.phase {
        case .closing, .lingering:
            return
        case .head where connection.place.isWaiting:
            pack(connection, &input)
        case .head where connection.peerFinished && connection.output == nil:
            // A request that will never be complete, or none at all.
            if input.isEmpty { close(connection) } else { refuse(connection, .incompleteHead) }
        case .body where connection.peerFinished:
            handler.turnedAway(RequestOrigin(connection.peer.host), for: .malformed)
            refuse(connection, status: .badRequest, reason: "The body ended before its announced length.")
        default:
            pack(connection, &input)
        }
    }

    /// Takes what the connection kept into the loop's buffer.
    func unpack(_ connection: Peer, into input: inout SecureBytes) {
        guard var kept = connection.input.take() else { return }
        Self.append(kept, to: &input)
        guard connection.phase == .body else { return }
        // It was promised to the request, which could not go on without it.
        kept.wipe()
        connection.input = consume kept
    }

    /// On its own, because what is both unwrapped and looked into lands on the heap.
    private static func append(_ kept: borrowing SecureBytes, to input: inout SecureBytes) {
        input.append(kept.span)
    }

    /// Keeps what is not consumed: the request under way without the body that was, and what follows it.
    func pack(_ connection: Peer, _ input: inout SecureBytes) {
        if connection.phase == .streaming || connection.phase == .dormant {
            // The request is not needed any more.
            input.removeFirst(connection.rawStart)
            connection.rawStart = 0
            // Memory for what comes first is not kept from others for as long as a long answer takes.
            if !input.isEmpty, connection.phase == .dormant || inputs.freeBytes < inputs.capacity / 2 {
                connection.input = nil
                return dropInput(connection)
            }
        } else if connection.phase != .head {
            input.removeSubrange(connection.bodyEnd, connection.rawStart - connection.bodyEnd)
            input.removeSubrange(connection.headEnd, connection.bodyStart - connection.headEnd)
            let undelivered = connection.bodyEnd - connection.bodyStart
            connection.bodyStart = connection.headEnd
            connection.bodyEnd = connection.headEnd + undelivered
            connection.rawStart = connection.bodyEnd
        }
        var promised = connection.input.take()
        guard !input.isEmpty else { return }
        if keep(input, for: connection, in: &promised) { return }
        guard connection.phase == .waiting else { return dropInput(connection) }
        // What follows the request is given up, not the request.
        input.truncate(to: connection.rawStart)
        connection.leavesRequestUnread = true
        if !keep(input, for: connection, in: &promised) { dropInput(connection) }
    }

    /// Keeps the input in the block that was promised, else in a new one, else in the spare.
    private func keep(
        _ input: borrowing SecureBytes, for connection: Peer, in promised: inout SecureBytes?
    ) -> Bool {
        var block = promised.take()
        if let room = block?.capacity, room < input.count {
            promised = block.take()
        }
        if block == nil { block = inputs.allocate(input.count) }
        if block == nil { block = spare.take() }
        guard var kept = block else { return false }
        kept.append(input.span)
        connection.input = consume kept
        // What is kept may be half a head with a token, or of a body, and it was copied, or decrypted, after the last scrub.
        scrubRegistersAndStack()
        return true
    }

    /// There is no memory for what came, which happens only where requests follow one whose length could not be known. An answer
    /// under way is not given up for it.
    private func dropInput(_ connection: Peer) {
        switch connection.phase {
        case .streaming, .dormant:
            // The request is not needed any more; whatever follows it is not served.
            connection.form.keepsAlive = false
            connection.leavesRequestUnread = true
        case .head where connection.output != nil:
            connection.phase = .closing
            connection.leavesRequestUnread = true
        case .waiting where connection.output != nil:
            close(connection)
        case .waiting:
            if let exchange = connection.exchange.take() { abandoned.append(exchange) }
            fallthrough
        default:
            refuse(connection, status: .serviceUnavailable, reason: "The server has no memory left for this request.")
        }
    }

    /// Answers every request that is complete, in order, as far as answers are not held up.
    private func process(
        _ connection: Peer, _ input: inout SecureBytes, _ isolation: isolated Handler.Isolation
    ) {
        while true {
            switch connection.phase {
            case .head:
                guard !input.isEmpty else { return }
                if connection.began == 0 { noteFirstByte(connection) }
                do throws(RequestFault) {
                    if connection.headEnd == 0 {
                        guard let end = try connection.scanner.scan(input.span) else {
                            setDeadline(connection, connection.began + limits.headTimeout)
                            return
                        }
                        connection.headEnd = end
                    }
                    guard try begin(connection, input, isolation) else {
                        return try isSoonWhole(connection, input) ? awaitRest(connection) : park(connection)
                    }
                } catch {
                    return refuse(connection, error)
                }
            case .body:
                // What an action answers with has to fit the block that it reserves, so it is written alone.
                if connection.head?.method == .post, !writer.output.isEmpty {
                    guard flush(connection, isolation), connection.output == nil else { return }
                }
                do throws(RequestFault) {
                    guard try receiveBody(connection, &input, isolation) else { return }
                } catch {
                    guard error == .bodyTooLarge, connection.exchange != nil else { return refuse(connection, error) }
                    if var exchange = connection.exchange.take() {
                        handler.bodyIsTooLarge(exchange: &exchange, isolation: isolation)
                        connection.exchange = exchange
                    }
                    connection.leavesRequestUnread = true
                }
                leave(connection)
                respond(connection, input, isolation)
                if connection.phase == .closing && input.count > connection.rawStart {
                    connection.leavesRequestUnread = true
                }
                guard connection.phase == .head else { return }
                input.removeFirst(connection.rawStart)
                connection.endRequest()
                // Answers to pipelined requests go out together, as far as there is room for another.
                if writer.output.count > 16 * 1024 {
                    guard flush(connection, isolation), connection.output == nil else { return }
                }
            default:
                return
            }
        }
    }

    /// Begins the request whose head ends at `headEnd`. Returns false when there is no memory for it now.
    func begin(
        _ connection: Peer, _ input: borrowing SecureBytes, _ isolation: isolated Handler.Isolation
    ) throws(RequestFault) -> Bool {
        let headEnd = connection.headEnd
        let headStart = connection.scanner.leadingBytes
        let bytes = input.span.extracting(headStart..<headEnd)
        let head = try RequestHead.parse(bytes, limits: limits.head)
        if connection.isMisdirected {
            redirect(connection, head, bytes)
            return true
        }
        let request = request(connection, head, bytes)
        guard mayAsk(request) else {
            handler.turnedAway(handler.origin(of: request), for: .requests)
            refuse(connection, status: .tooManyRequests, reason: "This address sends too many requests.")
            return true
        }
        let isWhole = isWhole(head, in: input.count - headEnd)
        var plan = BodyPlan(limit: 0)
        guard let exchange = handler.begin(request, isWhole: isWhole, plan: &plan, now: now, isolation: isolation)
        else { return false }
        if !plan.isRefused {
            // What can be done at once takes nothing from anybody.
            guard isWhole || mayHoldMemory(connection) else { return false }
            guard promiseInput(connection, head, isWhole: isWhole) else { return false }
        }
        connection.head = head
        connection.headStart = headStart
        connection.bodyStart = headEnd
        connection.bodyEnd = headEnd
        connection.rawStart = headEnd
        connection.exchange = exchange
        connection.notes.label = plan.label
        if isMeasuring {
            connection.notes.isOwed = true
            connection.notes.origin = handler.origin(of: request)
        }
        connection.phase = .body
        if plan.isRefused {
            connection.leavesRequestUnread = head.hasBody
            connection.decoder = try BodyDecoder(.none, limit: 0)
            return true
        }
        connection.decoder = try BodyDecoder(head.framing, limit: plan.limit)
        guard head.hasBody else { return true }
        connection.began = now.milliseconds
        if !isWhole { join(.holding, connection) }
        setDeadline(connection, now.milliseconds + limits.bodyTimeout)
        if head.expectsContinue && input.count == headEnd { writer.writeContinue() }
        return true
    }

    @_lifetime(copy bytes)
    private func request(_ connection: Peer, _ head: RequestHead, _ bytes: Span<UInt8>) -> Request {
        Request(
            head: head, bytes: bytes, ticket: connection.ticket, peer: connection.peer,
            isSecure: connection.session != nil, isOnMetricsPort: connection.isOnMetricsPort)
    }

    private func isWhole(_ head: RequestHead, in available: Int) -> Bool {
        switch head.framing {
        case .none: true
        case .length(let length): length <= UInt64(available)
        case .chunked: false
        }
    }

    /// Takes a block that holds the head and what a decoder leaves of a body, for a request that will have to be kept. Returns
    /// false when there is none.
    private func promiseInput(_ connection: Peer, _ head: RequestHead, isWhole: Bool) -> Bool {
        let byteCount = connection.headEnd + FieldLimits.minWindowBytes
        if isWhole {
            // It waits for a worker at most, and is what the reserve is for.
            guard isFrugal && head.method == .post else { return true }
            guard let block = inputs.allocate(byteCount) ?? arena.allocate(byteCount) else { return false }
            connection.input = consume block
        } else {
            guard let block = arena.allocate(byteCount, leaving: ServerLimits.requestReserve) else { return false }
            connection.input = consume block
        }
        return true
    }

    /// Decodes and hands over what came of the body. Returns whether that was all of it.
    private func receiveBody(
        _ connection: Peer, _ input: inout SecureBytes, _ isolation: isolated Handler.Isolation
    ) throws(RequestFault) -> Bool {
        guard var decoder = connection.decoder.take(), var exchange = connection.exchange.take() else { return false }
        defer {
            connection.decoder = decoder
            connection.exchange = exchange
        }
        if connection.leavesRequestUnread { return true }
        var bytes = input.mutableSpan
        let before = connection.bodyEnd
        let progress = try decoder.decode(&bytes, bodyEnd: connection.bodyEnd, rawStart: connection.rawStart)
        connection.bodyEnd = progress.bodyEnd
        connection.rawStart = progress.rawStart
        connection.bodyCount += UInt64(progress.bodyEnd - before)
        if connection.bodyEnd > connection.bodyStart { writer.isSensitive = true }
        var body = bytes._mutatingExtracting(connection.bodyStart..<connection.bodyEnd)
        connection.bodyStart += handler.receive(
            &body, isLast: progress.isComplete, exchange: &exchange, isolation: isolation)
        if !progress.isComplete { setDeadline(connection, deadlineOfBody(connection, patience: limits.bodyTimeout)) }
        return progress.isComplete
    }

    private func respond(
        _ connection: Peer, _ input: borrowing SecureBytes, _ isolation: isolated Handler.Isolation
    ) {
        guard let head = connection.head, var exchange = connection.exchange.take() else { return }
        let bytes = input.span.extracting(connection.headStart..<connection.headEnd)
        let request = request(connection, head, bytes)
        prepareWriter(for: connection, keepsAlive: head.keepsAlive && !isDraining && !connection.leavesRequestUnread)
        let outcome = handler.respond(
            request, exchange: &exchange, response: &writer, now: now, isolation: isolation)
        connection.exchange = exchange
        settle(connection, outcome, isolation)
    }

    /// A worker is done with a request.
    func resume(_ ticket: Ticket, _ isolation: isolated Handler.Isolation) {
        let token = UInt64(ticket.generation) << 32 | UInt64(ticket.slot)
        guard let connection = connection(token), connection.phase == .waiting else { return }
        if connection.output != nil {
            // Answers go out in order.
            connection.isResumable = true
            return
        }
        guard let head = connection.head, let exchange = connection.exchange.take(), var input = scratch.take()
        else { return }
        unpack(connection, into: &input)
        resume(connection, head, exchange, &input, isolation)
        putBack(input)
    }

    private func resume(
        _ connection: Peer, _ head: RequestHead, _ exchange: Handler.Exchange, _ input: inout SecureBytes,
        _ isolation: isolated Handler.Isolation
    ) {
        var exchange = exchange
        prepareWriter(for: connection, keepsAlive: head.keepsAlive && !isDraining && !connection.leavesRequestUnread)
        let outcome = resumed(connection, head, &exchange, input, isolation)
        connection.exchange = exchange
        settle(connection, outcome, isolation)
        if connection.phase == .head {
            input.removeFirst(connection.rawStart)
            connection.endRequest()
        }
        answer(connection, &input, isolation)
    }

    private func resumed(
        _ connection: Peer, _ head: RequestHead, _ exchange: inout Handler.Exchange, _ input: borrowing SecureBytes,
        _ isolation: isolated Handler.Isolation
    ) -> Outcome {
        let bytes = input.span.extracting(connection.headStart..<connection.headEnd)
        let request = request(connection, head, bytes)
        return handler.resume(
            request, exchange: &exchange, response: &writer, now: now, isolation: isolation)
    }

    /// Ends what the handler wrote, and decides how the connection goes on.
    private func settle(_ connection: Peer, _ outcome: Outcome, _ isolation: isolated Handler.Isolation) {
        switch outcome {
        case .waiting:
            writer.discard()
            connection.phase = .waiting
            connection.isResumable = false
            setDeadline(connection, now.milliseconds + limits.writeTimeout)
            return
        case .complete:
            connection.reserve = writer.reserve.take()
            writer.finish()
            connection.phase = writer.form.keepsAlive ? .head : .closing
        case .partial:
            connection.reserve = writer.reserve.take()
            writer.finishFirstPart()
            connection.phase = .streaming
            connection.form = writer.form
            connection.hasUnsentPart = false
            connection.sentCount = 0
        case .dormant:
            // Only an answer that was begun can be.
            writer.discard()
            connection.phase = .closing
            return
        }
        if writer.overflowed {
            writer.discard()
            prepareWriter(for: connection, keepsAlive: false)
            writePlain(.internalServerError, "The answer does not fit.")
            connection.phase = .closing
        }
        if isMeasuring {
            connection.notes.status = writer.statusCode
            connection.notes.responseBytes = UInt64(writer.bodyBytes)
            if connection.phase != .streaming { report(connection, isolation) }
        }
        setDeadline(connection, now.milliseconds + limits.idleTimeout)
    }
}
