// The loop as an executor: whoever is isolated to it runs on its thread.
public import Kernel
internal import Synchronization

/// The serial executor of the event loop's thread.
///
/// On that thread an actor of this executor is entered by `assumeIsolated`, without a hop. Jobs that other threads enqueue are
/// run at the next turn.
public final class EventLoop: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let thread = Atomic<UInt>(0)
    let wakeUp: WakeUp

    /// An executor whose thread is settled by ``Server/run(isolation:)``.
    public init() throws(Errno) {
        wakeUp = try WakeUp()
    }

    /// Makes the calling thread the loop's.
    public func adoptCurrentThread() {
        thread.store(Process.currentThread(), ordering: .releasing)
    }

    /// Queues a job and wakes the loop.
    public func enqueue(_ job: UnownedJob) {
        let wasEmpty = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if wasEmpty { wakeUp.ring() }
    }

    /// An unowned reference to this executor.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Stops the process when the calling thread is not the loop's.
    public func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the event loop's thread")
    }

    /// Whether the calling thread is the loop's.
    public func isIsolatingCurrentContext() -> Bool? {
        Process.isCurrentThread(thread.load(ordering: .acquiring))
    }

    /// Runs the jobs that were queued before this call.
    func runJobs() {
        let queued = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in queued { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
