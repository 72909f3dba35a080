// What a wheel promises, one sentence at a time.

import Testing

@testable import TimerWheel

@Suite struct TimerWheelTests {
    /// Everything that fires up to `time`.
    private func firings(of wheel: inout TimerWheel, upTo time: UInt32) -> [UInt32] {
        var fired: [UInt32] = []
        var budget = Int.max
        while let index = wheel.next(upTo: time, budget: &budget) { fired.append(index) }
        return fired
    }

    @Test func `a timer fires at its deadline, once, and not a tick before`() {
        for deadline: UInt32 in [1, 63, 64, 65, 4_095, 4_096, 262_144, 1 << 24, (1 << 30) - 1, 1 << 30, .max] {
            var wheel = TimerWheel(capacity: 1, now: 0)
            wheel.schedule(0, at: deadline)
            let early = firings(of: &wheel, upTo: deadline - 1)
            let onTime = firings(of: &wheel, upTo: deadline)
            let later = firings(of: &wheel, upTo: .max)
            #expect(early.isEmpty && onTime == [0] && later.isEmpty, "deadline \(deadline)")
        }
    }

    @Test func `following nextDeadline reaches a timer in a few steps`() {
        for deadline: UInt32 in [1, 64, 2_592_000, 1 << 30, 3_999_999_999, .max] {
            var wheel = TimerWheel(capacity: 1, now: 0)
            wheel.schedule(0, at: deadline)
            var steps = 0
            var fired: [UInt32] = []
            while let next = wheel.nextDeadline, steps < 20 {
                steps += 1
                fired += firings(of: &wheel, upTo: next)
            }
            let now = wheel.now
            #expect(fired == [0] && now == deadline && steps <= 8, "deadline \(deadline), \(steps) steps")
        }
    }

    @Test func `after a silence a timer that is near is known to the tick`() {
        var wheel = TimerWheel(capacity: 2, now: 0)
        wheel.schedule(1, at: 1 << 29)
        let fired = firings(of: &wheel, upTo: 100_000)
        wheel.schedule(0, at: 100_005)
        let next = wheel.nextDeadline
        #expect(fired.isEmpty && next == 100_005)
    }

    @Test func `timers beyond the range of the wheel fire at their tick and in order`() {
        var wheel = TimerWheel(capacity: 4, now: 100)
        let deadlines: [UInt32] = [(1 << 30) + 100, (2 << 30) + 99, (3 << 30) + 5, 101]
        for (index, deadline) in deadlines.enumerated() { wheel.schedule(UInt32(index), at: deadline) }
        var order: [UInt32] = []
        for index in [3, 0, 1, 2] {
            let early = firings(of: &wheel, upTo: deadlines[index] - 1)
            #expect(early.isEmpty, "timer \(index)")
            order += firings(of: &wheel, upTo: deadlines[index])
        }
        #expect(order == [3, 0, 1, 2])
    }

    @Test func `a deadline that has passed fires with the next call`() {
        var wheel = TimerWheel(capacity: 3, now: 50)
        wheel.schedule(0, at: 50)
        wheel.schedule(1, at: 0)
        let next = wheel.nextDeadline
        let hasWorkLeft = wheel.hasWorkLeft
        #expect(next == 50 && hasWorkLeft)
        let fired = firings(of: &wheel, upTo: 50)
        #expect(Set(fired) == [0, 1])
    }

    @Test func `scheduling an armed timer moves it`() {
        var wheel = TimerWheel(capacity: 2, now: 0)
        wheel.schedule(1, at: 10)
        wheel.schedule(1, at: 5_000)
        let count = wheel.count
        #expect(count == 1)
        let early = firings(of: &wheel, upTo: 4_999)
        let onTime = firings(of: &wheel, upTo: 5_000)
        #expect(early.isEmpty && onTime == [1])
    }

    @Test func `a cancelled timer does not fire, and cancel says whether it was armed`() {
        var wheel = TimerWheel(capacity: 10, now: 0)
        wheel.schedule(4, at: 7)
        let before = wheel.isScheduled(4)
        let answers = [wheel.cancel(4), wheel.cancel(4), wheel.cancel(5), wheel.cancel(10), wheel.cancel(.max)]
        let after = wheel.isScheduled(4) || wheel.isScheduled(10) || wheel.isScheduled(.max)
        #expect(before && !after)
        #expect(answers == [true, false, false, false, false])
        let fired = firings(of: &wheel, upTo: 100)
        let next = wheel.nextDeadline
        #expect(fired.isEmpty && next == nil)
    }

    @Test func `a timer that is due can be cancelled while its neighbours fire`() {
        for victim: UInt32 in 0..<8 {
            var wheel = TimerWheel(capacity: 8, now: 0)
            for index: UInt32 in 0..<8 { wheel.schedule(index, at: 70) }
            var budget = 10  // Eight moves down from the second level, then two firings.
            var fired: [UInt32] = []
            while let index = wheel.next(upTo: 80, budget: &budget) { fired.append(index) }
            let wasArmed = wheel.cancel(victim)
            #expect(wasArmed == !fired.contains(victim), "victim \(victim)")
            // Its index can be used again at once, and the slot it came from is not disturbed.
            wheel.schedule(victim, at: 200)
            let broken = wheel.checkInvariants()
            #expect(broken == nil, "victim \(victim)")
            fired += firings(of: &wheel, upTo: 199)
            #expect(Set(fired).union([victim]) == Set(0..<8) && fired.count == (wasArmed ? 7 : 8), "victim \(victim)")
            let last = firings(of: &wheel, upTo: 200)
            #expect(last == [victim], "victim \(victim)")
        }
    }

    @Test func `a clock that goes backwards changes nothing`() {
        var wheel = TimerWheel(capacity: 2, now: 1_000)
        wheel.schedule(0, at: 1_010)
        let fired = firings(of: &wheel, upTo: 3)
        let (now, next) = (wheel.now, wheel.nextDeadline)
        #expect(fired.isEmpty && now == 1_000)
        #expect(next.map { 1_001...1_010 ~= $0 } == true)
    }

    @Test func `without budget nothing fires and the work is said to be left`() {
        var wheel = TimerWheel(capacity: 1, now: 0)
        wheel.schedule(0, at: 5)
        var budget = 0
        let fired = wheel.next(upTo: 9, budget: &budget)
        let (hasWorkLeft, next, count) = (wheel.hasWorkLeft, wheel.nextDeadline, wheel.count)
        #expect(fired == nil && budget == 0 && hasWorkLeft && next == 9 && count == 1)
    }

    @Test func `a hundred thousand timers of one tick fire within budget, call by call`() {
        let timers: UInt32 = 100_000
        var wheel = TimerWheel(capacity: timers, now: 0)
        for index in 0..<timers { wheel.schedule(index, at: 2_592_000) }
        var hasFired = Array(repeating: false, count: Int(timers))
        var calls = 0
        repeat {
            var budget = 4_096
            var touched = 0
            while let index = wheel.next(upTo: 2_592_000, budget: &budget) {
                touched += 1
                if hasFired[Int(index)] { Issue.record("timer \(index) fired twice") }
                hasFired[Int(index)] = true
            }
            calls += 1
            if touched > 4_096 || budget < 0 { Issue.record("\(touched) firings in call \(calls)") }
        } while wheel.hasWorkLeft && calls < 1_000
        #expect(hasFired.allSatisfy { $0 })
        // From 30 days ahead every timer moves three times and fires once.
        #expect(100_000 * 4 / 4_096...100_000 * 4 / 4_096 + 2 ~= calls, "\(calls) calls")
    }
}
