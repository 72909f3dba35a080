// The audit trail's way to a syslog server, on a thread of its own: whatever the server does, the loop does not notice.
public import Kernel
public import TLS

/// Sends lines to a syslog server, one after the other, and connects again when it has to.
public final class SyslogSink: Sendable {
    private let settings: SyslogSettings
    private let client: TLSClient?
    private let form: SyslogMessage
    private let threads: SenderThreads

    /// How messages are told from each other on the way.
    private enum Framing { case datagram, counted, lines }

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
        LineQueue.forEach(lines) { _ = threads.take($0) }
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
        var framing = Framing.counted
        var channel: Channel?
        var line: [UInt8] = []
        var message: [UInt8] = []
        var wire: [UInt8] = []
        while threads.next(into: &line) {
            message.removeAll(keepingCapacity: true)
            form.write(line.span, into: &message)
            while true {
                do throws(OutboundFault) {
                    if channel == nil {
                        channel = try connect(&framing)
                        frame(message, framing, into: &wire)
                    } else if framing != .datagram, channel?.isOpen() == false {
                        throw .closed
                    } else {
                        frame(message, framing, into: &wire)
                    }
                    try channel?.send(wire.span, until: BootClock.milliseconds() + settings.timeout)
                    backoff.reset()
                    threads.delivered()
                    break
                } catch {
                    // A connection that has ended is made anew at once; one that cannot be made, after a while.
                    let wasConnected = channel != nil
                    channel = nil
                    if error != .closed || !wasConnected { threads.failing(error) }
                    let isHopeless = error == .unreachable(.messageTooLarge) || closing.hasBegun && !wasConnected
                    guard !isHopeless, !closing.isOver else {
                        threads.gaveUp()
                        break
                    }
                    if error != .closed || !wasConnected {
                        closing.pause(until: BootClock.milliseconds() + backoff.pause())
                    }
                }
            }
        }
        channel?.finish()
    }

    private func connect(_ framing: inout Framing) throws(OutboundFault) -> Channel {
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

    private func frame(_ message: [UInt8], _ framing: Framing, into wire: inout [UInt8]) {
        wire.removeAll(keepingCapacity: true)
        if framing == .counted { wire += "\(message.count) ".utf8 }
        wire += message
        if framing == .lines { wire.append(0x0a) }
    }
}
