// What receivers get of the log that hold little, stall, read late, or are several.
import Foundation
import Kernel
import Synchronization
import TestRandomness
import Testing

@testable import Audit

/// Somebody who reads the log from a pipe or a socket, when and as much as the test says.
private final class Receiver: Sendable {
    private let reader: FileDescriptor
    private let writer: FileDescriptor
    private let text = Mutex([UInt8]())

    /// What the log is given.
    var output: Int32 { writer.rawValue }

    init(_ ends: (Int32, Int32)) {
        reader = FileDescriptor(owning: ends.0)
        writer = FileDescriptor(owning: ends.1)
        _ = fcntl(ends.0, F_SETFL, O_NONBLOCK)
    }

    static func pipe() throws -> Receiver {
        var ends: [Int32] = [0, 0]
        try #require(unsafe Glibc.pipe(&ends) == 0)
        return Receiver((ends[0], ends[1]))
    }

    /// A socket that holds at most so many bytes for its reader, as the system counts them.
    static func socket(holding size: Int32) throws -> Receiver {
        var ends: [Int32] = [0, 0]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        var size = size
        try #require(unsafe setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, 4) == 0)
        return Receiver((ends[0], ends[1]))
    }

    static func terminal() throws -> Receiver {
        let reader = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h, which Swift does not know.
        var (isLocked, number): (Int32, Int32) = (0, 0)
        try #require(unsafe ioctl(reader, 0x4004_5431, &isLocked) == 0)
        try #require(unsafe ioctl(reader, 0x8004_5430, &number) == 0)
        let writer = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        var settings = termios()
        try #require(unsafe tcgetattr(writer, &settings) == 0)
        unsafe cfmakeraw(&settings)
        try #require(unsafe tcsetattr(writer, TCSANOW, &settings) == 0)
        return Receiver((reader, writer))
    }

    /// Reads what there is, so many bytes at most. Returns how many there were.
    @discardableResult
    func read(_ most: Int = .max) -> Int {
        var taken = 0
        var part = [UInt8](repeating: 0, count: 4096)
        while taken < most {
            let count = unsafe Glibc.read(reader.rawValue, &part, min(part.count, most - taken))
            guard count > 0 else { break }
            taken += count
            let found = part.prefix(count)
            text.withLock { $0 += found }
        }
        return taken
    }

    /// Has a thread read until the given time is over, in milliseconds, again and again with a pause between.
    func keepReading(for milliseconds: UInt64) {
        let end = BootClock.milliseconds() + milliseconds
        Thread.detachNewThread {
            while BootClock.milliseconds() < end {
                self.read(65536)
                usleep(1000)
            }
        }
    }

    /// All lines that were read.
    var lines: [String] {
        String(decoding: text.withLock { $0 }, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

@Suite struct ReceiverTests {
    /// A log that remembers all that these tests write.
    private static func desk() throws -> Desk {
        var settings = AuditSettings()
        settings.ringBytes = 8 << 20
        return try Desk(settings)
    }

    @Test func `the first line needs no other one to be handed on`() throws {
        let desk = try Self.desk()
        let receiver = try Receiver.pipe()
        try desk.log.attach(descriptor: receiver.output, queueBytes: 8192)
        desk.log.publish(now: desk.now.milliseconds)
        receiver.read()
        #expect(receiver.lines == desk.lines())
    }

    @Test func `a socket that holds little loses nothing while its reader keeps up`() throws {
        let desk = try Self.desk()
        let receiver = try Receiver.socket(holding: 16 << 10)
        try desk.log.attach(descriptor: receiver.output, queueBytes: 64 << 10)
        for _ in 0..<200 {
            for _ in 0..<20 { desk.log.record(AuditEvent(.create), now: desk.now) }
            desk.log.publish(now: desk.now.milliseconds)
            receiver.read()
            desk.pass(milliseconds: 1)
        }
        receiver.keepReading(for: 500)
        #expect(desk.log.dropped == 0 && desk.log.close(within: 5000) == 0)
        usleep(10000)
        receiver.read()
        #expect(receiver.lines == desk.lines())
    }

    @Test(arguments: [3072, 16384]) func `more lines in one turn than may wait are written while there is room`(
        queueBytes: Int
    ) throws {
        let desk = try Self.desk()
        let receiver = try Receiver.pipe()
        try desk.log.attach(descriptor: receiver.output, queueBytes: queueBytes)
        for _ in 0..<150 { desk.log.record(AuditEvent(.expire), now: desk.now) }
        desk.log.publish(now: desk.now.milliseconds)
        receiver.read()
        #expect(desk.log.dropped == 0 && receiver.lines == desk.lines())
    }

    @Test func `what is too much for one turn goes on in the next one, at a later moment`() throws {
        let desk = try Self.desk()
        let nowhere = FileDescriptor(owning: unsafe open("/dev/null", O_WRONLY))
        try desk.log.attach(descriptor: nowhere.rawValue, queueBytes: 4 << 20)
        for _ in 0..<2000 { desk.log.record(AuditEvent(.create), now: desk.now) }
        desk.log.publish(now: desk.now.milliseconds)
        let due = try #require(desk.log.nextDue)
        #expect(due > desk.now.milliseconds && due <= desk.now.milliseconds + 5)
    }

    @Test func `a receiver that is far behind costs the loop no more than another one`() throws {
        func processorTime() -> UInt64 {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        /// What it takes to go on while so many bytes wait, in nanoseconds.
        func cost(behind capacity: Int) throws -> UInt64 {
            let receiver = try Receiver.pipe()
            let output = NonblockingOutput(receiver.output)
            let queue = DirectQueue(output, DescriptorSink(receiver.output), capacity: capacity)
            let line = [UInt8](repeating: 0x78, count: 255) + [0x0A]
            var lines: [UInt8] = []
            lines.reserveCapacity(capacity)
            for _ in 0..<capacity / 256 { lines += line }
            let accepted = queue.offer(lines.span, count: UInt64(capacity / 256))
            #expect(accepted == UInt64(capacity / 256))
            var now: UInt64 = 1
            let start = processorTime()
            for _ in 0..<100 {
                now += 2000
                _ = queue.flush(now: now)
                _ = queue.offer(lines.span.extracting(first: 8192), count: 32)
                receiver.read(8192)
            }
            return processorTime() - start
        }
        let few = try cost(behind: 256 << 10)
        #expect(try cost(behind: 64 << 20) < 8 * few)
    }

    @Test func `who stalls at the end does not take the time of who reads`() throws {
        let desk = try Self.desk()
        let (stalled, slow) = (try Receiver.pipe(), try Receiver.pipe())
        for receiver in [stalled, slow] { try desk.log.attach(descriptor: receiver.output, queueBytes: 4 << 20) }
        for _ in 0..<3000 { desk.record(AuditEvent(.create)) }
        slow.keepReading(for: 2000)
        #expect(desk.log.close(within: 1500) == 1)
        usleep(50000)
        slow.read()
        #expect(slow.lines == desk.lines())
    }

    @Test func `who got all that waited at the end, but not what came after it, did not get all`() throws {
        let desk = try Self.desk()
        let receiver = try Receiver.pipe()
        try desk.log.attach(descriptor: receiver.output, queueBytes: 8192)
        for _ in 0..<3000 { desk.record(AuditEvent(.create)) }
        #expect(desk.log.dropped > 0)
        receiver.keepReading(for: 1000)
        #expect(desk.log.close(within: 900) == 1)
    }

    @Test func `a terminal is waited for by a thread`() throws {
        let desk = try Self.desk()
        let receiver = try Receiver.terminal()
        try desk.log.attach(descriptor: receiver.output, queueBytes: 1 << 20)
        for _ in 0..<1000 { desk.record(AuditEvent(.create)) }
        #expect(desk.log.nextDue == nil)
        receiver.keepReading(for: 5000)
        #expect(desk.log.close(within: 5000) == 0 && desk.log.dropped == 0)
        usleep(50000)
        receiver.read()
        #expect(receiver.lines == desk.lines())
    }

    @Test(arguments: 0..<8) func `each of several receivers is told of its own gaps, whoever stalls`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let desk = try Self.desk()
        let receivers = [try Receiver.pipe(), try Receiver.socket(holding: 8 << 10), try Receiver.pipe()]
        let queues = [3072, 20 << 10, 100 << 10]
        for (receiver, queue) in zip(receivers, queues) {
            try desk.log.attach(descriptor: receiver.output, queueBytes: queue)
        }
        var reading = [true, true, true]
        for _ in 0..<400 {
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                desk.log.record(AuditEvent(.reveal), now: desk.now)
            }
            desk.log.publish(now: desk.now.milliseconds)
            desk.pass(milliseconds: .random(in: 0...30, using: &random))
            for index in 0..<3 {
                if Int.random(in: 0..<20, using: &random) == 0 { reading[index].toggle() }
                if reading[index] { receivers[index].read(.random(in: 1...60000, using: &random)) }
            }
        }
        // Until all are told of all that they miss.
        for _ in 0..<200 {
            for receiver in receivers { receiver.read() }
            desk.pass(milliseconds: 1000)
            desk.record(AuditEvent(.reveal))
        }
        #expect(desk.log.close(within: 1000) == 0)
        #expect(desk.log.dropped > 0)
        var missing: UInt64 = 0
        for receiver in receivers {
            receiver.read()
            let told = try verifier(receiver.lines).missing
            #expect(UInt64(receiver.lines.count) + told == desk.log.count)
            missing += told
        }
        #expect(missing == desk.log.dropped)
    }
}
