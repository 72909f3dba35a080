// What the process asks of the kernel about itself: limits, threads, its end.
internal import CLinux
internal import Glibc

/// Limits and threads of this process.
public enum Process {
    /// Raises the number of file descriptors that may be open to the hard limit, and returns it.
    public static func raiseOpenFileLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        return limit.rlim_cur > UInt(Int32.max) ? Int(Int32.max) : Int(limit.rlim_cur)
    }

    /// The number by which the kernel knows this process.
    public static var identity: Int32 { getpid() }

    /// Makes a write to a pipe or socket that nobody reads, or to a file that may not grow, an error instead of the end of the process.
    public static func ignoreFailedWrites() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Ends the process at once, without running what is registered for its end.
    public static func exit(_ status: Int32) -> Never {
        _exit(status)
    }

    /// Whether the calling thread is the one with this identity.
    public static func isCurrentThread(_ identity: UInt) -> Bool {
        currentThread() == identity
    }

    /// An identity of the calling thread, valid for as long as it runs.
    public static func currentThread() -> UInt {
        UInt(pthread_self())
    }

    /// Starts a thread that runs the closure to its end, with all signals blocked.
    ///
    /// - Parameter name: at most 15 bytes; debuggers and `ps` show it.
    public static func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let box = ThreadBody(body)
        let context = unsafe Unmanaged.passRetained(box).toOpaque()
        let error = unsafe onetime_thread_start(
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
            }, context, 256 * 1024, name)
        if error != 0 {
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).release()
            throw Errno(rawValue: error)
        }
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}
