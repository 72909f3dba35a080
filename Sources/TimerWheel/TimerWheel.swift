// The timer wheel: which deadlines are armed, and when to look again. `TimerWheel+Expiry.swift` lets time pass.

/// Deadlines of anything, kept in a hierarchical timing wheel.
///
/// A timer has no object of its own. The caller names it by the index of its own record, and at most one deadline is
/// armed for an index. A tick is whatever the caller says it is; the wheel reads no clock.
///
///     var wheel = TimerWheel(capacity: 1_000_000, now: 0)
///     wheel.schedule(17, at: 3_600)
///     …
///     var budget = 4_096
///     while let index = wheel.next(upTo: tick, budget: &budget) {
///         forget(records[index])  // may schedule and cancel other timers
///     }
///     let sleepUntil = wheel.nextDeadline  // equals `wheel.now` when the budget ended before the work did
///
/// Deadlines are exact: no timer is handed out before its tick, and none is rounded to a coarser one. There are five
/// levels of 64 slots. A timer lies at the level of the highest base-64 digit in which its deadline differs from the
/// present tick, in the slot of that digit of its deadline. When the time of a slot above the lowest level comes, its
/// timers move to lower levels (they *cascade*); a timer moves at most four times in its life, and once more for every
/// 2^30 ticks that its deadline lies ahead.
///
/// Memory is 16 bytes a timer, in segments of 64 KiB that exist only while one of their timers is armed (and one spare
/// segment), plus 16 bytes for every 4,096 timers of the capacity.
///
/// G. Varghese and T. Lauck, "Hashed and hierarchical timing wheels: efficient data structures for implementing a
/// timer facility", IEEE/ACM Transactions on Networking 5(6), 1997, doi:10.1109/90.650142, scheme 7.
public struct TimerWheel: ~Copyable {
    let geometry: WheelGeometry

    var nodes: NodeStorage

    /// The first timer of each list, by list number.
    var heads: [UInt32]

    /// For each level, one bit for each slot with timers in it.
    var occupancy: [UInt64]

    /// The tick up to which timers have been sorted out. It is behind ``now`` only while work is left over.
    var cursor: UInt32

    private let capacity: UInt32

    /// How many timers are armed, those included that are due and have not been handed out yet.
    ///
    /// - Complexity: O(1).
    public internal(set) var count = 0

    /// The latest tick that the wheel has been told of.
    ///
    /// - Complexity: O(1).
    public internal(set) var now: UInt32

    /// Creates a wheel without timers.
    ///
    /// - Parameters:
    ///   - capacity: One more than the largest index that can be scheduled. It reserves no room for timers.
    ///   - now: The present tick.
    /// - Complexity: O(`capacity` / 4,096).
    public init(capacity: UInt32, now: UInt32) {
        self.init(capacity: capacity, now: now, geometry: .standard)
    }

    init(capacity: UInt32, now: UInt32, geometry: WheelGeometry) {
        self.geometry = geometry
        self.capacity = capacity
        self.now = now
        cursor = now
        nodes = NodeStorage(capacity: capacity)
        heads = Array(repeating: TimerNode.none, count: geometry.listCount)
        occupancy = Array(repeating: 0, count: Int(geometry.levels))
    }

    /// Arms the timer of `index`, or moves it if it is armed already.
    ///
    /// A deadline that is not after ``now`` is due at once: the next call of ``next(upTo:budget:)`` may hand it out.
    ///
    /// - Precondition: `index` is below the capacity.
    /// - Complexity: O(1). The first timer of a segment maps 64 KiB.
    public mutating func schedule(_ index: UInt32, at deadline: UInt32) {
        precondition(index < capacity, "timer index beyond the capacity of the wheel")
        if nodes.isArmed(index) {
            unlink(index)
        } else {
            nodes.retainSegment(of: index)
            count += 1
        }
        nodes[index].deadline = deadline
        push(index, onto: geometry.list(for: deadline, cursor: cursor))
    }

    /// Disarms the timer of `index`; it will not be handed out, even if it is due already.
    ///
    /// - Returns: Whether the timer was armed. An index that is not, or that is beyond the capacity, is left alone.
    /// - Complexity: O(1). The last timer of a segment may unmap 64 KiB.
    @discardableResult
    public mutating func cancel(_ index: UInt32) -> Bool {
        guard nodes.isArmed(index) else { return false }
        disarm(index)
        return true
    }

    /// Forgets timers without handing them out: all those of the next segment that has any.
    ///
    /// It is how a wheel of which nothing is wanted any more is taken apart in small steps. In between, and until it returns
    /// nil, nothing else may be asked of the wheel.
    ///
    /// - Returns: How many bytes went back to the system; nil when there was no such segment.
    /// - Complexity: O(`capacity` / 4,096); unmaps 64 KiB.
    public mutating func discardSegment() -> Int? {
        guard let armed = nodes.discardSegment() else { return nil }
        count -= armed
        return NodeStorage.segmentBytes
    }

    /// Whether the timer of `index` is armed: scheduled, and neither cancelled nor handed out since.
    ///
    /// - Complexity: O(1).
    public func isScheduled(_ index: UInt32) -> Bool {
        nodes.isArmed(index)
    }

    /// The tick at which ``next(upTo:budget:)`` should be called again, or nil if no timer is armed.
    ///
    /// While work is left over (``hasWorkLeft``) it is ``now``. Otherwise it lies after ``now`` and not after the
    /// earliest deadline. It may lie before that, because a timer that is far ahead may have to move to a lower level
    /// first; such a call hands nothing out and brings the next answer nearer to the deadline.
    ///
    /// - Complexity: O(1), one look at each level.
    public var nextDeadline: UInt32? {
        if isSortingOut { return now }
        guard let slot = earliestSlot else { return nil }
        return max(slot.start, now)
    }

    /// Whether ``next(upTo:budget:)`` has something to do at ``now`` already: timers to hand out or to move.
    ///
    /// After a call that returned nil it tells whether that was for want of budget (true) or of work (false).
    ///
    /// - Complexity: O(1), one look at each level.
    public var hasWorkLeft: Bool {
        if isSortingOut { return true }
        guard let slot = earliestSlot else { return false }
        return slot.start <= now
    }
}
