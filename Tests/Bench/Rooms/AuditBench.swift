// What one line of the audit log costs the loop's thread.
import Audit
import Kernel
import Sealing
import SecureMemory

enum AuditBench {
    /// Takes lines on and forgets them.
    private final class Nowhere: AuditSink {
        let name: StaticString = "nowhere"

        func write(_ lines: Span<UInt8>) -> Bool { true }
    }

    /// How many lines there are in a turn of a busy loop.
    private static let linesATurn = 8

    static func run(rounds: Int, events: Int) throws {
        try measure("audit_event", rounds, events, sink: nil)
        try measure("audit_event_with_sink", rounds, events, sink: Nowhere())
        // As many kinds as are told apart, and then more.
        try measureLooks("audit_look_again", rounds, kinds: 512, networks: 1)
        try measureLooks("audit_look_of_too_many", rounds, kinds: 4096, networks: 64)
    }

    /// Looks at receipts, of which all were told of before: each is counted and has no line.
    private static func measureLooks(_ name: String, _ rounds: Int, kinds: Int, networks: Int) throws {
        let log = try log(SecureArena(capacity: 64 << 10))
        var events: [(event: AuditEvent, keyName: String)] = []
        for number in 0..<kinds {
            var event = AuditEvent(.receiptLook)
            event.address = SocketAddress("203.0.\(number % networks).77:1")?.bytes
            event.receipt = RecordID(
                high: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, low: UInt64(number) &* 0xbf58_476d_1ce4_e5b9)
            event.secret = event.receipt
            events.append((event, "a-key-of-usual-length-\(number % 7)"))
        }
        for (event, name) in events { log.recordLook(event, keyName: name, now: at(0)) }
        var costs: [Double] = []
        for _ in 0..<rounds {
            let begin = ownNanoseconds()
            for (event, name) in events { log.recordLook(event, keyName: name, now: at(0)) }
            costs.append(Double(ownNanoseconds() - begin) / Double(events.count))
        }
        Figures.print(name, costs.median / 1000, "us", limit: "0.8")
    }

    private static func log(_ arena: SecureArena) throws -> AuditLog {
        let key = try SigningKey(arena: arena).publicKey
        let start = AuditStart(version: "0", memory: "mlock", listening: "127.0.0.1:7143")
        return try AuditLog(settings: AuditSettings(), start: start, key: key, arena: arena, now: at(0))
    }

    private static func measure(_ name: String, _ rounds: Int, _ events: Int, sink: (any AuditSink)?) throws {
        let log = try log(SecureArena(capacity: 64 << 10))
        if let sink { try log.attach(sink, queueBytes: 256 << 10) }
        var event = AuditEvent(.reveal)
        event.address = SocketAddress("203.0.113.77:1")?.bytes
        var costs: [Double] = []
        for round in 0..<rounds {
            let begin = ownNanoseconds()
            for number in 0..<events {
                event.secret = RecordID(high: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, low: 0)
                log.record(event, now: at(UInt64(round * events + number) / 50))
                if number % linesATurn == 0 { log.publish(now: UInt64(number)) }
            }
            costs.append(Double(ownNanoseconds() - begin) / Double(events))
        }
        Figures.print(name, costs.median / 1000, "us", limit: "0.8")
        _ = log.close(within: 1000)
    }
}
