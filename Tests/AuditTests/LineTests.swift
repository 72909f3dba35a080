// What lines look like to those who read them.
import Foundation
import Kernel
import Sealing
import Testing

@testable import Audit

@Suite struct LineTests {
    /// Names of the Elastic Common Schema.
    private static let names: Set<String> = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("ecs-fields.txt")
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        return Set(
            text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
                $0.split(separator: " ").first.map(String.init)
            })
    }()

    /// Types that ECS allows in each category in use.
    private static let types: [String: Set<String>] = [
        "api": [
            "access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user",
        ],
        "authentication": ["start", "end", "info"],
        "configuration": ["access", "change", "creation", "deletion", "info"],
        "iam": ["admin", "change", "creation", "deletion", "group", "info", "user"],
        "network": ["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"],
        "process": ["access", "change", "end", "info", "start"],
    ]

    static func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    static func full(_ action: AuditAction) -> AuditEvent {
        var event = AuditEvent(action, .failure)
        event.secret = RecordID(high: 0x0123_4567_89ab_cdef, low: 42)
        event.receipt = RecordID(high: .max, low: 42)
        event.address = .init(repeating: 0xAB)
        event.userID = Self.packed("jf9lwcx9")
        event.rule = "rate-limit"
        event.reason = "too many wrong passphrases"
        event.count = .max
        event.country = AuditEvent.countryCode(UInt8(ascii: "N"), UInt8(ascii: "L"))
        return event
    }

    /// Writes it with longer texts than are kept.
    static func recordFull(
        _ action: AuditAction, keyName: String = String(repeating: "k\u{1}", count: 200), _ desk: Desk
    ) {
        let long = String(repeating: "\"", count: 2000)
        let (id, other) = (packed("zzzzzzzz"), packed("00000000"))
        for detail in [
            .message(long), .needsRestart(long), .key(id: id, name: long, successor: other),
            .burning(.max, by: [.key, .label, .time, .receipt]),
        ] as [AuditDetail] { desk.record(full(action), keyName: keyName, detail: detail) }
    }

    /// An id as events have it.
    private static func packed(_ characters: String) -> UInt64 {
        characters.utf8.reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Test func `a key is told by its name and its id, and so is the one that something is done to`() throws {
        let desk = try Desk()
        var event = AuditEvent(.keyRotated)
        event.userID = Self.packed("jf9lwcx9")
        desk.record(event, keyName: "boss", detail: .key(id: Self.packed("0a1b2c3d"), name: "c\"i", successor: 0))
        event.userID = 0
        desk.record(event, keyName: "own", detail: .key(id: Self.packed("zzzzzzzz"), name: "ci", successor: nil))
        let lines = try desk.lines(from: 1).map(Self.object)
        #expect(lines[0]["user.id"] as? String == "jf9lwcx9" && lines[0]["user.name"] as? String == "boss")
        #expect(
            lines[0]["user.target.id"] as? String == "0a1b2c3d" && lines[0]["user.target.name"] as? String == "c\"i")
        #expect(lines[0]["user.changes.id"] as? String == "environment")
        #expect(lines[1]["user.id"] as? String == "environment" && lines[1]["user.changes.id"] == nil)
    }

    @Test(
        arguments: [
            ([], ["all"]), ([.key, .label, .time, .receipt], ["key", "label", "time", "receipt"]),
            ([.label], ["label"]),
        ] as [(BurnCriteria, [String])])
    func `a burning of many has its number and by what it was chosen`(_ criteria: BurnCriteria, _ names: [String])
        throws
    {
        let desk = try Desk()
        desk.record(AuditEvent(.burnMany), detail: .burning(7, by: criteria))
        desk.record(AuditEvent(.burn), detail: .burning(7, by: nil))
        let lines = try desk.lines(from: 1).map(Self.object)
        #expect(lines[0]["onetime.burn"] as? Int == 7 && lines[0]["onetime.burned_by"] as? [String] == names)
        #expect(lines[1]["onetime.burn"] as? Int == 7 && lines[1]["onetime.burned_by"] == nil)
    }

    @Test func `names are those of the elastic common schema or our own`() throws {
        #expect(Self.names.count >= 20)
        let desk = try Desk()
        for action in AuditAction.allCases { Self.recordFull(action, desk) }
        for line in desk.lines() {
            for name in try Self.object(line).keys where !name.hasPrefix("onetime.") {
                #expect(Self.names.contains(name), "\(name)")
            }
        }
    }

    @Test func `categories have types that the schema allows`() throws {
        let desk = try Desk()
        for action in AuditAction.allCases { desk.record(AuditEvent(action)) }
        var actions: Set<String> = []
        for line in desk.lines().dropFirst() {
            let object = try Self.object(line)
            let category = try #require((object["event.category"] as? [String])?.first)
            let type = try #require((object["event.type"] as? [String])?.first)
            #expect(Self.types[category]?.contains(type) == true, "\(category) \(type)")
            actions.insert(try #require(object["event.action"] as? String))
        }
        #expect(actions.count == AuditAction.allCases.count)
    }

    @Test func `the first line carries the key and the facts of the start`() throws {
        let desk = try Desk()
        let first = try Self.object(try #require(desk.lines().first))
        #expect(first["event.sequence"] as? Int == 0)
        #expect(first["event.action"] as? String == "start")
        #expect(first["service.version"] as? String == "1.2.3")
        #expect(first["onetime.public_key"] as? String == desk.key.publicKey.text)
        #expect(first["@timestamp"] as? String == "2027-01-15T08:00:00.250Z")
    }

    @Test func `an event shows short ids and what is known of the client`() throws {
        let desk = try Desk()
        Self.recordFull(.refused, desk)
        let line = try #require(desk.lines(from: 1).first)
        let object = try Self.object(line)
        #expect(object["onetime.secret"] as? String == "0123456789abcdef")
        #expect(object["onetime.receipt"] as? String == "ffffffffffffffff")
        #expect(object["source.geo.country_iso_code"] as? String == "NL")
        #expect(object["rule.name"] as? String == "rate-limit")
        #expect(object["event.outcome"] as? String == "failure")
        #expect(object["event.reason"] as? String == "too many wrong passphrases")
    }

    @Test func `lines are bounded and escaped whatever comes from outside`() throws {
        let desk = try Desk()
        for name in ["\"}\n{\"a\":\"", "\u{7f}\u{1b}[2J", "\\", "žluťoučký 😀", String(repeating: "😀", count: 99)] {
            Self.recordFull(.keyFailed, keyName: name, desk)
        }
        Self.recordFull(.keyFailed, desk)
        let lines = desk.lines(from: 1)
        #expect(lines.count == 6 * 4)
        for line in lines {
            #expect(line.utf8.count < AuditLog.lineBound)
            #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            _ = try Self.object(line)
        }
        #expect(try Self.object(lines[0])["user.name"] as? String == "\"}\n{\"a\":\"")
        #expect(try Self.object(lines[12])["user.name"] as? String == "žluťoučký 😀")
        #expect(try Self.object(lines[16])["user.name"] as? String == String(repeating: "😀", count: 32))
    }

    @Test(arguments: [
        ("127.0.0.1:1", "127.0.0.1", "127.0.0.0"), ("203.0.113.255:1", "203.0.113.255", "203.0.113.0"),
        ("[::]:1", "::", "::"), ("[::1]:1", "::1", "::"),
        ("[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("[2001:db8:0:1:1:1:1:1]:1", "2001:db8:0:1:1:1:1:1", "2001:db8::"),
        ("[2001:0:0:1:0:0:0:1]:1", "2001:0:0:1::1", "2001::"), ("[fe80::]:1", "fe80::", "fe80::"),
        ("[2001:db8::1:0:0:1]:1", "2001:db8::1:0:0:1", "2001:db8::"),
    ]) func `addresses are written whole or as their network`(_ given: String, whole: String, network: String) throws {
        let address = try #require(SocketAddress(given)).bytes
        for (choice, expected) in [(AuditAddresses.whole, whole), (.truncated, network)] {
            var settings = AuditSettings()
            settings.addresses = choice
            let desk = try Desk(settings)
            var event = AuditEvent(.reveal)
            event.address = address
            desk.record(event)
            #expect(try Self.object(desk.lines(from: 1)[0])["source.ip"] as? String == expected)
        }
    }

    @Test func `hashed addresses are equal within a process and different in another`() throws {
        var settings = AuditSettings()
        settings.addresses = .hashed
        var seen: [[String]] = []
        for _ in 0..<2 {
            let desk = try Desk(settings)
            for last in [1, 1, 2] as [UInt8] {
                var event = AuditEvent(.reveal)
                event.address = .init(repeating: last)
                desk.record(event)
            }
            let objects = try desk.lines(from: 1).map(Self.object)
            #expect(objects.allSatisfy { $0["source.ip"] == nil })
            seen.append(objects.compactMap { $0["source.address"] as? String })
        }
        #expect(seen[0].count == 3 && seen[0][0] == seen[0][1] && seen[0][0] != seen[0][2])
        #expect(seen[0][0] != seen[1][0])
    }

    @Test(arguments: [AuditAddresses.whole, .truncated, .hashed])
    func `a client whom nobody knows has no address, however much of addresses is written`(_ choice: AuditAddresses)
        throws
    {
        var settings = AuditSettings()
        settings.addresses = choice
        let desk = try Desk(settings)
        var event = AuditEvent(.reveal)
        event.isFromUnknown = true
        desk.record(event)
        let object = try Self.object(desk.lines(from: 1)[0])
        #expect(object["source.address"] as? String == "unknown")
        #expect(object["source.ip"] == nil)
    }

    @Test func `times have thousandths and stay within the second that is handed in`() throws {
        let desk = try Desk()
        desk.pass(milliseconds: 749)
        desk.record(AuditEvent(.create))
        desk.pass(milliseconds: 1)
        desk.record(AuditEvent(.create))
        // Somebody sets the wall clock.
        desk.now = Moment(milliseconds: desk.now.milliseconds + 10, wallSeconds: 1_900_000_000)
        desk.record(AuditEvent(.create))
        desk.now = Moment(milliseconds: desk.now.milliseconds + 5, wallSeconds: 1_900_000_000)
        desk.record(AuditEvent(.create))
        let times = try desk.lines(from: 1).map { try Self.object($0)["@timestamp"] as? String }
        #expect(
            times == [
                "2027-01-15T08:00:00.999Z", "2027-01-15T08:00:01.000Z", "2030-03-17T17:46:40.000Z",
                "2030-03-17T17:46:40.005Z",
            ])
    }
}
