// Reading when memory is short: a request is looked at in the kernel's buffer and taken from there once it can be served.
internal import HTTPWire
internal import Kernel
internal import SecureMemory

extension Server {
    /// The largest request that is left with the kernel until it is whole, in bytes: any receive buffer holds as much.
    private static var wholeRequestLimit: Int { 32 * 1024 }

    /// What is to be done with a request that was looked at.
    private enum Verdict {
        /// Not enough of it has come.
        case incomplete
        /// So many bytes of it can be taken, which begin with a head of `headEnd` bytes.
        case takeable(count: Int, headEnd: Int)
    }

    /// Looks at what came and takes it only if it can be served.
    ///
    /// - Parameter hasEnded: nothing more will come.
    func receiveFrugally(
        _ connection: Peer, into input: inout SecureBytes, hasEnded: Bool, _ isolation: isolated Handler.Isolation
    ) {
        unpack(connection, into: &input)
        let kept = input.count
        var room = input.freeSpan
        do throws(Errno) {
            guard let count = try connection.socket.peek(into: &room) else {
                pack(connection, &input)
                return
            }
            input.commit(count)
            if count == 0 { connection.peerFinished = true }
        } catch {
            return close(connection)
        }
        // The end of the stream, behind what was kept.
        guard input.count > kept else { return answer(connection, &input, isolation) }
        if connection.began == 0 { noteFirstByte(connection) }
        do throws(RequestFault) {
            switch try judge(connection, input) {
            case .incomplete where hasEnded:
                refuse(connection, .incompleteHead)
            case .incomplete:
                leaveWithKernel(connection, &input, kept)
            case .takeable(let count, let headEnd):
                try take(connection, &input, count, headEnd, kept, isolation)
            }
        } catch {
            refuse(connection, error)
        }
    }

    private func judge(_ connection: Peer, _ input: borrowing SecureBytes) throws(RequestFault) -> Verdict {
        var scanner = connection.scanner
        guard let headEnd = try scanner.scan(input.span) else {
            connection.scanner = scanner
            setDeadline(connection, connection.began + limits.headTimeout)
            return .incomplete
        }
        let head = try RequestHead.parse(
            input.span.extracting(scanner.leadingBytes..<headEnd), limits: limits.head)
        guard case .length(let length) = head.framing, !head.expectsContinue, length <= UInt64(Self.wholeRequestLimit)
        else { return .takeable(count: headEnd, headEnd: headEnd) }
        let count = headEnd + Int(length)
        if count <= input.count { return .takeable(count: count, headEnd: headEnd) }
        guard count <= Self.wholeRequestLimit else { return .takeable(count: headEnd, headEnd: headEnd) }
        let earned = UInt64(input.count - headEnd) * 1000 / limits.bodyRate
        setDeadline(connection, connection.began + limits.bodyTimeout + earned)
        return .incomplete
    }

    /// Whether a request that there is no memory for now is so small that it can be served from the reserve once the rest of it is
    /// there.
    func isSoonWhole(_ connection: Peer, _ input: borrowing SecureBytes) throws(RequestFault) -> Bool {
        let head = try RequestHead.parse(
            input.span.extracting(connection.scanner.leadingBytes..<connection.headEnd), limits: limits.head)
        guard case .length(let length) = head.framing, !head.expectsContinue, length <= UInt64(Self.wholeRequestLimit)
        else { return false }
        let count = connection.headEnd + Int(length)
        return count <= Self.wholeRequestLimit && count > input.count
    }

    /// Waits for the rest of a small request, of which only the head was needed so far.
    func awaitRest(_ connection: Peer) {
        connection.scanner = HeadScanner(limits: limits.head)
        connection.headEnd = 0
        setDeadline(connection, connection.began + limits.bodyTimeout)
    }

    /// Leaves what was looked at where it is, until more comes.
    private func leaveWithKernel(_ connection: Peer, _ input: inout SecureBytes, _ kept: Int) {
        input.truncate(to: kept)
        pack(connection, &input)
        wait(for: [.readable, .peerFinished, .edge], on: connection)
    }

    private func take(
        _ connection: Peer, _ input: inout SecureBytes, _ count: Int, _ headEnd: Int, _ kept: Int,
        _ isolation: isolated Handler.Isolation
    ) throws(RequestFault) {
        input.truncate(to: count)
        let scanner = connection.scanner
        _ = try connection.scanner.scan(input.span)
        connection.headEnd = headEnd
        guard try begin(connection, input, isolation) else {
            connection.scanner = scanner
            connection.headEnd = 0
            input.truncate(to: kept)
            pack(connection, &input)
            return park(connection)
        }
        guard isOpen(connection), connection.phase != .lingering else { return }
        guard consume(connection, &input, count - kept) else {
            writer.wipeOutput()
            return close(connection)
        }
        answer(connection, &input, isolation)
    }

    /// Takes bytes that were looked at out of the kernel's buffer.
    private func consume(_ connection: Peer, _ input: inout SecureBytes, _ count: Int) -> Bool {
        let before = input.count
        var left = count
        while left > 0 {
            var room = input.freeSpan
            var target = room._mutatingExtracting(first: min(left, room.count))
            guard let received = try? connection.socket.receive(into: &target), received > 0 else { return false }
            input.commit(received)
            meter.received &+= UInt64(received)
            input.truncate(to: before)
            left -= received
        }
        return true
    }
}
