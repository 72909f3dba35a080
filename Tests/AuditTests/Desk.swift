// What the tests of the log share: an arena, a key, a clock that they move, and a sink that keeps what it gets.
import Kernel
import Sealing
import SecureMemory
import Synchronization

@testable import Audit

/// A log on a clock that the test moves.
final class Desk {
    let arena: SecureArena
    let key: SigningKey
    let log: AuditLog
    var now = Moment(milliseconds: 1_000_250, wallSeconds: 1_800_000_000)

    init(_ settings: AuditSettings = AuditSettings()) throws {
        arena = try SecureArena(capacity: 64 << 10)
        key = try SigningKey(arena: arena)
        log = try AuditLog(
            settings: settings, start: AuditStart(version: "1.2.3", memory: "mlock", listening: "127.0.0.1:7143"),
            key: key.publicKey, arena: arena, now: now, wallMilliseconds: 1_800_000_000_250)
    }

    /// In a turn of its own.
    func record(_ event: AuditEvent, keyName: String? = nil, message: String? = nil) {
        record(event, keyName: keyName, detail: message.map { .message($0) } ?? .none)
    }

    /// The same with what only some events have.
    func record(_ event: AuditEvent, keyName: String? = nil, detail: AuditDetail) {
        log.record(event, keyName: keyName, detail: detail, now: now)
        log.publish(now: now.milliseconds)
    }

    func pass(milliseconds: UInt64) {
        now = Moment(
            milliseconds: now.milliseconds + milliseconds,
            wallSeconds: (1_799_999_000_000 + Int64(now.milliseconds + milliseconds)) / 1000)
    }

    /// All lines that are kept from a number on, in parts of so many bytes.
    func lines(from sequence: UInt64 = 0, part: Int = 4096) -> [String] {
        var position = log.position(of: sequence)
        var text: [UInt8] = []
        while true {
            var count = 0
            let bytes = [UInt8](capacity: part) { count = log.read(from: &position, into: &$0) }
            text += bytes
            if count == 0 { break }
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// Keeps what it is given; while it is shut, takes nothing.
final class KeepingSink: AuditSink {
    let name: StaticString = "test"
    private let state = Mutex((bytes: [UInt8](), isShut: false))

    func write(_ lines: Span<UInt8>) -> Bool {
        state.withLock { state in
            if state.isShut { return false }
            for index in lines.indices { state.bytes.append(lines[index]) }
            return true
        }
    }

    func shut(_ isShut: Bool) { state.withLock { $0.isShut = isShut } }

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
}
