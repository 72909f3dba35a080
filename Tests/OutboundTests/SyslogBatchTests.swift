// Messages of syslog: how they look, and which of them are sent again where a connection breaks.
import Testing

@testable import Outbound

@Suite struct SyslogBatchTests {
    private let lines = [
        #"{"@timestamp":"2026-11-23T20:17:00.123Z","event.action":"reveal","event.outcome":"success"}"#,
        #"{"@timestamp":"2026-11-23T20:17:01Z","event.action":"burn","event.outcome":"failure"}"#,
        #"{"@timestamp":"2026-11-23T20:17:02.1Z","event.action":"create","label":"Zoë"}"#,
        #"{"@timestamp":"2026-11-23T20:17:03Z"}"#,
    ]
    private let messages = [
        "<134>1 2026-11-23T20:17:00.123Z unit.example onetime-lite - reveal - ",
        "<132>1 2026-11-23T20:17:01Z unit.example onetime-lite - burn - ",
        "<134>1 2026-11-23T20:17:02.1Z unit.example onetime-lite - create - \u{FEFF}",
        "<134>1 2026-11-23T20:17:03Z unit.example onetime-lite - - - ",
    ]

    @Test func `messages follow each other behind their lengths, by lines, or as they are`() throws {
        let whole = zip(messages, lines).map { $0 + $1 }
        #expect(try framed(.counted).wire == Array(whole.map { "\($0.utf8.count) \($0)" }.joined().utf8))
        #expect(try framed(.lines).wire == Array(whole.map { $0 + "\n" }.joined().utf8))
        let datagrams = try framed(.datagram)
        #expect(datagrams.wire == Array(whole.joined().utf8))
        #expect(datagrams.ends == whole.indices.map { whole[...$0].joined().utf8.count })
    }

    @Test(arguments: [SyslogBatch.Framing.counted, .lines])
    func `wherever a connection breaks, what went whole is counted once, and the next one begins with what was cut`(
        _ framing: SyslogBatch.Framing
    ) throws {
        let all = try framed(framing)
        for cut in 0...all.wire.count {
            var batch = all
            // In three pieces, as the kernel may take it.
            let pieces = [cut / 3, cut / 2 - cut / 3, cut - cut / 2]
            let gone = pieces.reduce(0) { $0 + batch.went(bytes: $1) }
            #expect(gone == all.ends.count { $0 <= cut })
            #expect(batch.isEmpty == (gone == lines.count) && batch.hasGone == batch.isEmpty)
            guard !batch.isEmpty else { continue }
            batch.frame(framing == .counted ? .lines : .counted)
            batch.frame(framing)
            #expect(batch.wire == Array(all.wire[(gone > 0 ? all.ends[gone - 1] : 0)...]))
            #expect(batch.went(bytes: batch.wire.count) == lines.count - gone)
            #expect(batch.isEmpty)
        }
    }

    @Test func `a datagram that is given up takes no other one with it`() throws {
        var batch = try framed(.datagram)
        batch.went(messages: 1)
        #expect(batch.giveUp(all: false) == 1)
        batch.frame(.datagram)
        #expect(batch.wire == Array((messages[2] + lines[2] + messages[3] + lines[3]).utf8) && batch.first == 0)
        batch.went(messages: 1)
        #expect(batch.giveUp(all: true) == 1 && batch.isEmpty)
        #expect(batch.giveUp(all: true) == 0)
    }

    @Test func `more than is sent at one time is sent in parts`() throws {
        let line = lines[3] + String(repeating: "x", count: 100)
        var batch = SyslogBatch(SyslogMessage(try settings()))
        _ = batch.refill { bytes in
            bytes = Array(String(repeating: line + "\n", count: 1000).utf8)
            return true
        }
        var (parts, count) = (0, 0)
        while !batch.isEmpty {
            batch.frame(.counted)
            #expect(batch.wire.count < SyslogBatch.enough + 1000)
            count += batch.went(bytes: batch.wire.count)
            parts += 1
        }
        #expect(count == 1000 && parts == 4)
    }

    private func settings() throws -> SyslogSettings {
        var settings = SyslogSettings(try #require(SyslogSettings.Transport("syslog+tcp://127.0.0.1")))
        settings.hostName = "unit.example"
        return settings
    }

    private func framed(_ framing: SyslogBatch.Framing) throws -> SyslogBatch {
        var batch = SyslogBatch(SyslogMessage(try settings()))
        let hasSome = batch.refill { bytes in
            bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
            return true
        }
        #expect(hasSome && !batch.isEmpty)
        batch.frame(framing)
        return batch
    }
}
