// A wheel that is checked, step by step, against the plainest thing that could be right: one deadline for each index.

@testable import TimerWheel

/// A promise of the wheel that was broken.
enum BrokenPromise: Error, Equatable {
    case firedUnarmed(UInt32)
    case firedEarly(UInt32, deadline: UInt32, now: UInt32)
    case firedOutOfOrder(UInt32, deadline: UInt32, earliest: UInt32)
    case leftDue(earliest: UInt32, now: UInt32)
    case workLeftWithBudget
    case budgetOverrun(Int)
    case wrongCount(Int, expected: Int)
    case wrongNow(UInt32, expected: UInt32)
    case wrongAnswerOfCancel(UInt32)
    case wrongAnswerOfIsScheduled(UInt32)
    case nextDeadlineMissing
    case nextDeadlineWithoutTimers
    case nextDeadlineNotNow(UInt32, now: UInt32)
    case nextDeadlineNotAhead(UInt32, now: UInt32)
    case nextDeadlineTooLate(UInt32, earliest: UInt32)
    case structure(TimerWheel.BrokenInvariant)
}

struct WheelModel: ~Copyable {
    private(set) var wheel: TimerWheel
    private(set) var now: UInt32

    /// The tick at which each armed timer takes its turn: its deadline or, if that had passed, the tick of arming.
    private var turns: [UInt32?]
    private var armed = 0

    init(capacity: UInt32, now: UInt32, geometry: WheelGeometry) {
        wheel = TimerWheel(capacity: capacity, now: now, geometry: geometry)
        turns = Array(repeating: nil, count: Int(capacity))
        self.now = now
    }

    var earliest: UInt32? {
        var earliest: UInt32?
        for case let turn? in turns where turn < earliest ?? .max { earliest = turn }
        return armed == 0 ? nil : earliest ?? .max
    }

    mutating func schedule(_ index: UInt32, at deadline: UInt32) {
        if turns[Int(index)] == nil { armed += 1 }
        turns[Int(index)] = max(deadline, wheel.cursor)
        wheel.schedule(index, at: deadline)
    }

    mutating func cancel(_ index: UInt32) throws(BrokenPromise) {
        let wasArmed = turns[Int(index)] != nil
        if wheel.isScheduled(index) != wasArmed { throw .wrongAnswerOfIsScheduled(index) }
        if wheel.cancel(index) != wasArmed { throw .wrongAnswerOfCancel(index) }
        if wasArmed { armed -= 1 }
        turns[Int(index)] = nil
    }

    /// The next firing, checked; nil when nothing is due or the budget is used up.
    mutating func next(upTo time: UInt32, budget: inout Int) throws(BrokenPromise) -> UInt32? {
        now = max(now, time)
        let given = budget
        let fired = wheel.next(upTo: time, budget: &budget)
        if budget < 0 || budget > given - (fired == nil ? 0 : 1) { throw .budgetOverrun(budget) }
        guard let index = fired else {
            if budget > 0, wheel.hasWorkLeft { throw .workLeftWithBudget }
            if !wheel.hasWorkLeft, let earliest, earliest <= now { throw .leftDue(earliest: earliest, now: now) }
            return nil
        }
        guard let turn = turns[Int(index)] else { throw .firedUnarmed(index) }
        if turn > now { throw .firedEarly(index, deadline: turn, now: now) }
        if let earliest, turn > earliest { throw .firedOutOfOrder(index, deadline: turn, earliest: earliest) }
        turns[Int(index)] = nil
        armed -= 1
        return index
    }

    /// Compares everything that can be asked of the wheel, and its structure.
    func check() throws(BrokenPromise) {
        if wheel.count != armed { throw .wrongCount(wheel.count, expected: armed) }
        if wheel.now != now { throw .wrongNow(wheel.now, expected: now) }
        if let broken = wheel.checkInvariants() { throw .structure(broken) }
        guard let next = wheel.nextDeadline else {
            if armed > 0 { throw .nextDeadlineMissing }
            return
        }
        guard let earliest else { throw .nextDeadlineWithoutTimers }
        if wheel.hasWorkLeft {
            if next != now { throw .nextDeadlineNotNow(next, now: now) }
        } else {
            if next <= now { throw .nextDeadlineNotAhead(next, now: now) }
            if next > earliest { throw .nextDeadlineTooLate(next, earliest: earliest) }
        }
    }
}
