// What is kept, what is handed on, and what is said of lines that were not.
import Kernel
import Sealing
import Testing

@testable import Audit

@Suite struct LogTests {
    @Test func `memory keeps the newest lines and says where they begin`() throws {
        var settings = AuditSettings()
        settings.ringBytes = 8192
        let desk = try Desk(settings)
        for _ in 0..<100 { desk.record(AuditEvent(.create)) }
        let lines = desk.lines()
        #expect(desk.log.count == 101)
        #expect(lines.count == 101 - Int(desk.log.overwritten))
        #expect(lines.reduce(0) { $0 + $1.utf8.count + 1 } <= 8192)
        #expect(lines.first?.contains("\"event.sequence\":\(desk.log.overwritten),") == true)
        #expect(lines.last?.contains("\"event.sequence\":100,") == true)
        #expect(lines.last?.contains(Certifier.digits(desk.log.head)) == true)
    }

    @Test func `lines are read in parts from any number on`() throws {
        let desk = try Desk()
        for _ in 0..<50 { desk.record(AuditEvent(.reveal)) }
        let all = desk.lines()
        #expect(all.count == 51)
        for part in [AuditLog.lineBound, 2000, 100_000] {
            #expect(desk.lines(from: 17, part: part) == Array(all[17...]))
        }
        #expect(desk.lines(from: 51).isEmpty)
        #expect(desk.lines(from: .max).isEmpty)
    }

    @Test func `any line is found by its number wherever the ring begins`() throws {
        var settings = AuditSettings()
        settings.ringBytes = 200_001
        let desk = try Desk(settings)
        for round in 0..<3000 {
            desk.record(AuditEvent(.reveal))
            guard round % 100 == 99 else { continue }
            let oldest = desk.log.overwritten
            for number in stride(from: oldest, to: desk.log.count, by: 37) {
                var position = desk.log.position(of: number)
                #expect(position.sequence == number)
                let bytes = [UInt8](capacity: 4096) { _ = desk.log.read(from: &position, into: &$0) }
                #expect(String(decoding: bytes, as: UTF8.self).contains("\"event.sequence\":\(number),"))
            }
            #expect(desk.log.position(of: .max).sequence == desk.log.count)
            #expect(oldest == 0 || desk.log.position(of: oldest - 1).sequence == oldest)
        }
        #expect(desk.log.overwritten > 2000)
    }

    @Test func `a reader who is overtaken learns how much he missed`() throws {
        var settings = AuditSettings()
        settings.ringBytes = 4096
        let desk = try Desk(settings)
        var position = desk.log.position(of: 0)
        for _ in 0..<100 { desk.record(AuditEvent(.reveal)) }
        var count = 0
        _ = [UInt8](capacity: 4096) { count = desk.log.read(from: &position, into: &$0) }
        #expect(position.missed == desk.log.overwritten)
        #expect(position.missed + UInt64(count) == 101)
        #expect(position.sequence == 101)
    }

    @Test func `without memory nothing is kept`() throws {
        var settings = AuditSettings()
        settings.ringBytes = 0
        let desk = try Desk(settings)
        desk.record(AuditEvent(.create))
        #expect(desk.lines().isEmpty)
        #expect(desk.log.count == 2)
    }

    @Test func `a sink gets every line in order`() throws {
        let desk = try Desk()
        let sink = KeepingSink()
        try desk.log.attach(sink, queueBytes: 1 << 20)
        for _ in 0..<500 { desk.record(AuditEvent(.create)) }
        #expect(desk.log.close(within: 5000) == 0)
        #expect(sink.text.split(separator: "\n").map(String.init) == desk.lines())
        #expect(desk.log.dropped == 0)
    }

    @Test func `a sink that stalls delays nobody and a line tells what it missed`() throws {
        let desk = try Desk()
        let sink = KeepingSink()
        sink.shut(true)
        try desk.log.attach(sink, queueBytes: 8192)
        for _ in 0..<200 { desk.record(AuditEvent(.create)) }
        let missed = desk.log.dropped
        #expect(missed > 150)
        sink.shut(false)
        // Once the queue has room again, the next event is preceded by a line that tells.
        var tries = 0
        while desk.log.dropped < desk.log.count, !sink.text.contains("\"gap\""), tries < 500 {
            try pause()
            desk.record(AuditEvent(.reveal))
            tries += 1
        }
        #expect(desk.log.close(within: 5000) == 0)
        let lines = sink.text.split(separator: "\n").map(String.init)
        let gap = try #require(lines.first { $0.contains("\"event.action\":\"gap\"") })
        #expect(gap.contains("\"onetime.audit.missing\":\(desk.log.dropped)"))
        #expect(gap.contains("\"onetime.audit.sink\":\"test\""))
        #expect(UInt64(lines.count) + desk.log.dropped == desk.log.count)
        #expect(try verdict(lines) == nil)
        #expect(try verifier(lines).missing == desk.log.dropped)
        // Without the line that tells, it is an ordinary gap.
        #expect(try verdict(lines.filter { $0 != gap }) != nil)
    }

    @Test func `a sink that never takes anything does not hold up the end`() throws {
        let desk = try Desk()
        let sink = KeepingSink()
        sink.shut(true)
        try desk.log.attach(sink, queueBytes: 8192)
        let start = BootClock.milliseconds()
        #expect(desk.log.close(within: 200) == 1)
        #expect(BootClock.milliseconds() - start < 2000)
        sink.shut(false)
    }

    @Test(arguments: [("stdout", AuditTarget.descriptor(1)), ("memory", .memory), ("fd:3", .descriptor(3))])
    func `targets are read from their texts`(_ text: String, target: AuditTarget) {
        #expect(AuditTarget(text) == target)
    }

    @Test(arguments: ["", "fd:", "fd:0", "fd:-1", "fd:x", "file.log", "fd:70000"])
    func `other texts are no targets`(_ text: String) {
        #expect(AuditTarget(text) == nil)
    }

    private func pause() throws {
        let events = try EventQueue(eventsPerTurn: 1)
        _ = try events.wait(milliseconds: 10)
    }
}

/// What a verifier knows once it saw these lines.
func verifier(
    _ lines: [String], allowsPartial: Bool = false, expectation: ChainVerifier.Expectation? = nil
) throws -> ChainVerifier {
    var verifier = try ChainVerifier(allowsPartial: allowsPartial, expectations: expectation.map { [$0] } ?? [])
    for line in lines { try verifier.check(Array(line.utf8).span) }
    try verifier.finish()
    return verifier
}

/// What a verifier finds wrong with these lines.
func verdict(
    _ lines: [String], allowsPartial: Bool = false, expectation: ChainVerifier.Expectation? = nil
) throws -> ChainFault? {
    do {
        _ = try verifier(lines, allowsPartial: allowsPartial, expectation: expectation)
        return nil
    } catch let fault as ChainFault {
        return fault
    }
}
