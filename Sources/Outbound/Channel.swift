// One connection to a receiver, in the clear or by TLS. Each step has a moment at which it gives up.
internal import Kernel
internal import TLS

/// A connected socket, with TLS where it is wanted.
struct Channel: ~Copyable {
    private let socket: Socket
    private let kind: Socket.Kind
    private var session: TLSSession?
    private let closing: Closing

    private init(_ socket: consuming Socket, _ kind: Socket.Kind, _ closing: Closing) {
        self.socket = socket
        self.kind = kind
        session = nil
        self.closing = closing
    }

    /// Connects to the first address that answers, among those that the policy allows. What is connected to is exactly what was
    /// looked at: the name is not looked up again.
    static func open(
        _ addresses: [SocketAddress], _ policy: AddressPolicy, _ kind: Socket.Kind, until milliseconds: UInt64,
        _ closing: Closing
    ) throws(OutboundFault) -> Channel {
        var fault = OutboundFault.refusedAddress
        let allowed = addresses.filter(policy.allows)
        for (index, address) in allowed.enumerated() {
            do throws(Errno) {
                let socket = try Socket.connecting(to: address, kind)
                let now = BootClock.milliseconds()
                // One that does not answer leaves time for the others.
                let share = now < milliseconds ? (milliseconds - now) / UInt64(allowed.count - index) : 0
                if closing.wait(for: socket.rawValue, .writable, until: now + share) {
                    if let error = socket.pendingError { throw error }
                    if kind == .stream { socket.sendAtOnce() }
                    return Channel(socket, kind, closing)
                }
                fault = .timedOut
            } catch {
                fault = .unreachable(error)
            }
        }
        throw fault
    }

    /// Connects to a socket of the file system.
    static func open(path: String, _ kind: Socket.Kind, _ closing: Closing) throws(OutboundFault) -> Channel {
        do throws(Errno) {
            return Channel(try Socket.connected(toPath: path, kind), kind, closing)
        } catch {
            throw .unreachable(error)
        }
    }

    /// Goes on by TLS, if the other end proves to be the endpoint.
    mutating func secure(_ client: TLSClient, _ endpoint: Endpoint, until milliseconds: UInt64) throws(OutboundFault) {
        let made: TLSSession?
        if let address = endpoint.address {
            let bytes = address.bytes
            made = client.session(on: socket.rawValue, address: bytes.span.extracting((address.isIPv4 ? 12 : 0)...))
        } else {
            made = client.session(on: socket.rawValue, name: endpoint.plainHost)
        }
        guard var session = made else { throw .libraryFailure }
        while true {
            let step = session.shakeHands()
            switch step {
            case .moved:
                self.session = consume session
                return
            case .wantsToRead, .wantsToWrite: try wait(step, until: milliseconds)
            case .ended: throw .closed
            case .broken:
                if let problem = session.certificateProblem { throw .badCertificate(problem) }
                throw session.alert.map { .refusedTLS(alert: $0) } ?? .noHandshake
            }
        }
    }

    /// Sends all of the bytes.
    mutating func send(_ bytes: Span<UInt8>, until milliseconds: UInt64) throws(OutboundFault) {
        var sent = 0
        while sent < bytes.count {
            sent += try sendSome(bytes.extracting(droppingFirst: sent), until: milliseconds)
        }
    }

    /// Sends as much as there is room for, waiting for some. What was not sent has to follow, if anything does.
    ///
    /// - Returns: how many of the bytes, of which there has to be one.
    mutating func sendSome(_ bytes: Span<UInt8>, until milliseconds: UInt64) throws(OutboundFault) -> Int {
        while true {
            let step = step(sending: bytes)
            switch try step.get() {
            case .moved(let count): return count
            case .wantsToRead: try wait(.wantsToRead, until: milliseconds)
            case .wantsToWrite: try wait(.wantsToWrite, until: milliseconds)
            case .ended, .broken: throw .closed
            }
        }
    }

    /// Sends as many datagrams as there is room for, waiting for one.
    ///
    /// - Parameters:
    ///   - bytes: one datagram behind the other.
    ///   - ends: where each of them ends.
    ///   - first: the number of the first one to send; there has to be one.
    /// - Returns: how many were sent. What is wrong with one is thrown once all before it were.
    mutating func send(
        datagrams bytes: Span<UInt8>, endingAt ends: Span<Int>, from first: Int, until milliseconds: UInt64
    ) throws(OutboundFault) -> Int {
        while true {
            do throws(Errno) {
                if let count = try socket.send(datagrams: bytes, endingAt: ends, from: first) { return count }
            } catch {
                throw .unreachable(error)
            }
            try wait(.wantsToWrite, until: milliseconds)
        }
    }

    /// Receives what there is behind the first bytes, waiting for something. 0 is the end, or that there is no room.
    mutating func receive(
        into bytes: inout [UInt8], from start: Int, until milliseconds: UInt64
    ) throws(OutboundFault) -> Int {
        guard start < bytes.count else { return 0 }
        while true {
            var all = bytes.mutableSpan
            var room = all._mutatingExtracting(droppingFirst: start)
            let step = step(receivingInto: &room)
            switch try step.get() {
            case .moved(let count): return count
            case .ended: return 0
            case .wantsToRead: try wait(.wantsToRead, until: milliseconds)
            case .wantsToWrite: try wait(.wantsToWrite, until: milliseconds)
            case .broken: throw .closed
            }
        }
    }

    /// Throws if the receiver is no longer there, as far as this end knows. What it says is nothing that we want to know.
    ///
    /// - Parameter limit: waits until then for it to say anything, or to end the connection.
    mutating func check(waitingUntil limit: UInt64? = nil) throws(OutboundFault) {
        if let limit, !closing.wait(for: socket.rawValue, .readable, until: limit) { return }
        if kind == .datagram {
            // What the network said of those before (ICMP).
            if let error = socket.pendingError { throw .unreachable(error) }
            return
        }
        var scratch: [256 of UInt8] = .init(repeating: 0)
        for _ in 0..<64 {
            var room = scratch.mutableSpan
            let step = step(receivingInto: &room)
            switch try step.get() {
            case .moved: continue
            case .wantsToRead, .wantsToWrite: return
            case .ended, .broken: throw session?.alert.map { .refusedTLS(alert: $0) } ?? .closed
            }
        }
    }

    /// How many bytes were sent and not acknowledged yet; of a socket of this machine, how much was not read.
    var unacknowledged: Int { socket.unacknowledged }

    /// Has the kernel hold less of what was sent, in bytes, of which it takes twice as many.
    func limitSendBuffer(to bytes: Int32) { socket.limitSendBuffer(to: bytes) }

    /// Has the kernel forget what it did not send yet, and break the connection off.
    func abort() { socket.abortWhenClosed() }

    /// What was seen of a receiver at the end of a connection.
    enum Farewell {
        /// It has everything, and did not break off.
        case complete
        /// It broke off.
        case broken
        /// It does not read, and its time was up.
        case late
    }

    /// Ends the connection, and waits for so many milliseconds for the receiver to end it, too, or until it has taken everything. Not
    /// longer than until the end of ``Closing``.
    mutating func finish(patience: UInt64) -> Farewell {
        do throws(OutboundFault) { try check() } catch { return .broken }
        var limit = BootClock.milliseconds() + patience
        if kind == .datagram {
            let hasNews = closing.wait(for: socket.rawValue, .readable, until: limit)
            return hasNews && socket.pendingError != nil ? .broken : .complete
        }
        finish()
        var scratch: [256 of UInt8] = .init(repeating: 0)
        while true {
            guard closing.wait(for: socket.rawValue, .readable, until: limit) else {
                if socket.pendingError != nil { return .broken }
                if socket.unacknowledged == 0 { return .complete }
                if closing.isOver { return .late }
                limit = BootClock.milliseconds() + patience
                continue
            }
            var room = scratch.mutableSpan
            do throws(Errno) {
                if try socket.receive(into: &room) == 0 { return socket.pendingError == nil ? .complete : .broken }
            } catch {
                return .broken
            }
            if closing.isOver { return .late }
        }
    }

    /// Tells the receiver that nothing more will come.
    mutating func finish() {
        session?.finishSending()
        socket.finishSending()
    }

    private mutating func step(sending bytes: Span<UInt8>) -> Result<TLSSession.Step, OutboundFault> {
        if session != nil { return .success(session?.send(bytes) ?? .broken) }
        do throws(Errno) {
            return .success(try socket.send(bytes).map { .moved($0) } ?? .wantsToWrite)
        } catch {
            return .failure(.unreachable(error))
        }
    }

    private mutating func step(receivingInto bytes: inout MutableSpan<UInt8>) -> Result<TLSSession.Step, OutboundFault>
    {
        if session != nil { return .success(session?.receive(into: &bytes) ?? .broken) }
        do throws(Errno) {
            return .success(try socket.receive(into: &bytes).map { $0 == 0 ? .ended : .moved($0) } ?? .wantsToRead)
        } catch {
            return .failure(.unreachable(error))
        }
    }

    private func wait(_ step: TLSSession.Step, until milliseconds: UInt64) throws(OutboundFault) {
        let readiness: Readiness = step == .wantsToRead ? .readable : .writable
        guard closing.wait(for: socket.rawValue, readiness, until: milliseconds) else { throw .timedOut }
    }
}
