// The end of a sender: everything that it waits for is waited for here, so that nothing outlasts that end.
internal import Kernel
internal import Synchronization

/// When the threads of a sender have to be done, and how they wait until then.
final class Closing: Sendable {
    private let bell: WakeUp
    /// A moment of ``BootClock`` in milliseconds; the largest number until closing begins.
    private let end = Atomic<UInt64>(.max)

    init() throws(Errno) {
        bell = try WakeUp()
    }

    var hasBegun: Bool { end.load(ordering: .acquiring) != .max }
    var isOver: Bool { BootClock.milliseconds() >= end.load(ordering: .acquiring) }

    /// Has everything end at a moment, and what only pauses at once.
    func begin(until milliseconds: UInt64) {
        end.store(milliseconds, ordering: .releasing)
        bell.ring()
    }

    /// Waits for a descriptor until a moment, or until the end if that comes first. Returns whether it is ready.
    func wait(for descriptor: Int32, _ readiness: Readiness, until milliseconds: UInt64) -> Bool {
        while true {
            let end = end.load(ordering: .acquiring)
            let (limit, now) = (min(milliseconds, end), BootClock.milliseconds())
            let left = Int32(clamping: limit > now ? limit - now : 0)
            // The bell goes on ringing once closing has begun, and has nothing more to say then.
            if bell.wait(for: descriptor, readiness, listening: end == .max, milliseconds: left) { return true }
            if left == 0 { return false }
        }
    }

    /// Waits for a descriptor until a moment, or until closing begins. Without a descriptor, -1, it does nothing meanwhile.
    func waitIdly(for descriptor: Int32, until milliseconds: UInt64) {
        while !hasBegun {
            let now = BootClock.milliseconds()
            guard now < milliseconds else { return }
            let left = Int32(clamping: milliseconds - now)
            if bell.wait(for: descriptor, .readable, milliseconds: left) { return }
        }
    }

    /// Does nothing until a moment, or until closing begins.
    func pause(until milliseconds: UInt64) { waitIdly(for: -1, until: milliseconds) }
}
