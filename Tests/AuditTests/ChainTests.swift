// Every kind of tampering is found, wherever it is.
import Foundation
import Kernel
import Sealing
import Testing

@testable import Audit

@Suite struct ChainTests {
    private static let count = 60

    private func chain() throws -> (desk: Desk, lines: [String]) {
        let desk = try Desk()
        for number in 0..<Self.count - 2 {
            desk.pass(milliseconds: 7)
            var event = AuditEvent(number.isMultiple(of: 3) ? .create : .reveal)
            event.secret = RecordID(high: UInt64(number), low: 0)
            desk.record(event)
        }
        desk.record(AuditEvent(.stop))
        return (desk, desk.lines())
    }

    @Test func `a chain that nobody touched is whole`() throws {
        let (desk, lines) = try chain()
        let verifier = try verifier(lines)
        #expect(verifier.events == UInt64(Self.count))
        #expect(verifier.chains == 1 && verifier.openChains == 0)
        #expect(Certifier.digits(verifier.head) == Certifier.digits(desk.log.head))
        #expect(verifier.runs.last?.key?.text == desk.key.publicKey.text)
    }

    @Test func `each changed byte is found at its line`() throws {
        let (_, lines) = try chain()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let index = Int.random(in: 0..<lines.count, using: &generator)
            var bytes = Array(lines[index].utf8)
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[place] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
            var changed = lines
            changed[index] = String(decoding: bytes, as: UTF8.self)
            var verifier = try ChainVerifier()
            var fault: ChainFault?
            do throws(ChainFault) {
                for line in changed { try verifier.check(Array(line.utf8).span) }
                try verifier.finish()
            } catch {
                fault = error
            }
            #expect(fault != nil, "line \(index), byte \(place)")
            // A line that is none of the log any more is passed over, and missed at the next one.
            #expect((UInt64(index) + 1...UInt64(index) + 2).contains(verifier.line), "line \(index), byte \(place)")
        }
    }

    @Test func `each removed line is found`() throws {
        let (_, lines) = try chain()
        for index in 1..<lines.count - 1 {
            var changed = lines
            changed.remove(at: index)
            #expect(try verdict(changed) == .removed(first: UInt64(index), count: 1))
        }
        #expect(try verdict(Array(lines.dropFirst())) == .noBeginning(event: 1))
        #expect(try verdict(Array(lines[..<10] + lines[20...])) == .removed(first: 10, count: 10))
    }

    @Test func `each pair of swapped lines is found`() throws {
        let (_, lines) = try chain()
        for first in 1..<lines.count - 1 {
            for second in [first + 1, (first + 17) % lines.count] where second > first {
                var changed = lines
                changed.swapAt(first, second)
                #expect(try verdict(changed) == .swapped(event: UInt64(second)), "\(first) \(second)")
            }
        }
    }

    @Test func `each inserted line is found`() throws {
        let (desk, lines) = try chain()
        #expect(try verdict([lines[0]] + lines) == .repeatedRun(key: desk.key.publicKey.text))
        #expect(try verdict(lines + lines) == .repeatedRun(key: desk.key.publicKey.text))
        #expect(try verdict(lines + [lines[lines.count - 1]]) == .inserted(event: UInt64(lines.count - 1)))
        for index in 2..<lines.count {
            var changed = lines
            changed.insert(lines[1], at: index)
            #expect(try verdict(changed) == .inserted(event: 1))
            // One that takes the number of the line before which it stands.
            changed[index] = lines[1].replacing("\"event.sequence\":1,", with: "\"event.sequence\":\(index),")
            #expect(try verdict(changed) == .inserted(event: UInt64(index)))
        }
    }

    @Test func `what syslog was sent twice is no fault in its file, unless it was changed or was there long before`()
        throws
    {
        let (_, lines) = try chain()
        func verdict(_ lines: [String], sink: String? = "syslog") throws -> (fault: ChainFault?, repeated: UInt64) {
            var verifier = try ChainVerifier(sink: sink)
            do throws(ChainFault) {
                for line in lines { try verifier.check(Array(line.utf8).span) }
                try verifier.finish()
            } catch {
                return (error, verifier.repeated)
            }
            return (nil, verifier.repeated)
        }
        for first in 0..<20 {
            let again = Array(lines[..<40] + lines[first..<40] + lines[30...])
            let found = try verdict(again)
            #expect(found.fault == nil && found.repeated == UInt64(50 - first))
            #expect(try verdict(again, sink: "fd:3").fault != nil)
            var changed = again
            changed[45] = changed[45].replacing("7143", with: "7144").replacing("create", with: "reveal")
                .replacing("\"reveal\"", with: "\"burn\"")
            #expect(try verdict(changed).fault != nil)
        }
        #expect(try verdict(lines + lines).fault == nil)
        #expect(try verdict(lines + (try chain()).lines + lines).fault != nil, "another run's")
        var recent = RecentLines()
        for number in 0..<10_000 as Range<UInt64> where number % 7 != 3 {
            recent.add(number, .init(repeating: UInt8(number % 251)))
        }
        #expect(recent.hash(of: 9_996)?[0] == UInt8(9_996 % 251) && recent.hash(of: 8_000)?[0] == UInt8(8_000 % 251))
        #expect(recent.hash(of: 3) == nil && recent.hash(of: 9_992) == nil && recent.hash(of: 10_000) == nil)
    }

    @Test func `a line that was changed with its hash does not fit the next one`() throws {
        let (_, lines) = try chain()
        // Somebody who knows how hashes are made writes another line 5 behind line 4.
        let hashStart = ",\"event.hash\":\""
        let fourth = Array(lines[4].utf8)
        guard let previous = fourth.span.hash(at: fourth.count - 66) else { throw ChainFault.malformed }
        let body = try #require(lines[5].components(separatedBy: hashStart).first)
            .replacing("\"success\"", with: "\"failure\"")
        var digest: [32 of UInt8] = .init(repeating: 0)
        let hash = try HashContext()
        try hash.begin()
        try hash.add(previous.span)
        try hash.add(Array(body.utf8).span)
        try hash.finish(into: &digest)
        var changed = lines
        changed[5] = body + hashStart + Certifier.digits(digest) + "\"}"
        #expect(try verdict(Array(changed[...5])) == nil)
        #expect(try verdict(changed) == .changed(event: 6))
        // Or puts it before the right one: which of the two that is, the line behind them tells.
        changed.insert(lines[5], at: 6)
        #expect(try verdict(Array(changed[...6])) == .doubled(event: 5))
        #expect(try faultyLine(changed) == 6)
    }

    /// The number of the line that is wrong.
    private func faultyLine(_ lines: [String], allowsPartial: Bool = false) throws -> UInt64? {
        var verifier = try ChainVerifier(allowsPartial: allowsPartial)
        do throws(ChainFault) {
            for line in lines { try verifier.check(Array(line.utf8).span) }
            try verifier.finish()
            return nil
        } catch {
            return verifier.line
        }
    }

    @Test func `the first of several faults is told`() throws {
        let (_, lines) = try chain()
        let (_, others) = try chain()
        #expect(try faultyLine(lines[..<9] + [lines[9] + "\r", lines[10] + "\r"]) == 10)
        #expect(try faultyLine(lines[..<9] + [lines[10], "hello"]) == 10)
        for some in [others[...0], others[...7], others[...]] {
            let spliced = Array(lines[..<9]) + some + lines[9...]
            #expect(try verdict(spliced) == .inserted(event: 0))
            #expect(try faultyLine(spliced) == 10)
        }
    }

    @Test func `numbers that nobody counts up to are refused`() throws {
        let (_, lines) = try chain()
        for number in ["18446744073709551615", "18446744073709551614", "9007199254740993"] {
            let line = lines[9].replacing("\"event.sequence\":9,", with: "\"event.sequence\":\(number),")
            #expect(try verdict([line, line], allowsPartial: true) == .malformed)
            #expect(try verdict(Array(lines[..<9]) + [line, lines[9]]) == .malformed)
        }
    }

    @Test func `the end of a log does not pass for something before its beginning`() throws {
        let (desk, lines) = try chain()
        let swapped = Array(lines[20...] + lines[..<20])
        #expect(try verdict(swapped, allowsPartial: true) == .wrongOrder(event: 20))
        #expect(try faultyLine(swapped, allowsPartial: true) == 1)
        let expectation = ChainVerifier.Expectation(
            count: desk.log.count, head: desk.log.head, isFinal: true, key: desk.key.publicKey)
        #expect(
            try verdict(swapped, allowsPartial: true, expectation: expectation)
                == .repeatedRun(key: desk.key.publicKey.text))
    }

    @Test func `times tell whether a certificate is of a run whose beginning is gone`() throws {
        let (_, lines) = try chain()
        let part = Array(lines[20..<50])
        // The lines are of 20270115080000.
        let second: UInt64 = 20_270_115_080_000
        let other = try Desk().key.publicKey
        func verdict(_ started: UInt64?, _ made: UInt64?, count: UInt64 = 55, isFinal: Bool = true) throws
            -> ChainFault?
        {
            try AuditTests.verdict(
                part, allowsPartial: true,
                expectation: .init(
                    count: count, head: .init(repeating: 7), isFinal: isFinal, key: other, started: started, made: made)
            )
        }
        #expect(try verdict(second, second) == .notCertified)
        #expect(try verdict(second - 5, second + 100) == .notCertified)
        #expect(try verdict(nil, nil) == .notCertified)
        #expect(try verdict(second + 1, second + 100) == nil, "its server started behind the first line")
        #expect(try verdict(second - 9, second - 1) == nil, "it was made before the last one")
        #expect(try verdict(second, second, count: 18) == nil, "its run was over before")
        for (count, isFinal, undecided, absent) in [(18 as UInt64, false, 1, 0), (20, false, 0, 1), (18, true, 0, 1)] {
            let verifier = try verifier(
                part, allowsPartial: true,
                expectation: .init(
                    count: count, head: .init(repeating: 7), isFinal: isFinal, key: other, started: second,
                    made: second))
            #expect(verifier.undecided.count == undecided && verifier.absent.count == absent)
        }
    }

    @Test func `a part that begins where a certificate ends is of its run`() throws {
        let (desk, lines) = try chain()
        let bytes = Array(lines[19].utf8)
        let head = bytes.span.hash(at: bytes.count - 66)
        let expectation = ChainVerifier.Expectation(
            count: 20, head: try #require(head), isFinal: false, key: desk.key.publicKey)
        let verifier = try verifier(Array(lines[20...]), allowsPartial: true, expectation: expectation)
        #expect(verifier.runs[0].key?.text == desk.key.publicKey.text && verifier.runs[0].certified == 20)
        #expect(verifier.absent.isEmpty && verifier.undecided.isEmpty && verifier.isPartial)
        var final = expectation
        final.isFinal = true
        #expect(try verdict(Array(lines[20...]), allowsPartial: true, expectation: final) == .afterEnd)
    }

    @Test func `a tail that is cut off is found by the certificate alone`() throws {
        let (desk, lines) = try chain()
        let expectation = ChainVerifier.Expectation(
            count: desk.log.count, head: desk.log.head, isFinal: true, key: desk.key.publicKey)
        #expect(try verdict(lines, expectation: expectation) == nil)
        for length in [1, 2, 30, lines.count - 1] {
            let cut = Array(lines[..<length])
            #expect(try verdict(cut) == nil)
            #expect(try verifier(cut).openChains == 1)
            #expect(try verdict(cut, expectation: expectation) == .notCertified)
        }
    }

    @Test func `lines behind the certified end are found`() throws {
        let (desk, lines) = try chain()
        let expectation = ChainVerifier.Expectation(
            count: desk.log.count, head: desk.log.head, isFinal: true, key: desk.key.publicKey)
        desk.record(AuditEvent(.create))
        #expect(try verdict(lines + desk.lines(from: desk.log.count - 1), expectation: expectation) == .afterEnd)
    }

    @Test func `a chain of another key does not fit the certificate`() throws {
        let (desk, lines) = try chain()
        let other = try Desk()
        let expectation = ChainVerifier.Expectation(
            count: desk.log.count, head: desk.log.head, isFinal: true, key: other.key.publicKey)
        #expect(try verdict(lines, expectation: expectation) == .foreignKey)
    }

    @Test func `several runs may follow each other`() throws {
        let (_, first) = try chain()
        let (_, second) = try chain()
        let verifier = try verifier(first + second)
        #expect(verifier.chains == 2 && verifier.openChains == 0)
        let cut = Array(first.dropLast(3)) + second
        #expect(try AuditTests.verifier(cut).openChains == 1)
    }

    @Test func `a chain without its beginning is taken on trust if that is allowed`() throws {
        let (_, lines) = try chain()
        let rest = Array(lines[20...])
        #expect(try verdict(rest) == .noBeginning(event: 20))
        #expect(try verifier(rest, allowsPartial: true).isPartial)
        var changed = rest
        changed.remove(at: 7)
        #expect(try verdict(changed, allowsPartial: true) == .removed(first: 27, count: 1))
    }

    @Test func `other lines of the program are passed over and foreign ones are not`() throws {
        let (_, lines) = try chain()
        let console = #"{"@timestamp":"2026-11-27T06:45:39Z","log.level":"info","message":"listening"}"#
        #expect(try verifier(Array(lines[..<7]) + [console] + lines[7...]).others == 1)
        for foreign in ["", "hello", "{}", #"{"@timestamp":"x","event.dataset":"onetime.audit"}"#] {
            #expect(try verdict(Array(lines[..<7]) + [foreign] + lines[7...]) == .foreignLine, "\(foreign)")
        }
        #expect(try verdict([String(repeating: "x", count: 70_000)]) == .tooLong)
    }
}
