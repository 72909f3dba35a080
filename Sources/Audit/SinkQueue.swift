// Lines on their way to one sink: from the loop, which never waits, to a thread, which may.
internal import HTTPWire
internal import Kernel
internal import Synchronization

/// A bounded queue with a thread that empties it into a sink. Two pieces of memory take turns: the loop fills one while the thread writes
/// what is in the other from where it lies.
final class SinkQueue: ReceiverQueue, Sendable {
    /// What the thread does while there is nothing to write.
    private enum Rest { case none, linger, sleep }

    private struct State: ~Copyable {
        var filled: [UInt8] = []
        /// How many bytes the thread took and did not write yet.
        var taken = 0
        var rest = Rest.none
        /// When it has to be done, in milliseconds of ``BootClock``.
        var deadline: UInt64?
    }

    private let sink: any AuditSink
    private let capacity: Int
    private let state: Mutex<State>
    private let bell: WakeUp
    private let drained: WakeUp

    /// A queue for so many bytes. The system backs its memory as it is filled.
    init(_ sink: any AuditSink, capacity: Int) throws(Errno) {
        self.sink = sink
        self.capacity = capacity
        var state = State()
        state.filled.reserveCapacity(capacity)
        self.state = Mutex(state)
        bell = try WakeUp()
        drained = try WakeUp()
    }

    /// Starts the thread.
    func start() throws(Errno) {
        try Process.startThread(named: "onetime-audit") { self.work() }
    }

    func offer(_ lines: Span<UInt8>, count: UInt64) -> UInt64 {
        let (accepted, isAwaited) = state.withLock { state in
            let room = capacity - state.taken - state.filled.count
            let (accepted, size) = AuditLog.lines(of: lines, count: count, within: room)
            // There is memory for all that there is room for.
            state.filled.append(addingCapacity: size) { $0.append(copying: lines.extracting(first: size)) }
            let isAwaited =
                state.rest == .sleep && size > 0
                || state.rest == .linger && state.filled.count >= min(Self.enough, capacity / 4)
            if isAwaited { state.rest = .none }
            return (accepted, isAwaited)
        }
        if isAwaited { bell.ring() }
        return accepted
    }

    var name: StaticString { sink.name }
    var descriptor: Int32? { sink.descriptor }

    /// Nothing: the thread hands on by itself.
    func flush(now: UInt64) -> UInt64? { nil }

    var hasRoom: Bool { state.withLock { $0.taken + $0.filled.count <= capacity / 2 } }

    func close(by deadline: UInt64, waiting milliseconds: UInt64) -> QueueEnd {
        state.withLock { $0.deadline = deadline }
        bell.ring()
        guard let events = try? EventQueue(eventsPerTurn: 1),
            (try? events.add(drained.rawValue, for: .readable, token: 0)) != nil
        else { return .failed }
        let now = BootClock.milliseconds()
        let patience = min(deadline > now ? deadline - now : 0, milliseconds)
        return (try? events.wait(milliseconds: Int32(clamping: patience))) == 1 ? .done : .waits
    }

    // MARK: The thread

    /// How long the thread waits at most for more, in milliseconds, before it has to be woken: so that a server that is busy does not
    /// ring for each line.
    private static let linger: Int32 = 5
    /// For how many bytes it is woken before that, unless a fourth of the queue is less.
    private static let enough = 64 << 10
    /// How long it waits before it offers again what a sink did not take, in milliseconds, at first and at last.
    private static let retries: (first: Int32, last: Int32) = (10, 1000)

    private enum Step { case write, linger, sleep, end }

    private func work() {
        guard let events = try? EventQueue(eventsPerTurn: 1),
            (try? events.add(bell.rawValue, for: .readable, token: 0)) != nil
        else { return }
        // Had once: to take memory while the lock is held would have the loop wait for it.
        var lines: [UInt8] = []
        lines.reserveCapacity(capacity)
        while true {
            lines.removeAll(keepingCapacity: true)
            let step = state.withLock { state -> Step in
                if !state.filled.isEmpty {
                    swap(&state.filled, &lines)
                    (state.taken, state.rest) = (lines.count, .none)
                    return .write
                }
                if state.deadline != nil { return .end }
                state.rest = state.rest == .linger ? .sleep : .linger
                return state.rest == .linger ? .linger : .sleep
            }
            switch step {
            case .write: guard deliverAll(lines.span, events) else { return }
            case .linger: wait(Self.linger, events)
            case .sleep: wait(nil, events)
            case .end:
                drained.ring()
                return
            }
        }
    }

    /// Has the sink take whole lines, in parts that it can take at once. Returns false where the time for that is over.
    private func deliverAll(_ lines: Span<UInt8>, _ events: borrowing EventQueue) -> Bool {
        var place = 0
        while place < lines.count {
            let size = AuditLog.wholeLines(of: lines.extracting(droppingFirst: place), within: AuditLog.batchBound)
            guard deliver(lines.extracting(place..<place + size), events) else { return false }
            state.withLock { $0.taken -= size }
            place += size
        }
        return true
    }

    /// Has the sink take bytes, again and again. Returns false where the time for that is over.
    private func deliver(_ bytes: Span<UInt8>, _ events: borrowing EventQueue) -> Bool {
        var pause = Self.retries.first
        while !sink.write(bytes) {
            let deadline = state.withLock { $0.deadline }
            if let deadline, BootClock.milliseconds() >= deadline { return false }
            wait(deadline == nil ? pause : Self.retries.first, events)
            pause = min(pause * 2, Self.retries.last)
        }
        return true
    }

    private func wait(_ milliseconds: Int32?, _ events: borrowing EventQueue) {
        _ = try? events.wait(milliseconds: milliseconds)
        bell.acknowledge()
    }
}
