// Lines on their way from the loop to the threads that send them: handing them over costs a copy, whatever happens outside.
internal import Kernel
internal import Synchronization

/// A bounded queue of lines. When it is full, the oldest ones go, and are counted; or it takes no more, if it is asked like that.
///
/// The lock is held for the time of a copy; nobody who hands over lines ever waits for the network.
final class LineQueue: Sendable {
    /// The longest line, in bytes, without its line feed.
    static let maximumLine = 8192
    /// For how long nothing may have been dropped before that is said to be over, in milliseconds: who is about as fast as what comes
    /// loses some again and again.
    fileprivate static let calm: UInt64 = 1000

    fileprivate struct State: ~Copyable {
        var waiting: LineRing
        var sleepers = 0
        /// Whether it was rung for one of them that has not come yet.
        var hasRung = false
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

    /// A queue for so many bytes of lines with their line feeds.
    init(bytes: Int, closing: Closing) throws(Errno) {
        work = try WakeUp()
        self.closing = closing
        state = Mutex(State(waiting: LineRing(capacity: max(bytes, Self.maximumLine + 1))))
    }

    /// Each of several lines without its line feed.
    static func forEach(_ lines: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start < lines.count {
            let end = lines.firstIndex(of: 0x0a, from: start) ?? lines.count
            if end > start { body(lines.extracting(start..<end)) }
            start = end + 1
        }
    }

    /// How many lines were dropped, and how many bytes wait.
    var counts: (dropped: UInt64, queued: Int) { state.withLock { ($0.dropped, $0.waiting.count) } }

    /// Hands over lines, each with its line feed, which only the last one may lack. False, and they are counted as dropped, where some are
    /// longer than a line may be, or nobody sends any more.
    ///
    /// - Parameter overflows: called where older lines begin to go for newer ones, and not again before ``takeLosses()`` told of them.
    func append(_ lines: Span<UInt8>, overflows: () -> Void = {}) -> Bool {
        let (areTaken, hasToWake, isNews) = state.withLock { state in
            let wasTold = state.droppedBefore != nil
            let areTaken = state.put(lines)
            let hasToWake = state.sleepers > 0 && !state.hasRung && state.waiting.count > 0
            if hasToWake { state.hasRung = true }
            return (areTaken, hasToWake, !wasTold && state.droppedBefore != nil)
        }
        if hasToWake { work.ring() }
        if isNews { overflows() }
        return areTaken
    }

    /// Hands over as many of several whole lines, each with its line feed, as there is room for. Returns how many bytes these are; none
    /// once nobody sends any more.
    func offer(_ lines: Span<UInt8>) -> Int {
        let (size, hasToWake) = state.withLock { state in
            var size = state.isOpen ? min(lines.count, state.waiting.freeCapacity) : 0
            if size < lines.count {
                while size > 0, lines[size - 1] != 0x0a { size -= 1 }
            }
            if size > 0 { state.waiting.append(lines.extracting(first: size)) }
            let hasToWake = state.sleepers > 0 && !state.hasRung && size > 0
            if hasToWake { state.hasRung = true }
            return (size, hasToWake)
        }
        if hasToWake { work.ring() }
        return size
    }

    /// Counts lines as dropped that were not handed over for want of room.
    ///
    /// - Parameter overflows: as with ``append(_:overflows:)``.
    func missed(_ count: UInt64, overflows: () -> Void) {
        guard count > 0 else { return }
        let isNews = state.withLock { state in
            defer { state.dropped += count }
            // Where it is empty already, what comes next has room.
            state.isOverflowing = state.waiting.count > 0
            state.droppedAt = BootClock.milliseconds()
            guard state.droppedBefore == nil else { return false }
            state.droppedBefore = state.dropped
            return true
        }
        if isNews { overflows() }
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

    /// Moves the oldest line into the bytes, without its line feed, waiting for one. False once closing has begun and there is none left,
    /// or its time is up.
    ///
    /// - Parameters:
    ///   - most: has it be as many lines as there are and have so many bytes together, one at least, each with its line feed.
    ///   - moment: until when it waits, in milliseconds of ``BootClock``; then there are no bytes.
    ///   - idle: called where there is none, and again when losses may be over.
    func next(
        _ most: Int? = nil, until moment: UInt64 = .max, into bytes: inout [UInt8], idle: () -> Void = {}
    ) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        var wasAsleep = false
        while true {
            let isClosing = closing.hasBegun
            enum Found { case line, lineAndMore, nothing, nothingInTime }
            let found = state.withLock { state -> Found in
                if wasAsleep {
                    state.sleepers -= 1
                    state.hasRung = false
                }
                guard state.waiting.count > 0, !closing.isOver else {
                    if isClosing {
                        state.close()
                    } else if moment < .max, BootClock.milliseconds() >= moment {
                        return .nothingInTime
                    } else {
                        state.sleepers += 1
                    }
                    return .nothing
                }
                if let most {
                    state.waiting.takeLines(most, into: &bytes)
                } else {
                    state.waiting.takeLine(into: &bytes)
                }
                if state.waiting.count == 0 { state.isOverflowing = false }
                guard state.waiting.count > 0, state.sleepers > 0 else { return .line }
                state.hasRung = true
                return .lineAndMore
            }
            switch found {
            case .line, .nothingInTime: return true
            case .lineAndMore:
                // One ringing may have been for several lines; another thread has time.
                work.ring()
                return true
            case .nothing:
                if isClosing { return false }
                // Before it is looked: a moment that comes between the two would never be waited for.
                let seen = BootClock.milliseconds()
                idle()
                closing.waitIdly(for: work.rawValue, until: min(moment, calmMoment(after: seen)))
                work.acknowledge()
                wasAsleep = true
            }
        }
    }
}

extension LineQueue.State {
    fileprivate func isCalm(at moment: UInt64) -> Bool { !isOverflowing && moment >= droppedAt + LineQueue.calm }

    /// Appends lines: those that are as they have to be in one go, as far as they stand together.
    fileprivate mutating func put(_ lines: Span<UInt8>) -> Bool {
        var (good, place, areTaken) = (0, 0, true)
        while place < lines.count {
            let end = lines.firstIndex(of: 0x0a, from: place)
            let line = place..<(end ?? lines.count)
            place = line.upperBound + 1
            let isWrong = line.count > LineQueue.maximumLine || !isOpen
            guard isWrong || line.isEmpty || end == nil else { continue }
            put(lines.extracting(good..<line.lowerBound), isEnded: true)
            good = place
            if isWrong && !line.isEmpty {
                dropped += 1
                areTaken = false
            } else if !line.isEmpty {
                put(lines.extracting(line), isEnded: false)
            }
        }
        if good < lines.count { put(lines.extracting(good...), isEnded: true) }
        return areTaken
    }

    /// Appends lines, of which the last one may still need its line feed. Those that there is no room for are the oldest ones, wherever
    /// they are.
    fileprivate mutating func put(_ lines: Span<UInt8>, isEnded: Bool) {
        guard !lines.isEmpty else { return }
        var kept = lines
        let size = lines.count + (isEnded ? 0 : 1)
        if waiting.freeCapacity < size {
            isOverflowing = true
            droppedAt = BootClock.milliseconds()
            if droppedBefore == nil { droppedBefore = dropped }
            dropped += waiting.drop(bytes: size - waiting.freeCapacity)
            var start = 0
            // A line alone always has room.
            while size - start > waiting.capacity, let end = lines.firstIndex(of: 0x0a, from: start) {
                start = end + 1
                dropped += 1
            }
            kept = lines.extracting(start...)
        }
        waiting.append(kept)
        if !isEnded { waiting.endLine() }
    }

    /// What is left is lost, and nothing more is taken.
    fileprivate mutating func close() {
        isOpen = false
        dropped += waiting.drop(bytes: .max)
    }
}
