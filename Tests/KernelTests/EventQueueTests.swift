// Readiness, wake-ups, alarms and signals.

import Glibc
import Testing

@testable import Kernel

@Suite struct EventQueueTests {
    /// A wake-up that two threads hold.
    final class Bell: Sendable {
        let wakeUp: WakeUp

        init() throws { wakeUp = try WakeUp() }
    }

    /// The queue is noncopyable, so the macro can't take it apart.
    private func expect(
        _ queue: borrowing EventQueue, toReport expected: Int, within milliseconds: Int32,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let count = try queue.wait(milliseconds: milliseconds)
        #expect(count == expected, sourceLocation: place)
    }

    @Test func `a descriptor is reported with its token once it is readable`() throws {
        let ends = try Loopback()
        let queue = try EventQueue()
        try queue.add(ends.accepted.rawValue, for: .readable, token: 0xDEAD_BEEF_0000_0001)
        try expect(queue, toReport: 0, within: 0)
        _ = try ends.caller.send([1])
        try expect(queue, toReport: 1, within: 5000)
        let event = queue.event(at: 0)
        #expect(event.token == 0xDEAD_BEEF_0000_0001)
        #expect(event.readiness.contains(.readable))
        #expect(!event.readiness.contains(.writable))
    }

    @Test func `what a descriptor is waited for can be changed and taken back`() throws {
        let ends = try Loopback()
        let queue = try EventQueue()
        try queue.add(ends.accepted.rawValue, for: .readable, token: 1)
        try queue.modify(ends.accepted.rawValue, for: .writable, token: 2)
        try expect(queue, toReport: 1, within: 5000)
        let event = queue.event(at: 0)
        #expect(event.token == 2)
        #expect(event.readiness.contains(.writable))
        queue.remove(ends.accepted.rawValue)
        try expect(queue, toReport: 0, within: 0)
    }

    @Test func `a peer that has finished and one that is gone are told apart from bytes`() throws {
        let ends = try Loopback()
        let queue = try EventQueue()
        try queue.add(ends.accepted.rawValue, for: [.readable, .peerFinished], token: 1)
        ends.caller.finishSending()
        try expect(queue, toReport: 1, within: 5000)
        let readiness = queue.event(at: 0).readiness
        #expect(readiness.contains(.peerFinished))
    }

    @Test func `a turn reports no more descriptors than the queue was made for`() throws {
        let first = try WakeUp()
        let second = try WakeUp()
        let third = try WakeUp()
        first.ring()
        second.ring()
        third.ring()
        let queue = try EventQueue(eventsPerTurn: 2)
        try queue.add(first.rawValue, for: .readable, token: 0)
        try queue.add(second.rawValue, for: .readable, token: 1)
        try queue.add(third.rawValue, for: .readable, token: 2)
        try expect(queue, toReport: 2, within: 0)
    }

    @Test func `waiting goes on when a signal interrupts it`() throws {
        let queue = try EventQueue()
        let made = try calls(under: [(.wait, .failure(.interrupted)), (.wait, .failure(.interrupted))]) {
            try expect(queue, toReport: 0, within: 0)
        }
        #expect(made == [.wait, .wait, .wait])
    }

    @Test func `a descriptor that is not open can not be waited for`() throws {
        let queue = try EventQueue()
        #expect(throws: Errno(rawValue: EBADF)) { try queue.add(-1, for: .readable, token: 0) }
    }

    @Test func `a wake-up from another thread ends the wait, and is quiet once acknowledged`() throws {
        let bell = try Bell()
        let queue = try EventQueue()
        try queue.add(bell.wakeUp.rawValue, for: .readable, token: 9)
        try Process.startThread(named: "bell") { bell.wakeUp.ring() }
        try expect(queue, toReport: 1, within: 5000)
        bell.wakeUp.ring()
        bell.wakeUp.acknowledge()
        try expect(queue, toReport: 0, within: 0)
        bell.wakeUp.acknowledge()
    }

    @Test func `an alarm rings at its moment and not before`() throws {
        let alarm = try Alarm()
        let queue = try EventQueue()
        try queue.add(alarm.rawValue, for: .readable, token: 3)
        let moment = BootClock.milliseconds() + 40
        try alarm.set(to: moment)
        try expect(queue, toReport: 1, within: 5000)
        #expect(BootClock.milliseconds() >= moment)
        alarm.acknowledge()
        try expect(queue, toReport: 0, within: 0)
    }

    @Test(arguments: [0, 1, 999, 1000])
    func `an alarm for a moment that has passed rings at once`(_ moment: UInt64) throws {
        let alarm = try Alarm()
        let queue = try EventQueue()
        try queue.add(alarm.rawValue, for: .readable, token: 3)
        try alarm.set(to: moment)
        try expect(queue, toReport: 1, within: 1000)
    }

    @Test func `an alarm that was taken back does not ring`() throws {
        let alarm = try Alarm()
        let queue = try EventQueue()
        try queue.add(alarm.rawValue, for: .readable, token: 3)
        try alarm.set(to: BootClock.milliseconds() + 10)
        try alarm.set(to: nil)
        try expect(queue, toReport: 0, within: 40)
    }

    @Test func `a signal waits in the queue instead of interrupting`() async throws {
        // A thread of its own: the signal is sent to it alone, so that no other test sees it.
        let seen: [SignalQueue.Signal?]? = await withCheckedContinuation { continuation in
            let started: Void? = try? Process.startThread(named: "signals") {
                guard let queue = try? SignalQueue() else { return continuation.resume(returning: nil) }
                let before = queue.next()
                pthread_kill(pthread_self(), SIGUSR1)
                pthread_kill(pthread_self(), SIGTERM)
                continuation.resume(returning: [before, queue.next(), queue.next(), queue.next()])
            }
            if started == nil { continuation.resume(returning: nil) }
        }
        #expect(try #require(seen) == [nil, .user1, .terminate, nil])
    }
}
