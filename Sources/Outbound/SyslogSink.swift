// The audit trail's way to a syslog server, on a thread of its own: whatever the server does, the loop does not notice.
public import Kernel
public import TLS

/// Sends lines to a syslog server, one after the other, and connects again when it has to.
public final class SyslogSink: Sendable {
    private let settings: SyslogSettings
    private let client: TLSClient?
    private let form: SyslogMessage
    private let threads: SenderThreads

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - client: whose certificates are believed; nil is for transports without TLS.
    ///   - report: told when the server cannot be reached or messages are dropped, and when that is over.
    public init(_ settings: SyslogSettings, client: TLSClient?, report: @escaping OutboundReport) throws(Errno) {
        self.settings = settings
        self.client = client
        form = SyslogMessage(settings)
        threads = try SenderThreads(queueBytes: settings.queueBytes, report: report)
        try threads.start(1, named: "onetime-syslog") { self.run() }
    }

    /// What it is called in the audit trail.
    public var name: StaticString { "syslog" }

    /// Queues lines of up to 8 KiB, each with its line feed, as the audit trail hands them on. Always true: it never asks for them
    /// again.
    ///
    /// Never waits for more than a copy; when the queue is full the oldest lines go, and are counted.
    public func write(_ lines: Span<UInt8>) -> Bool {
        _ = threads.take(lines)
        return true
    }

    /// What came of it so far. A datagram counts as delivered once it is sent, and a message of a stream once the kernel has it.
    public var counts: OutboundCounts { threads.counts }

    /// Sends what waits, for so many milliseconds at most.
    public func stop(within milliseconds: UInt64) {
        threads.stop(until: BootClock.milliseconds() + milliseconds)
    }

    private func run() {
        let closing = threads.closing
        var backoff = Backoff(first: settings.firstPause, longest: 30_000)
        var framing = SyslogBatch.Framing.counted
        var channel: Channel?
        var batch = SyslogBatch(form)
        while batch.refill({ threads.next(SyslogBatch.enough, into: &$0) }) {
            while !batch.isEmpty {
                do throws(OutboundFault) {
                    if channel == nil {
                        channel = try connect(&framing)
                    } else if framing != .datagram, channel?.isOpen() == false {
                        throw .closed
                    }
                    batch.frame(framing)
                    while !batch.hasGone {
                        try sendSome(of: &batch, framing, &channel)
                        backoff.reset()
                    }
                } catch {
                    // A connection that has ended is made anew at once; one that cannot be made, after a while.
                    let wasConnected = channel != nil
                    channel = nil
                    if error != .closed || !wasConnected { threads.failing(error) }
                    if closing.isOver || closing.hasBegun && !wasConnected {
                        threads.gaveUp(batch.giveUp(all: true))
                    } else if error == .unreachable(.messageTooLarge) {
                        threads.gaveUp(batch.giveUp(all: false))
                    } else if error != .closed || !wasConnected {
                        closing.pause(until: BootClock.milliseconds() + backoff.pause())
                    }
                }
            }
        }
        channel?.finish()
    }

    /// Sends messages until one of them went whole: so each of them has its time, and many take one call.
    private func sendSome(
        of batch: inout SyslogBatch, _ framing: SyslogBatch.Framing, _ channel: inout Channel?
    ) throws(OutboundFault) {
        let limit = BootClock.milliseconds() + settings.timeout
        var count = 0
        while count == 0 {
            if framing == .datagram {
                let (wire, ends) = (batch.wire, batch.ends)
                count =
                    try channel?.send(
                        datagrams: wire.span, endingAt: ends.span, from: batch.first, until: limit) ?? 0
                batch.went(messages: count)
            } else {
                count = batch.went(bytes: try channel?.sendSome(batch.rest, until: limit) ?? 0)
            }
        }
        threads.delivered(count)
    }

    private func connect(_ framing: inout SyslogBatch.Framing) throws(OutboundFault) -> Channel {
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
            if case .tls = settings.transport {
                guard let client else { throw .libraryFailure }
                try channel.secure(client, endpoint, until: limit)
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
