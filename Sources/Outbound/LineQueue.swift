// Lines on their way from the loop to the threads that send them: handing one over costs a copy, whatever happens outside.
internal import Kernel
internal import Synchronization

/// A bounded queue of lines. When it is full, the oldest ones go, and are counted.
///
/// The lock is held for the time of a copy; nobody who hands over a line ever waits for the network.
final class LineQueue: Sendable {
    /// The longest line, in bytes.
    static let maximumLine = 8192
    /// For how long nothing may have been dropped before that is said to be over, in milliseconds: who is about as fast as what comes
    /// loses some again and again.
    fileprivate static let calm: UInt64 = 1000

    fileprivate struct State {
        var ring: [UInt8]
        var start = 0
        var used = 0
        var sleepers = 0
        var dropped: UInt64 = 0
        /// Whether something was dropped since the queue was empty.
        var isOverflowing = false
        /// How many were dropped before losses of which it was told that they began, and not yet that they are over.
        var droppedBefore: UInt64?
        /// When the last one was, in milliseconds of ``BootClock``.
        var droppedAt: UInt64 = 0
        var isOpen = true
    }

    private let state: Mutex<State>
    private let work: WakeUp
    private let closing: Closing

    /// A queue for so many bytes of lines, two more for each line.
    init(bytes: Int, closing: Closing) throws(Errno) {
        work = try WakeUp()
        self.closing = closing
        state = Mutex(State(ring: [UInt8](repeating: 0, count: max(bytes, Self.maximumLine + 2))))
    }

    /// Each of several lines without its line feed.
    static func forEach(_ lines: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        for index in lines.indices where lines[index] == 0x0a {
            if index > start { body(lines.extracting(start..<index)) }
            start = index + 1
        }
        if start < lines.count { body(lines.extracting(start...)) }
    }

    /// How many lines were dropped, and how many bytes wait.
    var counts: (dropped: UInt64, queued: Int) { state.withLock { ($0.dropped, $0.used) } }

    /// Hands over a line. False, and it is counted as dropped, where it is longer than a line may be or nobody sends any more.
    ///
    /// - Parameter overflows: called where older lines begin to go for newer ones, and not again before ``takeLosses()`` told of them.
    func append(_ line: Span<UInt8>, overflows: () -> Void = {}) -> Bool {
        let (isTaken, hasToWake, isNews) = state.withLock { state in
            guard state.isOpen, line.count <= Self.maximumLine else {
                state.dropped += 1
                return (false, false, false)
            }
            let before = state.dropped
            while state.ring.count - state.used < line.count + 2 {
                state.drop(2 + state.firstCount)
                state.dropped += 1
            }
            var isNews = false
            if state.dropped > before {
                state.isOverflowing = true
                state.droppedAt = BootClock.milliseconds()
                isNews = state.droppedBefore == nil
                if isNews { state.droppedBefore = before }
            }
            state.put(UInt8(line.count >> 8))
            state.put(UInt8(line.count & 0xff))
            state.put(line)
            return (true, state.sleepers > 0, isNews)
        }
        if hasToWake { work.ring() }
        if isNews { overflows() }
        return isTaken
    }

    /// How many lines were dropped, once, when the queue has been empty since and none was for a while; else nil.
    func takeLosses() -> UInt64? {
        state.withLock { state in
            guard let before = state.droppedBefore, state.isCalm(at: BootClock.milliseconds()) else { return nil }
            state.droppedBefore = nil
            return state.dropped - before
        }
    }

    /// When it is to be seen whether losses are over, if it was seen at a moment that they were not; the largest number where that is
    /// not the question.
    private func calmMoment(after seen: UInt64) -> UInt64 {
        state.withLock { state in
            let moment = state.droppedAt + Self.calm
            return state.droppedBefore == nil || moment <= seen ? .max : moment
        }
    }

    /// Moves the oldest line into the bytes, waiting for one. False once closing has begun and there is none left, or its time is up.
    ///
    /// - Parameter idle: called where there is none, and again when losses may be over.
    func next(into line: inout [UInt8], idle: () -> Void = {}) -> Bool {
        var wasAsleep = false
        while true {
            let isClosing = closing.hasBegun
            enum Found { case line, lineAndMore, nothing }
            let found = state.withLock { state -> Found in
                if wasAsleep { state.sleepers -= 1 }
                guard state.used > 0, !closing.isOver else {
                    if isClosing { state.close() } else { state.sleepers += 1 }
                    return .nothing
                }
                let count = state.firstCount
                state.drop(2)
                line.removeAll(keepingCapacity: true)
                state.take(count, into: &line)
                if state.used == 0 { state.isOverflowing = false }
                return state.used > 0 && state.sleepers > 0 ? .lineAndMore : .line
            }
            switch found {
            case .line: return true
            case .lineAndMore:
                // One ringing may have been for several lines; another thread has time.
                work.ring()
                return true
            case .nothing:
                if isClosing { return false }
                // Before it is looked: a moment that comes between the two would never be waited for.
                let seen = BootClock.milliseconds()
                idle()
                closing.waitIdly(for: work.rawValue, until: calmMoment(after: seen))
                work.acknowledge()
                wasAsleep = true
            }
        }
    }
}

fileprivate extension LineQueue.State {
    func isCalm(at moment: UInt64) -> Bool { !isOverflowing && moment >= droppedAt + LineQueue.calm }

    var firstCount: Int { Int(ring[start]) << 8 | Int(ring[(start + 1) % ring.count]) }

    mutating func put(_ byte: UInt8) {
        ring[(start + used) % ring.count] = byte
        used += 1
    }

    mutating func put(_ bytes: Span<UInt8>) {
        let end = (start + used) % ring.count
        let first = min(bytes.count, ring.count - end)
        var target = ring.mutableSpan
        for index in 0..<first { target[end + index] = bytes[index] }
        for index in first..<bytes.count { target[index - first] = bytes[index] }
        used += bytes.count
    }

    mutating func drop(_ count: Int) {
        start = (start + count) % ring.count
        used -= count
    }

    mutating func take(_ count: Int, into line: inout [UInt8]) {
        let first = min(count, ring.count - start)
        line.append(contentsOf: ring[start..<start + first])
        line.append(contentsOf: ring[0..<count - first])
        drop(count)
    }

    /// What is left is lost, and nothing more is taken.
    mutating func close() {
        isOpen = false
        while used > 0 {
            drop(2 + firstCount)
            dropped += 1
        }
    }
}
