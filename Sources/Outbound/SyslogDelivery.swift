// What the thread does that sends to a syslog server: connect, send, and find out whether anybody takes it.
internal import Kernel
internal import TLS

/// Takes lines from a queue and sends them, until closing begins and none is left. Belongs to its thread.
///
/// RFC 6587 and RFC 5425 know no acknowledgement, and a kernel takes bytes for a receiver that has hung up already. So what went counts as
/// delivered only when its connection has lasted for a while since; what went shortly before a connection ended goes once more by the
/// next one, and may come twice.
struct SyslogDelivery: ~Copyable {
    /// How much of what went is kept, in bytes of lines. All that a kernel holds for TCP at ``sendBuffer`` is less.
    private static let keptBytes = 512 << 10
    /// What the kernel is asked to hold of what was sent; it takes that twice.
    private static let sendBuffer: Int32 = 128 << 10
    /// For how long it is looked before the first line whether a TLS server has refused the connection, in milliseconds: in TLS 1.3 it
    /// says so after a client's handshake is done. One that has not sends its tickets then, which ends the waiting.
    private static let look: UInt64 = 250
    /// How long a receiver has to close, or to refuse, at the end, in milliseconds.
    private static let farewell: UInt64 = 250

    private let settings: SyslogSettings
    private let client: TLSClient?
    private let threads: SenderThreads
    private var backoff: Backoff
    private var framing = SyslogBatch.Framing.counted
    private var channel: Channel?
    /// Whether lines arrived by this connection, as far as can be told.
    private var isProven = false
    private var batch: SyslogBatch
    private var unsure: UnsureLines
    /// Whether a connection ended since closing began.
    private var hasEndedAtEnd = false

    init(_ settings: SyslogSettings, client: TLSClient?, _ threads: SenderThreads) {
        self.settings = settings
        self.client = client
        self.threads = threads
        backoff = Backoff(first: settings.firstPause, longest: 30_000)
        batch = SyslogBatch(SyslogMessage(settings))
        unsure = UnsureLines(capacity: Self.keptBytes, period: settings.proof)
    }

    mutating func run() {
        while true {
            repeat {
                do throws(OutboundFault) {
                    if !batch.isEmpty { try sendAll() }
                    try review()
                } catch {
                    recover(from: error)
                }
            } while !batch.isEmpty
            let (threads, due) = (threads, unsure.due)
            guard batch.refill({ threads.next(SyslogBatch.enough, until: due, into: &$0) }) else {
                if finish() { return }
                continue
            }
        }
    }

    private mutating func sendAll() throws(OutboundFault) {
        if channel == nil {
            channel = try connect()
            isProven = false
        } else if framing != .datagram {
            try channel?.check()
        }
        batch.frame(framing)
        while !batch.hasGone { try sendSome() }
    }

    /// Sends messages until one of them went whole: so each of them has its time, and many take one call.
    private mutating func sendSome() throws(OutboundFault) {
        let limit = BootClock.milliseconds() + settings.timeout
        let start = batch.place
        while batch.place == start { try Self.send(of: &batch, framing, &channel, until: limit) }
        let count = Self.keep(&unsure, batch, from: start)
        if count > 0 { threads.delivered(count, isProof: false) }
    }

    private static func send(
        of batch: inout SyslogBatch, _ framing: SyslogBatch.Framing, _ channel: inout Channel?, until limit: UInt64
    ) throws(OutboundFault) {
        guard framing == .datagram else {
            batch.went(bytes: try channel?.sendSome(batch.rest, until: limit) ?? 0)
            return
        }
        let (wire, ends) = (batch.wire, batch.ends)
        let count = try channel?.send(datagrams: wire.span, endingAt: ends.span, from: batch.first, until: limit)
        batch.went(messages: count ?? 0)
    }

    private static func keep(_ unsure: inout UnsureLines, _ batch: borrowing SyslogBatch, from start: Int) -> Int {
        unsure.add(batch.gone(from: start), at: BootClock.milliseconds())
    }

    /// Looks, when it is time, what has become of what went.
    private mutating func review() throws(OutboundFault) {
        let now = BootClock.milliseconds()
        guard now >= unsure.due else { return }
        try channel?.check()
        let (count, isProof) = unsure.settle(keeping: unacknowledged, at: now)
        if isProof {
            isProven = true
            backoff.reset()
        }
        threads.delivered(count, isProof: isProof)
    }

    /// How many of the last bytes that went the kernel still has, at most. A datagram is gone once it is sent.
    private var unacknowledged: Int {
        guard framing != .datagram else { return 0 }
        switch channel {
        case .some(let channel): return channel.unacknowledged
        case .none: return 0
        }
    }

    /// Gives up the connection, has what may have been lost with it go once more, and waits for a while where nothing tells that the next
    /// connection will be better.
    private mutating func recover(from fault: OutboundFault) {
        let closing = threads.closing
        if fault == .unreachable(.messageTooLarge) { return threads.gaveUp(batch.giveUp(all: false)) }
        let wasConnected = channel != nil
        if fault == .timedOut, wasConnected {
            // It is there, and reads what its kernel has taken once it goes on; what ours has yet must not come to it besides.
            threads.delivered(unsure.settleAll(keeping: unacknowledged), isProof: false)
            channel?.abort()
        }
        // One that was idle for long may have ended for that.
        let isLoss = !unsure.isEmpty || !isProven || !wasConnected || fault == .timedOut
        channel = nil
        if !unsure.isEmpty { batch.putBack { unsure.takeAll(into: &$0) } }
        if isLoss { threads.failing(fault) }
        if closing.isOver || closing.hasBegun && (!wasConnected || hasEndedAtEnd) {
            threads.gaveUp(batch.giveUp(all: true))
        } else if isLoss {
            closing.pause(until: BootClock.milliseconds() + backoff.pause())
        }
        hasEndedAtEnd = closing.hasBegun
    }

    /// Ends the connection once nothing waits any more. Returns whether that was all: false where what went has to go once more.
    private mutating func finish() -> Bool {
        guard channel != nil else { return true }
        let end = channel?.finish(patience: Self.farewell) ?? .broken
        if end == .broken {
            recover(from: .closed)
            return batch.isEmpty
        }
        let count = unsure.settleAll(keeping: end == .late ? unacknowledged : 0)
        // Who took nothing before has not shown that he does now.
        if threads.isFailing { threads.gaveUp(count) } else { threads.delivered(count, isProof: false) }
        threads.gaveUp(unsure.settleAll())
        return true
    }

    private mutating func connect() throws(OutboundFault) -> Channel {
        let closing = threads.closing
        let limit = BootClock.milliseconds() + settings.timeout
        switch settings.transport {
        case .udp(let endpoint):
            framing = .datagram
            let addresses = try settings.resolver.addresses(of: endpoint, until: limit, closing)
            return try Channel.open(addresses, .anyHost, .datagram, until: limit, closing)
        case .tcp(let endpoint), .tls(let endpoint):
            framing = .counted
            let addresses = try settings.resolver.addresses(of: endpoint, until: limit, closing)
            var channel = try Channel.open(addresses, .anyHost, .stream, until: limit, closing)
            channel.limitSendBuffer(to: Self.sendBuffer)
            if case .tls = settings.transport {
                guard let client else { throw .libraryFailure }
                try channel.secure(client, endpoint, until: limit)
                try channel.check(waitingUntil: min(limit, BootClock.milliseconds() + Self.look))
            }
            return channel
        case .path(let path):
            do throws(OutboundFault) {
                framing = .datagram
                return try Channel.open(path: path, .datagram, closing)
            } catch {
                guard error == .unreachable(.wrongKind) else { throw error }
                framing = .lines
                return try Channel.open(path: path, .stream, closing)
            }
        }
    }
}
