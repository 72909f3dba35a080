// Refusals that come again and again, and the order of time.
import Kernel
import Sealing
import Testing

@testable import Audit

@Suite struct RepeatedTests {
    private func refusal(_ rule: StaticString, from last: UInt8, network: UInt8 = 1) -> AuditEvent {
        var event = AuditEvent.refusal(rule)
        event.address = address(last, network)
        return event
    }

    private func address(_ last: UInt8, _ network: UInt8) -> [16 of UInt8] {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        (bytes[10], bytes[11], bytes[12], bytes[14], bytes[15]) = (0xFF, 0xFF, 192, network, last)
        return bytes
    }

    private func refuse(_ event: AuditEvent, upTo limit: Int = 1, _ desk: Desk) {
        desk.log.recordRefusal(event, upTo: limit, now: desk.now)
    }

    @Test func `a flood of one rule and address is one line and a number`() throws {
        let desk = try Desk()
        #expect(desk.log.nextDue == nil)
        for _ in 0..<1000 { refuse(refusal("rate-misses", from: 1), desk) }
        #expect(desk.log.count == 2)
        #expect(desk.log.nextDue == desk.now.milliseconds + 60_000)
        desk.pass(milliseconds: 59_999)
        desk.log.tellRepeated(by: desk.now.milliseconds, now: desk.now)
        #expect(desk.log.count == 2)
        desk.pass(milliseconds: 1)
        desk.log.tellRepeated(by: desk.now.milliseconds, now: desk.now)
        #expect(desk.log.count == 3 && desk.log.nextDue == nil)
        let line = try #require(desk.lines().last)
        #expect(line.contains(#""rule.name":"rate-misses""#) && line.contains(#""source.ip":"192.0.1.1""#))
        #expect(line.contains(#""event.reason":"repeated""#) && line.contains(#""onetime.count":999"#))
        refuse(refusal("rate-misses", from: 1), desk)
        #expect(desk.log.count == 4, "after a minute the next one is told again")
    }

    @Test func `other rules, other addresses and other events keep their lines`() throws {
        let desk = try Desk()
        for last in 1...5 as ClosedRange<UInt8> {
            for rule in ["rate-misses", "rate-creations"] as [StaticString] {
                for _ in 0..<10 { refuse(refusal(rule, from: last), desk) }
                desk.record(AuditEvent(.create))
            }
        }
        #expect(desk.log.count == 1 + 10 + 10)
        for _ in 0..<10 { refuse(refusal("network", from: 1), upTo: 3, desk) }
        #expect(desk.log.count == 24, "some may be told before the others are counted")
    }

    @Test func `refusals of several keys of one name are told apart`() throws {
        let desk = try Desk()
        for _ in 0..<10 {
            for id in [1, 2] as [UInt64] {
                var event = refusal("api-key-scope", from: 1)
                event.userID = 0x6161_6161_6161_6160 + id
                desk.log.recordRefusal(event, keyName: "ci", upTo: 1, now: desk.now)
            }
        }
        #expect(desk.log.count == 3)
        desk.log.tellRepeated(by: .max, now: desk.now)
        let counts = desk.lines(from: 3)
        #expect(counts.count == 2 && counts[0] != counts[1])
        #expect(counts.allSatisfy { $0.contains(#""onetime.count":9"#) && $0.contains(#""user.name":"ci""#) })
        #expect(counts[0].contains(#""user.id":"aaaaaaaa""#) && counts[1].contains(#""user.id":"aaaaaaab""#))
    }

    @Test func `those whom nobody knows are counted together, and with nobody else`() throws {
        let desk = try Desk()
        var hidden = AuditEvent.refusal("method")
        hidden.isFromUnknown = true
        for _ in 0..<10 {
            refuse(hidden, desk)
            refuse(.refusal("method"), desk)
            refuse(refusal("method", from: 1), desk)
        }
        #expect(desk.log.count == 4)
        desk.log.tellRepeated(by: .max, now: desk.now)
        let counts = desk.lines(from: 4)
        #expect(counts.count == 3 && counts.allSatisfy { $0.contains(#""onetime.count":9"#) })
        #expect(counts.filter { $0.contains(#""source.address":"unknown""#) }.count == 1)
    }

    @Test func `a network is one and its addresses are many`() throws {
        let desk = try Desk()
        for number in 0..<100 {
            var event = AuditEvent.refusal("rate-misses")
            var bytes: [16 of UInt8] = .init(repeating: UInt8(number))
            for index in 0..<8 { bytes[index] = 0x20 }
            event.address = bytes
            refuse(event, desk)
        }
        #expect(desk.log.count == 2)
    }

    @Test func `a flood from everywhere takes as many lines as there are places and one for each rule`() throws {
        let desk = try Desk()
        for network in 0..<100 as Range<UInt8> {
            for last in 0..<100 as Range<UInt8> {
                refuse(refusal("rate-misses", from: last, network: network), desk)
                refuse(refusal("rate-creations", from: last, network: network), desk)
            }
        }
        #expect(desk.log.count == UInt64(1 + AuditLog.refusalPlaces + 2))
        desk.log.tellRepeated(by: .max, now: desk.now)
        let lines = desk.lines()
        var total = 0
        for line in lines where line.contains(#""event.action":"refused""#) {
            let count = line.firstMatch(of: /"onetime.count":(\d+)/).flatMap { Int($0.1) }
            total += count ?? 1
            if count != nil { #expect(!line.contains("source.ip")) }
        }
        #expect(total == 20_000, "no refusal is lost")
        #expect(lines.count == 1 + AuditLog.refusalPlaces + 4)
    }

    private func look(at receipt: UInt64, from last: UInt8, network: UInt8 = 1, key: String? = nil, _ desk: Desk) {
        var event = AuditEvent(.receiptLook)
        event.receipt = RecordID(high: receipt, low: 0)
        event.address = address(last, network)
        desk.log.recordLook(event, keyName: key, now: desk.now)
    }

    @Test func `looks at a receipt by one network and key are one line and a number`() throws {
        let desk = try Desk()
        for _ in 0..<100 {
            look(at: 1, from: 1, desk)
            look(at: 2, from: 1, desk)
            look(at: 1, from: 2, desk)
            look(at: 1, from: 1, key: "ci", desk)
        }
        #expect(desk.log.count == 5)
        desk.pass(milliseconds: 60_000)
        desk.log.tellRepeated(by: desk.now.milliseconds, now: desk.now)
        let counts = desk.lines().filter { $0.contains(#""onetime.count":99"#) }
        #expect(counts.count == 4 && counts.allSatisfy { $0.contains(#""onetime.receipt":"000"#) })
        #expect(desk.log.nextDue == nil)
        look(at: 1, from: 1, desk)
        #expect(desk.log.count == 10, "after a minute the next one is told again")
    }

    @Test func `looks at more receipts than there are places are counted without them`() throws {
        let desk = try Desk()
        for _ in 0..<3 { for receipt in 0..<1000 as Range<UInt64> { look(at: receipt, from: 1, desk) } }
        #expect(desk.log.count == UInt64(1 + AuditLog.lookPlaces + 1))
        refuse(refusal("network", from: 1), desk)
        #expect(desk.log.count == UInt64(1 + AuditLog.lookPlaces + 2), "refusals have places of their own")
    }

    @Test func `looks by keys are counted apart from looks at receipts, by what they look at`() throws {
        let desk = try Desk()
        for receipt in 0..<1000 as Range<UInt64> { look(at: receipt, from: 1, desk) }
        let before = desk.log.count
        for _ in 0..<50 {
            for action in [.keyUse, .recent, .report] as [AuditAction] {
                for name in ["ci", "night"] {
                    var event = AuditEvent(action)
                    event.address = address(1, 1)
                    desk.log.recordLook(event, keyName: name, now: desk.now)
                }
            }
        }
        #expect(desk.log.count == before + 6)
        desk.pass(milliseconds: 60_000)
        desk.log.tellRepeated(by: desk.now.milliseconds, now: desk.now)
        let lines = desk.lines().filter { $0.contains(#""onetime.count":49"#) }
        #expect(lines.count == 6 && lines.allSatisfy { $0.contains(#""user.name":""#) })
    }

    @Test func `what is counted is what a plain list would count`() {
        var generator = SystemRandomNumberGenerator()
        for places in [1, 3, 64] {
            var events = RepeatedEvents(places: places)
            var (now, told, counted) = (1000 as UInt64, 0, 0 as UInt64)
            // All kinds that were told within the minute, and when that ends.
            var known: [(kind: UInt64, ends: UInt64)] = []
            for _ in 0..<20_000 {
                now += UInt64.random(in: 0...2000, using: &generator)
                while let (event, _) = events.takeNext(endedBy: now) { counted += event.count ?? 0 }
                known.removeAll { $0.ends <= now }
                let kind = UInt64.random(in: 1...200, using: &generator)
                var event = AuditEvent(.receiptLook)
                event.receipt = RecordID(high: 0, low: kind)
                // All that find no place are of one kind.
                let isKnown = known.contains { $0.kind == kind }
                let found = isKnown || known.count < places ? kind : 0
                let isNew = !known.contains { $0.kind == found }
                var noName: String?
                #expect(events.admit(&event, &noName, upTo: 1, now: now) == isNew)
                #expect((event.receipt == nil) == (found == 0))
                if isNew {
                    known.append((found, now + RepeatedEvents.span))
                    told += 1
                }
                #expect(events.nextEnd == known.first?.ends)
            }
            while let (event, _) = events.takeNext(endedBy: .max) { counted += event.count ?? 0 }
            #expect(told + Int(counted) == 20_000)
        }
    }

    @Test func `texts are messages of which nothing is cut`() {
        #expect(AuditLog.messages(of: []) == [""])
        #expect(AuditLog.messages(of: ["a=1", "b=2"]) == ["a=1, b=2"])
        let half = String(repeating: "x", count: 255)
        #expect(AuditLog.messages(of: [half, half]) == [half + ", " + half])
        #expect(AuditLog.messages(of: [half, half + "y"]) == [half, half + "y"])
        for text in ["\u{1}", "\"", "ü", "a", "😀"] {
            let long = String(repeating: text, count: 1000)
            let messages = AuditLog.messages(of: ["a=1", long, "b=2"])
            #expect(messages.joined() == "a=1" + long + ", b=2")
        }
    }

    @Test func `lines never go back in time`() throws {
        let desk = try Desk()
        let began = desk.now
        desk.pass(milliseconds: 1500)
        desk.record(AuditEvent(.create))
        // What happened in the same turn of the loop, by the time at its beginning; then the wall clock is set back by an hour.
        desk.log.record(AuditEvent(.create), now: began)
        for step in 1...3 as ClosedRange<UInt64> {
            desk.log.record(
                AuditEvent(.create),
                now: Moment(milliseconds: desk.now.milliseconds + step * 700, wallSeconds: desk.now.wallSeconds - 3600))
        }
        desk.pass(milliseconds: 5000)
        desk.record(AuditEvent(.create))
        let times = desk.lines().map { String($0.dropFirst(15).prefix(24)) }
        #expect(times == times.sorted())
        #expect(times[1] == times[2] && times[1] == times[5])
        #expect(times[6] > times[5], "it goes on once the clock has caught up")
    }
}
