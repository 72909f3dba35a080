// What the log asks of a queue that takes its lines to a receiver, and how lines are cut.

/// Lines on their way to one receiver. Called by the loop's thread, which never waits but at the end.
protocol ReceiverQueue: AnyObject {
    /// What the receiver is called in the log when it was too slow.
    var name: StaticString { get }
    /// The number of the descriptor that is written to; nil where there is none, or the name says it.
    var descriptor: Int32? { get }
    /// Whether at most half of the room is taken.
    var hasRoom: Bool { get }

    /// Queues so many whole lines, or as many of them as there is room for. Returns how many.
    func offer(_ lines: Span<UInt8>, count: UInt64) -> UInt64

    /// Hands on what waits, if it is time, in milliseconds of the monotonic clock. Returns when it is to be called again; nil where nothing
    /// waits, or for nobody's call.
    func flush(now: UInt64) -> UInt64?

    /// Has everything handed on until a moment of `BootClock`, and waits for that, but for so many milliseconds at most: others want to
    /// hand on theirs, too. To be called again while it ``QueueEnd/waits``.
    func close(by deadline: UInt64, waiting milliseconds: UInt64) -> QueueEnd

    /// Told how many lines it was not offered, or did not take.
    func missed(_ count: UInt64)

    /// Told that the time for what waits is over.
    func giveUp()
}

extension ReceiverQueue {
    /// Nothing: the log counts them.
    func missed(_ count: UInt64) {}
    /// Nothing: the log says so.
    func giveUp() {}
}

/// How far a queue is at its end.
enum QueueEnd {
    /// Everything is handed on.
    case done
    /// The receiver has no room right now.
    case waits
    /// Nobody reads any more.
    case failed
}

extension AuditLog {
    /// How many of so many lines are whole within so many bytes, and how many bytes these are.
    static func lines(of lines: Span<UInt8>, count: UInt64, within room: Int) -> (count: UInt64, size: Int) {
        if lines.count <= room { return (count, lines.count) }
        let size = wholeLines(of: lines, within: room)
        var whole: UInt64 = 0
        for index in 0..<size where lines[index] == 0x0A { whole += 1 }
        return (whole, size)
    }

    /// How many bytes the whole lines take that there are within so many.
    static func wholeLines(of lines: Span<UInt8>, within room: Int) -> Int {
        var end = max(0, min(lines.count, room))
        while end > 0, lines[end - 1] != 0x0A { end -= 1 }
        return end
    }
}
