// Lines on their way to a receiver that keeps nobody waiting: the loop hands them on itself, so that no second thread is needed.
internal import HTTPWire
internal import Kernel

/// A bounded queue that is emptied into a pipe or a socket, or handed to a sink that only queues it, at most some hundred times a
/// second while there is room. Belongs to the loop's thread.
///
/// A process with one thread is faster in all that it does: neither the allocator nor the kernel's table of descriptors has to reckon with
/// another one.
final class DirectQueue: ReceiverQueue {
    private enum Target: ~Copyable {
        case output(NonblockingOutput)
        case sink(any AuditQueueSink)

        /// Hands on whole lines, as many as will not be torn apart. Returns how many bytes were taken; nil where there is no room.
        func take(_ lines: Span<UInt8>) throws(Errno) -> Int? {
            switch self {
            case .output(let output):
                let most = output.wholeCount
                let piece = lines.extracting(first: AuditLog.wholeLines(of: lines, within: most))
                return try output.write(piece, upTo: most)
            case .sink(let sink):
                let count = sink.take(lines)
                return count > 0 ? count : nil
            }
        }

        func missed(_ count: UInt64) {
            switch self {
            case .output: break
            case .sink(let sink): sink.missed(count)
            }
        }

        /// Waits until there is room, for so long at most. Returns whether there may be.
        func waitForRoom(milliseconds: Int) -> Bool {
            switch self {
            case .output(let output): return output.waitForRoom(milliseconds: milliseconds)
            case .sink:
                // Nothing tells.
                BootClock.pause(milliseconds: 1)
                return true
            }
        }
    }

    let name: StaticString
    let descriptor: Int32?
    private let target: Target
    private let capacity: Int
    private let longestPause: UInt64
    /// What is written, from where it lies; and what came since. Two that take turns: to move what waits to the beginning of one would
    /// take the loop milliseconds where much waits.
    private var lines: [UInt8] = []
    private var newer: [UInt8] = []
    /// How many bytes of `lines` are written.
    private var written = 0
    /// When to write the next time, in milliseconds of the monotonic clock, unless enough is there before.
    private var due: UInt64 = 0
    /// How long the reader is given to make room, in milliseconds; nil while he has some.
    private var pause: UInt64?

    /// How long lines wait for others to be written with, in milliseconds at most.
    private static let linger: UInt64 = 5
    /// How many bytes wait for no others, unless half of the queue is less.
    private static let enough = 128 << 10
    /// How often is written at one time at most: the loop has others to serve.
    private static let writesAtOnce = 64
    /// How long is waited before it is tried again what was not taken, in milliseconds, at first and at last. A socket or a pipe that holds
    /// little is full again and again while its reader keeps up. To ask a sink costs next to nothing.
    private static let pauses: (first: UInt64, last: UInt64) = (1, 1000)
    private static let longestPauseOfSink: UInt64 = 32

    /// A queue for so many bytes to a descriptor that a sink is for. The system backs its memory as it is filled, up to twice of that.
    convenience init(_ output: consuming NonblockingOutput, _ sink: DescriptorSink, capacity: Int) {
        self.init(.output(output), sink.name, sink.descriptor, Self.pauses.last, capacity)
    }

    /// The same to a sink that only queues.
    convenience init(_ sink: any AuditQueueSink, capacity: Int) {
        self.init(.sink(sink), sink.name, nil, Self.longestPauseOfSink, capacity)
    }

    private init(
        _ target: consuming Target, _ name: StaticString, _ descriptor: Int32?, _ longestPause: UInt64, _ capacity: Int
    ) {
        (self.name, self.descriptor) = (name, descriptor)
        self.longestPause = longestPause
        self.target = target
        self.capacity = capacity
        lines.reserveCapacity(capacity)
        newer.reserveCapacity(capacity)
    }

    private var waiting: Int { lines.count - written + newer.count }

    var hasRoom: Bool { waiting <= capacity / 2 }

    func offer(_ offered: Span<UInt8>, count: UInt64) -> UInt64 {
        var (accepted, place) = (0 as UInt64, 0)
        while true {
            let rest = offered.extracting(droppingFirst: place)
            let (some, size) = AuditLog.lines(of: rest, count: count - accepted, within: capacity - waiting)
            // There is memory for all that there is room for.
            newer.append(addingCapacity: size) { $0.append(copying: rest.extracting(first: size)) }
            accepted += some
            place += size
            guard accepted < count, pause == nil else { return accepted }
            // More may come in one turn than may wait, and the reader has nothing of it yet.
            let before = waiting
            _ = write()
            guard waiting < before else { return accepted }
        }
    }

    func flush(now: UInt64) -> UInt64? {
        guard waiting > 0 else { return nil }
        guard now >= due || pause == nil && waiting >= min(Self.enough, capacity / 2) else { return due }
        let before = waiting
        guard write() else {
            let pause = waiting < before ? Self.pauses.first : self.pause ?? Self.pauses.first
            due = now + pause
            self.pause = min(pause * 2, longestPause)
            return due
        }
        pause = nil
        if waiting == 0 {
            // The next lines go to the memory that was in use just now: it is in the processor's caches.
            lines.removeAll(keepingCapacity: true)
            swap(&lines, &newer)
            written = 0
        }
        // An alarm for the same moment would not be set again.
        due = now + (waiting > 0 ? 1 : Self.linger)
        return waiting > 0 ? due : nil
    }

    /// Writes what waits, at most ``writesAtOnce`` times. Returns false where there was no room for all of that.
    private func write() -> Bool {
        for _ in 0..<Self.writesAtOnce where waiting > 0 {
            // Where nobody reads any more, somebody may again.
            guard let isTaken = try? hand(), isTaken else { return false }
        }
        return true
    }

    /// Has the target take a piece. Returns false where there is no room for it.
    private func hand() throws(Errno) -> Bool {
        if written == lines.count {
            lines.removeAll(keepingCapacity: true)
            swap(&lines, &newer)
            written = 0
        }
        guard let count = try Self.hand(lines, from: written, to: target) else { return false }
        written += count
        return true
    }

    private static func hand(
        _ lines: borrowing [UInt8], from start: Int, to target: borrowing Target
    ) throws(Errno) -> Int? {
        try target.take(lines.span.extracting(droppingFirst: start))
    }

    func close(by deadline: UInt64, waiting milliseconds: UInt64) -> QueueEnd {
        let end = min(deadline, BootClock.milliseconds() + milliseconds)
        while waiting > 0 {
            do throws(Errno) {
                if try hand() { continue }
            } catch {
                return .failed
            }
            let now = BootClock.milliseconds()
            guard now < end else { return .waits }
            guard target.waitForRoom(milliseconds: Int(clamping: end - now)) else { return .waits }
        }
        return .done
    }

    func missed(_ count: UInt64) {
        target.missed(count)
    }

    func giveUp() {
        var count: UInt64 = 0
        for index in written..<lines.count where lines[index] == 0x0A { count += 1 }
        for byte in newer where byte == 0x0A { count += 1 }
        missed(count)
    }
}
