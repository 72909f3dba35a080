// What reaches a pipe that the loop itself writes to, and when.
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Audit

@Suite struct DirectTests {
    /// A pipe, and the end of it that the log is given.
    private final class Plumbing {
        private let pipe = Pipe()
        let output: Int32

        init() {
            output = pipe.fileHandleForWriting.fileDescriptor
            _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
        }

        /// All lines that are there.
        func lines() -> [String] {
            var text: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = unsafe read(pipe.fileHandleForReading.fileDescriptor, &part, part.count)
                guard count > 0 else { return DirectTests.lines(text) }
                text += part.prefix(count)
            }
        }
    }

    private static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `a line is written at the end of its turn, and the next ones together some milliseconds later`() throws {
        let desk = try Desk()
        let pipe = Plumbing()
        try desk.log.attach(descriptor: pipe.output, queueBytes: 1 << 20)
        desk.log.record(AuditEvent(.create), now: desk.now)
        #expect(pipe.lines().isEmpty, "the turn is not over")
        desk.log.publish(now: desk.now.milliseconds)
        #expect(pipe.lines() == desk.lines() && desk.log.nextDue == nil)
        desk.pass(milliseconds: 1)
        for _ in 0..<3 { desk.record(AuditEvent(.reveal)) }
        let due = try #require(desk.log.nextDue)
        #expect(pipe.lines().isEmpty && due > desk.now.milliseconds && due <= desk.now.milliseconds + 5)
        desk.log.publish(now: due - 1)
        #expect(pipe.lines().isEmpty)
        desk.log.publish(now: due)
        #expect(pipe.lines() == desk.lines(from: 2) && desk.log.nextDue == nil)
    }

    @Test func `many lines wait for no moment, and come whole and in order`() throws {
        let desk = try Desk()
        let pipe = Plumbing()
        try desk.log.attach(descriptor: pipe.output, queueBytes: 1 << 20)
        var found: [String] = []
        for _ in 0..<2000 {
            desk.record(AuditEvent(.reveal))
            found += pipe.lines()
        }
        #expect(found.count > 1500, "the clock stood still")
        #expect(desk.log.close(within: 1000) == 0)
        found += pipe.lines()
        #expect(found == desk.lines() && desk.log.dropped == 0)
    }

    @Test func `a reader that stalls keeps nobody waiting, and a line tells what it missed`() throws {
        let desk = try Desk()
        let pipe = Plumbing()
        try desk.log.attach(descriptor: pipe.output, queueBytes: 8192)
        let start = BootClock.milliseconds()
        // More than a pipe and the queue hold together.
        for _ in 0..<5000 {
            desk.pass(milliseconds: 1)
            desk.record(AuditEvent(.create))
        }
        #expect(BootClock.milliseconds() - start < 5000)
        #expect(desk.log.dropped > 1000)
        var found = pipe.lines()
        while found.last?.contains("\"gap\"") != true, found.count < 5000 {
            desk.pass(milliseconds: 1000)
            desk.record(AuditEvent(.reveal))
            desk.log.publish(now: desk.now.milliseconds + 1000)
            found += pipe.lines()
            if found.contains(where: { $0.contains("\"gap\"") }) { break }
        }
        #expect(desk.log.close(within: 1000) == 0)
        found += pipe.lines()
        let gap = try #require(found.first { $0.contains("\"event.action\":\"gap\"") })
        #expect(gap.contains("\"onetime.audit.missing\":\(desk.log.dropped)"))
        #expect(gap.contains("\"onetime.audit.sink\":\"fd:\(pipe.output)\""))
        #expect(UInt64(found.count) + desk.log.dropped == desk.log.count)
        #expect(try verifier(found).missing == desk.log.dropped)
    }

    @Test func `what a sink's own queue has no room for is told in a line, each time, and to the sink`() throws {
        let desk = try Desk()
        let sink = NarrowSink()
        desk.log.attach(sink, queueBytes: 8192)
        for _ in 0..<3 {
            sink.fill(10_000)
            for _ in 0..<200 { desk.record(AuditEvent(.create)) }
            // The last of these are handed on a while after there is room.
            sink.fill(1 << 20)
            for _ in 0..<20 {
                desk.pass(milliseconds: 40)
                desk.record(AuditEvent(.reveal))
            }
        }
        #expect(desk.log.close(within: 1000) == 0)
        let found = sink.lines
        let gaps = found.filter { $0.contains("\"event.action\":\"gap\"") }
        #expect(gaps.count == 3 && gaps.allSatisfy { $0.contains("\"onetime.audit.sink\":\"narrow\"") })
        #expect(desk.log.dropped > 100 && sink.missed == desk.log.dropped)
        #expect(UInt64(found.count) + sink.missed == desk.log.count)
        #expect(try verifier(found).missing == sink.missed)
        #expect(try verdict(found.filter { !gaps.contains($0) }) != nil)
    }

    @Test func `what waits for a sink at the end and is not taken is counted by it`() throws {
        let desk = try Desk()
        let sink = NarrowSink()
        desk.log.attach(sink, queueBytes: 8192)
        for _ in 0..<200 { desk.record(AuditEvent(.create)) }
        #expect(desk.log.close(within: 50) == 1)
        #expect(sink.lines.isEmpty && sink.missed == desk.log.count)
    }

    @Test func `a reader that stalls for ever does not hold up the end`() throws {
        let desk = try Desk()
        let pipe = Plumbing()
        try desk.log.attach(descriptor: pipe.output, queueBytes: 8192)
        for _ in 0..<5000 { desk.record(AuditEvent(.create)) }
        let start = BootClock.milliseconds()
        #expect(desk.log.close(within: 100) == 1)
        #expect(BootClock.milliseconds() - start < 2000)
    }

    @Test func `a reader that is gone is tried again now and then`() throws {
        signal(SIGPIPE, SIG_IGN)
        let desk = try Desk()
        var pipe: Plumbing? = Plumbing()
        let output = FileDescriptor(owning: dup(try #require(pipe?.output)))
        try desk.log.attach(descriptor: output.rawValue, queueBytes: 8192)
        pipe = nil
        for _ in 0..<100 { desk.record(AuditEvent(.create)) }
        #expect(desk.log.dropped > 0)
        let due = try #require(desk.log.nextDue)
        #expect(due > desk.now.milliseconds && due <= desk.now.milliseconds + 1000)
        #expect(desk.log.close(within: 100) == 1)
    }

    @Test func `a file is written to by a thread, which may wait for the disk`() throws {
        let desk = try Desk()
        let path = NSTemporaryDirectory() + "onetime-audit-\(UUID().uuidString)"
        try #require(FileManager.default.createFile(atPath: path, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try #require(FileHandle(forWritingAtPath: path))
        try desk.log.attach(descriptor: file.fileDescriptor, queueBytes: 1 << 20)
        for _ in 0..<1000 { desk.record(AuditEvent(.reveal)) }
        #expect(desk.log.nextDue == nil)
        #expect(desk.log.close(within: 5000) == 0)
        #expect(Self.lines([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) == desk.lines())
    }
}

/// Takes what it is told that it has room for.
private final class NarrowSink: AuditQueueSink {
    let name: StaticString = "narrow"
    private let state = Mutex((bytes: [UInt8](), room: 0, missed: UInt64(0)))

    func take(_ lines: Span<UInt8>) -> Int {
        state.withLock { state in
            let size = AuditLog.wholeLines(of: lines, within: state.room)
            state.room -= size
            for index in 0..<size { state.bytes.append(lines[index]) }
            return size
        }
    }

    func missed(_ count: UInt64) { state.withLock { $0.missed += count } }

    func fill(_ room: Int) { state.withLock { $0.room = room } }

    var missed: UInt64 { state.withLock { $0.missed } }
    var lines: [String] {
        state.withLock { String(decoding: $0.bytes, as: UTF8.self) }.split(separator: "\n").map(String.init)
    }
}
