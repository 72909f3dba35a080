// Work that takes too long for the loop, on a few threads of its own.
internal import Kernel
internal import SecureMemory
internal import Synchronization

/// Names a request that waits for a worker, for as long as its connection lives.
public struct Ticket: Sendable, Equatable {
    let slot: UInt32
    let generation: UInt32
}

/// A few threads with a bounded queue.
public final class WorkerPool: Sendable {
    private struct Job: Sendable {
        let ticket: Ticket
        let work: @Sendable () -> Void
    }

    private struct State {
        var queue: [Job] = []
        var completed: [Ticket] = []
        var running = 0
    }

    private let loop: EventLoop
    private let threads: Int
    private let queueLimit: Int
    private let state = Mutex(State())

    /// A pool without threads: each is started when there is work for it and ends when there is none left.
    ///
    /// - Parameters:
    ///   - threads: how many run at the same time.
    ///   - queueLimit: how many jobs wait at most.
    public init(loop: EventLoop, threads: Int, queueLimit: Int) {
        self.loop = loop
        self.threads = threads
        self.queueLimit = queueLimit
    }

    /// Queues work; the request with the ticket is resumed once it is done.
    ///
    /// - Returns: false, and nothing is queued, when as many jobs wait as may.
    public func submit(_ ticket: Ticket, _ work: @escaping @Sendable () -> Void) -> Bool {
        let job = Job(ticket: ticket, work: work)
        enum Verdict { case refused, queued, startThread }
        let verdict = state.withLock { state -> Verdict in
            guard state.queue.count < queueLimit else { return .refused }
            state.queue.append(job)
            guard state.running < threads else { return .queued }
            state.running += 1
            return .startThread
        }
        switch verdict {
        case .refused: return false
        case .queued: return true
        case .startThread:
            do {
                try Process.startThread(named: "onetime-worker") { self.work() }
            } catch {
                return state.withLock { state in
                    state.running -= 1
                    // Another thread may have it already; only work that nobody will do is refused.
                    guard state.running == 0 else { return true }
                    state.queue.removeAll { $0.ticket == ticket }
                    return false
                }
            }
            return true
        }
    }

    /// The requests whose work is done since the last call.
    func takeCompleted() -> [Ticket] {
        state.withLock { state in
            defer { state.completed = [] }
            return state.completed
        }
    }

    /// Does what is queued, then ends: an idle server has no thread but the loop.
    private func work() {
        while true {
            let job = state.withLock { state -> Job? in
                if state.queue.isEmpty {
                    state.running -= 1
                    return nil
                }
                return state.queue.removeFirst()
            }
            guard let job else { return }
            job.work()
            scrubRegistersAndStack()
            state.withLock { $0.completed.append(job.ticket) }
            loop.wakeUp.ring()
        }
    }
}
