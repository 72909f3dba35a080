// The audit trail's way to a syslog server, on a thread of its own: whatever the server does, the loop does not notice.
public import Kernel
public import TLS

/// Sends lines to a syslog server, one after the other, and connects again when it has to.
public final class SyslogSink: Sendable {
    private let threads: SenderThreads

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - client: whose certificates are believed; nil is for transports without TLS.
    ///   - report: told when the server cannot be reached or messages are dropped, and when that is over.
    public init(_ settings: SyslogSettings, client: TLSClient?, report: @escaping OutboundReport) throws(Errno) {
        let threads = try SenderThreads(queueBytes: settings.queueBytes, report: report)
        self.threads = threads
        try threads.start(1, named: "onetime-syslog") {
            var delivery = SyslogDelivery(settings, client: client, threads)
            delivery.run()
        }
    }

    /// What it is called in the audit trail.
    public var name: StaticString { "syslog" }

    /// Queues as many of several lines as there is room for, each of up to 8 KiB with its line feed. Returns how many bytes these are. Never
    /// waits for more than a copy.
    ///
    /// What waits never goes for what is newer: of a chain, only what a line behind it tells of may be missing.
    public func take(_ lines: Span<UInt8>) -> Int { threads.offer(lines) }

    /// Counts lines that nobody goes on offering.
    public func missed(_ count: UInt64) { threads.missed(count) }

    /// What came of it so far. A message counts as delivered once it has left this machine and nothing was heard of an end or an error for
    /// a while since.
    public var counts: OutboundCounts { threads.counts }

    /// Sends what waits, for so many milliseconds at most.
    public func stop(within milliseconds: UInt64) {
        threads.stop(until: BootClock.milliseconds() + milliseconds)
    }
}
