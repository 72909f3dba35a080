// Memory follows the number of timers, up and down.

import Testing

@testable import TimerWheel

@Suite struct NodeStorageTests {
    static let segment = NodeStorage.segmentNodes

    @Test func `a node takes sixteen bytes`() {
        #expect(MemoryLayout<TimerNode>.stride == 16)
    }

    @Test func `a wheel without timers maps nothing, however large its capacity`() {
        let wheel = TimerWheel(capacity: .max, now: 0)
        #expect(wheel.nodes.mappedSegments == 0)
    }

    @Test func `segments are mapped for the timers that are armed and not for the capacity`() {
        var wheel = TimerWheel(capacity: .max, now: 0)
        wheel.schedule(.max - 1, at: 1)
        wheel.schedule(0, at: 2)
        wheel.schedule(Self.segment - 1, at: 3)
        #expect(wheel.nodes.mappedSegments == 2)
        wheel.schedule(Self.segment, at: 4)
        #expect(wheel.nodes.mappedSegments == 3)
    }

    @Test func `cancelling the timers of a segment gives it back, but for a spare one`() {
        var wheel = TimerWheel(capacity: 8 * Self.segment, now: 0)
        for index in 0..<8 * Self.segment { wheel.schedule(index, at: 1_000 + index) }
        #expect(wheel.nodes.mappedSegments == 8)
        for index in 0..<6 * Self.segment { wheel.cancel(index) }
        #expect(wheel.nodes.mappedSegments == 3)
        let broken = wheel.checkInvariants()
        #expect(broken == nil)
        for index in 6 * Self.segment..<8 * Self.segment { wheel.cancel(index) }
        #expect(wheel.nodes.mappedSegments == 1)
    }

    @Test func `one timer keeps its segment and no other`() {
        var wheel = TimerWheel(capacity: 4 * Self.segment, now: 0)
        for index in 0..<4 * Self.segment { wheel.schedule(index, at: 10) }
        for index in 0..<4 * Self.segment where index != Self.segment + 5 { wheel.cancel(index) }
        #expect(wheel.nodes.mappedSegments == 2)
        let isKept = wheel.isScheduled(Self.segment + 5)
        #expect(isKept)
    }

    @Test func `firing gives segments back, and that is paid from the budget`() {
        var wheel = TimerWheel(capacity: 10 * Self.segment, now: 0)
        for segment: UInt32 in 0..<10 { wheel.schedule(segment * Self.segment, at: 5) }
        var budget = 1_000
        var fired = 0
        while wheel.next(upTo: 5, budget: &budget) != nil { fired += 1 }
        #expect(fired == 10 && wheel.nodes.mappedSegments == 1)
        #expect(budget == 1_000 - 10 - 9 * 64)
    }

    @Test func `the spare segment is used again and remembers nothing`() {
        var wheel = TimerWheel(capacity: 2 * Self.segment, now: 0)
        for index in 0..<Self.segment { wheel.schedule(index, at: 9) }
        for index in 0..<Self.segment { wheel.cancel(index) }
        wheel.schedule(Self.segment + 1, at: 9)
        #expect(wheel.nodes.mappedSegments == 1)
        let armed = (0..<2 * Self.segment).filter { index in wheel.isScheduled(index) }
        #expect(armed == [Self.segment + 1])
    }

    @Test func `a wheel of which nothing is wanted is taken apart in pieces`() {
        var wheel = TimerWheel(capacity: 100_000, now: 0)
        for index in stride(from: UInt32(0), to: 50_000, by: 7) { wheel.schedule(index, at: 100 + index) }
        var bytes = 0
        var pieces = 0
        while let released = wheel.discardSegment() {
            bytes += released
            pieces += 1
        }
        #expect(pieces == 13)
        #expect(bytes == 13 * 65_536)
        #expect(wheel.count == 0)
    }
}
