// Lines on their way to one sink: from the loop, which never waits, to a thread, which may.
internal import Kernel
internal import Synchronization

/// A bounded queue with a thread that empties it into a sink.
final class SinkQueue: Sendable {
    private struct State: ~Copyable {
        var lines: LineRing
        /// Whether the thread waits for the bell.
        var isAsleep = false
        /// When it has to be done, in milliseconds of ``BootClock``.
        var deadline: UInt64?

        init(capacity: Int) {
            lines = LineRing(capacity: capacity)
        }
    }

    let sink: any AuditSink
    private let state: Mutex<State>
    private let bell: WakeUp
    private let drained: WakeUp

    init(_ sink: any AuditSink, capacity: Int) throws(Errno) {
        self.sink = sink
        state = Mutex(State(capacity: capacity))
        bell = try WakeUp()
        drained = try WakeUp()
    }

    /// Starts the thread.
    func start() throws(Errno) {
        try Process.startThread(named: "onetime-audit") { self.work() }
    }

    /// Queues so many whole lines, or as many of them as there is room for. Returns how many.
    func offer(_ lines: Span<UInt8>, count: UInt64) -> UInt64 {
        let (taken, wasAsleep) = state.withLock { state in
            let taken = state.lines.append(lines, count: count)
            let wasAsleep = state.isAsleep && taken > 0
            if wasAsleep { state.isAsleep = false }
            return (taken, wasAsleep)
        }
        if wasAsleep { bell.ring() }
        return taken
    }

    /// Whether at most half of the room is taken.
    var hasRoom: Bool { state.withLock { $0.lines.count <= $0.lines.capacity / 2 } }

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

    /// How long the thread looks once more by itself, in milliseconds, before it has to be woken: so that a server that is busy
    /// does not ring for each line.
    private static let linger: Int32 = 5
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
        var hasLingered = false
        // Had once: to take memory while the lock is held would have the loop wait for it.
        var batch: [UInt8] = []
        batch.reserveCapacity(AuditLog.batchBound)
        while true {
            let bound = min(max(sink.batchBound, AuditLog.lineBound), AuditLog.batchBound)
            let step = state.withLock { state -> Step in
                if state.lines.count > 0 {
                    Self.take(&state.lines, upTo: bound, into: &batch)
                    return .write
                }
                if state.deadline != nil { return .end }
                if !hasLingered { return .linger }
                state.isAsleep = true
                return .sleep
            }
            switch step {
            case .write:
                hasLingered = false
                guard deliver(batch.span, events) else { return }
            case .linger:
                hasLingered = true
                wait(Self.linger, events)
            case .sleep: wait(nil, events)
            case .end:
                drained.ring()
                return
            }
        }
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

    /// Moves whole lines out of the ring, in place of what is in `batch`.
    private static func take(_ lines: inout LineRing, upTo bound: Int, into batch: inout [UInt8]) {
        var place = lines.start
        let start = lines.start
        batch.removeAll(keepingCapacity: true)
        batch.append(addingCapacity: bound) { place = lines.copyLines(from: start, into: &$0) }
        lines.removeAll(before: place)
        lines.rewindIfEmpty()
    }
}
