// The threads of a sender: started together, waited for at the end, and counting together.
internal import Kernel
internal import Synchronization

/// A queue, the threads that empty it, and what came of it.
final class SenderThreads: Sendable {
    private struct Tally {
        var counts = OutboundCounts()
        var isFailing = false
        var running = 0
    }

    let closing: Closing
    private let queue: LineQueue
    private let report: OutboundReport
    /// Whether anybody is told anything: nothing follows the end.
    private let isHeard = Mutex(true)
    private let tally = Mutex(Tally())
    private let ended: WakeUp

    init(queueBytes: Int, report: @escaping OutboundReport) throws(Errno) {
        closing = try Closing()
        queue = try LineQueue(bytes: queueBytes, closing: closing)
        ended = try WakeUp()
        self.report = report
    }

    /// Starts threads that each run the body to its end.
    func start(_ count: Int, named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        for _ in 0..<count {
            tally.withLock { $0.running += 1 }
            do throws(Errno) {
                try Process.startThread(named: name) {
                    body()
                    self.tally.withLock { $0.running -= 1 }
                    self.ended.ring()
                }
            } catch {
                tally.withLock { $0.running -= 1 }
                throw error
            }
        }
    }

    /// How long threads may take to notice that their time is up, in milliseconds.
    private static let notice: UInt64 = 100

    /// Has the threads send what they can until a moment, and waits until they are done, or little longer than that moment.
    func stop(until milliseconds: UInt64) {
        closing.begin(until: milliseconds)
        defer { isHeard.withLock { $0 = false } }
        while tally.withLock({ $0.running }) > 0 {
            let now = BootClock.milliseconds()
            guard now < milliseconds + Self.notice else { return }
            _ = ended.wait(for: -1, .readable, milliseconds: Int32(clamping: milliseconds + Self.notice - now))
            ended.acknowledge()
        }
    }

    var counts: OutboundCounts {
        var counts = tally.withLock { $0.counts }
        (counts.dropped, counts.queuedBytes) = queue.counts
        return counts
    }

    /// Queues lines, as ``LineQueue/append(_:overflows:)`` has them. False where some could not be taken.
    func take(_ lines: Span<UInt8>) -> Bool {
        queue.append(lines) { tell(.overflows) }
    }

    /// Queues as many of several lines as there is room for, as ``LineQueue/offer(_:)`` has it.
    func offer(_ lines: Span<UInt8>) -> Int { queue.offer(lines) }

    /// Counts lines that there was no room for.
    func missed(_ count: UInt64) { queue.missed(count) { tell(.overflows) } }

    /// Messages arrived.
    ///
    /// - Parameter isProof: whether that is sure enough to say that it goes well again.
    func delivered(_ count: Int = 1, isProof: Bool = true) {
        let isNews = tally.withLock { tally in
            tally.counts.delivered += UInt64(count)
            guard isProof else { return false }
            defer { tally.isFailing = false }
            return tally.isFailing
        }
        if isNews { tell(.works) }
        tellLosses()
    }

    /// The next line, or as many as have so many bytes, or none at a moment, as ``LineQueue/next(_:until:into:idle:)`` has them.
    func next(_ most: Int? = nil, until moment: UInt64 = .max, into bytes: inout [UInt8]) -> Bool {
        queue.next(most, until: moment, into: &bytes) { tellLosses() }
    }

    /// Whether something went wrong, and nothing went well since.
    var isFailing: Bool { tally.withLock { $0.isFailing } }

    private func tell(_ news: OutboundNews) {
        isHeard.withLock { if $0 { report(news) } }
    }

    /// Says that all arrives again, if it does.
    private func tellLosses() {
        guard !isFailing, let dropped = queue.takeLosses() else { return }
        tell(.keepsUp(dropped: dropped))
    }

    /// The receiver wants no more.
    func isUnwanted() { tell(.isUnwanted) }

    /// Something went wrong. Said once, until something goes well.
    func failing(_ fault: OutboundFault) {
        let isNews = tally.withLock { tally in
            defer { tally.isFailing = true }
            return !tally.isFailing
        }
        if isNews { tell(.fails(fault)) }
    }

    /// Messages were given up.
    func gaveUp(_ count: Int = 1) {
        tally.withLock { $0.counts.failed += UInt64(count) }
    }
}
