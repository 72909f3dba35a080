// Readiness of descriptors (epoll), and the descriptors that make other things readable: wake-ups, timers, signals.
internal import CLinux
internal import Glibc

/// What a descriptor is ready for, or is waited for.
public struct Readiness: OptionSet, Sendable {
    /// The kernel's bits.
    public let rawValue: UInt32

    /// A set from the kernel's bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the end of the stream.
    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    /// There is room to write.
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer will send no more.
    public static let peerFinished = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Reported once when something comes, and not again until more does.
    public static let edge = Readiness(rawValue: EPOLLET.rawValue)
    /// The connection is gone or broken; the kernel reports this unasked.
    public static let broken = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
}

/// A level-triggered readiness queue. The corresponding C functions are `epoll_create1`, `epoll_ctl` and `epoll_wait`.
@safe
public struct EventQueue: ~Copyable {
    private let descriptor: FileDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// A queue that reports at most so many descriptors a turn.
    public init(eventsPerTurn: Int = 512) throws(Errno) {
        let raw = try SystemCalls.retrying { Int(epoll_create1(Int32(EPOLL_CLOEXEC))) }
        descriptor = FileDescriptor(owning: Int32(raw))
        // The kernel fills this buffer; an Array would be copied or checked for uniqueness on each turn.
        unsafe events = .allocate(capacity: eventsPerTurn)
    }

    deinit {
        unsafe events.deallocate()
    }

    /// Waits for a descriptor; what it becomes ready for is reported with the token.
    public func add(_ rawValue: Int32, for readiness: Readiness, token: UInt64) throws(Errno) {
        try control(EPOLL_CTL_ADD, rawValue, readiness, token)
    }

    /// Changes what a descriptor is waited for.
    public func modify(_ rawValue: Int32, for readiness: Readiness, token: UInt64) throws(Errno) {
        try control(EPOLL_CTL_MOD, rawValue, readiness, token)
    }

    /// Waits no longer for a descriptor. One that is closed is gone by itself.
    public func remove(_ rawValue: Int32) {
        epoll_ctl(descriptor.rawValue, EPOLL_CTL_DEL, rawValue, nil)
    }

    /// Waits until something is ready and returns how many descriptors are.
    ///
    /// - Parameter milliseconds: how long to wait at most; 0 only looks, nil waits for as long as it takes.
    public func wait(milliseconds: Int32?) throws(Errno) -> Int {
        let queue = descriptor.rawValue
        return try SystemCalls.retrying { unsafe SystemCalls.wait(queue, events, milliseconds ?? -1) }
    }

    /// The token and readiness at a place below what `wait` returned.
    @inline(__always)
    public func event(at index: Int) -> (token: UInt64, readiness: Readiness) {
        let count = unsafe events.count
        precondition(index >= 0 && index < count)
        let event = unsafe events[index]
        return unsafe (event.data.u64, Readiness(rawValue: event.events))
    }

    private func control(_ operation: Int32, _ target: Int32, _ wanted: Readiness, _ token: UInt64) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = wanted.rawValue
        unsafe event.data.u64 = token
        let queue = descriptor.rawValue
        _ = try SystemCalls.retrying { unsafe Int(epoll_ctl(queue, operation, target, &event)) }
    }
}

/// Wakes a loop from another thread. The corresponding C function is `eventfd`.
public struct WakeUp: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// A wake-up that has not rung.
    public init() throws(Errno) {
        let raw = try SystemCalls.retrying { Int(eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))) }
        descriptor = FileDescriptor(owning: Int32(raw))
    }

    /// The number by which the kernel knows it.
    public var rawValue: Int32 { descriptor.rawValue }

    /// Makes the descriptor readable. Any thread may call this.
    public func ring() {
        eventfd_write(descriptor.rawValue, 1)
    }

    /// Takes the readiness back.
    public func acknowledge() {
        var count: eventfd_t = 0
        unsafe eventfd_read(descriptor.rawValue, &count)
    }
}

/// One alarm on the clock that counts suspended time. The corresponding C function is `timerfd_create`.
public struct Alarm: ~Copyable {
    private let descriptor: FileDescriptor

    /// An alarm that is not set.
    public init() throws(Errno) {
        let raw = try SystemCalls.retrying {
            Int(timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC)))
        }
        descriptor = FileDescriptor(owning: Int32(raw))
    }

    /// The number by which the kernel knows it.
    public var rawValue: Int32 { descriptor.rawValue }

    /// Sets the alarm to a moment of ``BootClock``, in milliseconds; nil takes it back.
    public func set(to milliseconds: UInt64?) throws(Errno) {
        var setting = itimerspec()
        if let milliseconds {
            setting.it_value.tv_sec = Int(milliseconds / 1000)
            // A value of zero would switch the alarm off instead of ringing it at once.
            setting.it_value.tv_nsec = max(Int(milliseconds % 1000) * 1_000_000, 1)
        }
        let timer = descriptor.rawValue
        _ = try SystemCalls.retrying {
            unsafe Int(timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil))
        }
    }

    /// Takes the readiness back.
    public func acknowledge() {
        var count: UInt64 = 0
        unsafe _ = read(descriptor.rawValue, &count, 8)
    }
}

/// Signals as something readable instead of something that interrupts. The corresponding C function is `signalfd`.
public struct SignalQueue: ~Copyable {
    /// A signal that the process acts on.
    public enum Signal: Int32, CaseIterable, Sendable {
        /// Ctrl+C.
        case interrupt = 2
        /// Ctrl+\.
        case quit = 3
        /// The usual request to end.
        case terminate = 15
        /// Free for the program's own use.
        case user1 = 10
        /// Free for the program's own use, too.
        case user2 = 12
        /// The usual request to read files anew.
        case hangup = 1
    }

    private let descriptor: FileDescriptor

    /// Blocks these signals for this thread and all that it starts, and queues them here.
    public init() throws(Errno) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in Signal.allCases { unsafe sigaddset(&set, signal.rawValue) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let kernelSet = set
        let raw = try SystemCalls.retrying {
            unsafe withUnsafePointer(to: kernelSet) {
                unsafe Int(signalfd(-1, $0, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)))
            }
        }
        descriptor = FileDescriptor(owning: Int32(raw))
    }

    /// The number by which the kernel knows it.
    public var rawValue: Int32 { descriptor.rawValue }

    /// The next signal that came, or nil.
    public func next() -> Signal? {
        var info = signalfd_siginfo()
        let count = unsafe read(descriptor.rawValue, &info, MemoryLayout<signalfd_siginfo>.size)
        guard count == MemoryLayout<signalfd_siginfo>.size else { return nil }
        return Signal(rawValue: Int32(info.ssi_signo))
    }
}
