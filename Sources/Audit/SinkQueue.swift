// Lines on their way to one sink: from the loop, which never waits, to a thread, which may.
internal import HTTPWire
internal import Kernel
internal import Synchronization

/// A bounded queue with a thread that empties it into a sink. Two pieces of memory take turns: the loop fills one while the thread writes
/// what is in the other from where it lies.
final class SinkQueue: Sendable {
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

    let sink: any AuditSink
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

    /// Queues so many whole lines, or as many of them as there is room for. Returns how many.
    func offer(_ lines: Span<UInt8>, count: UInt64) -> UInt64 {
        let (accepted, isAwaited) = state.withLock { state in
            let room = capacity - state.taken - state.filled.count
            let (accepted, size) = lines.count <= room ? (count, lines.count) : Self.lines(of: lines, within: room)
            // There is memory for all that there is room for.
            state.filled.append(addingCapacity: size) { $0.append(copying: lines.extracting(first: size)) }
            let isAwaited = state.rest == .sleep && size > 0 || state.rest == .linger && state.filled.count >= min(Self.enough, capacity / 4)
            if isAwaited { state.rest = .none }
            return (accepted, isAwaited)
        }
        if isAwaited { bell.ring() }
        return accepted
    }

    /// How many lines are whole within so many bytes, and how many bytes these are.
    private static func lines(of lines: Span<UInt8>, within room: Int) -> (UInt64, Int) {
        var (count, size) = (UInt64(0), 0)
        for index in 0..<min(max(room, 0), lines.count) where lines[index] == 0x0A { (count, size) = (count + 1, index + 1) }
        return (count, size)
    }

    /// Whether at most half of the room is taken.
    var hasRoom: Bool { state.withLock { $0.taken + $0.filled.count <= capacity / 2 } }

    /// Has everything handed on until a moment of ``BootClock``, and waits for it. Returns whether all was.
    func close(by deadline: UInt64) -> Bool {
        state.withLock { $0.deadline = deadline }
        bell.ring()
        guard let events = try? EventQueue(eventsPerTurn: 1),
            (try? events.add(drained.rawValue, for: .readable, token: 0)) != nil
        else { return false }
        let now = BootClock.milliseconds()
        let ready = try? events.wait(milliseconds: Int32(clamping: deadline > now ? deadline - now : 0))
        return ready == 1
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
        if let needed = sink.descriptors {
            Process.keepDescriptors(needed + [events.rawValue, bell.rawValue, drained.rawValue])
        }
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
            var end = min(lines.count, place + min(max(sink.batchBound, AuditLog.lineBound), AuditLog.batchBound))
            while lines[end - 1] != 0x0A { end -= 1 }
            guard deliver(lines.extracting(place..<end), events) else { return false }
            state.withLock { $0.taken -= end - place }
            place = end
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
