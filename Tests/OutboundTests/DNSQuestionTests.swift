// Answers of name servers: well formed, forged, broken.
import Kernel
import Testing

@testable import Outbound

@Suite struct DNSQuestionTests {
    private func question() throws -> DNSQuestion {
        try #require(DNSQuestion("log.example", .ipv4, id: 0x1234))
    }

    /// An answer with records after the question; the question's name is at 12, its end at 29.
    private func answer(_ question: DNSQuestion, flags: [UInt8] = [0x81, 0x80], _ records: [[UInt8]]) -> [UInt8] {
        var bytes = question.bytes
        (bytes[2], bytes[3]) = (flags[0], flags[1])
        bytes[7] = UInt8(records.count)
        return bytes + records.flatMap(\.self)
    }

    private let address: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7]

    @Test func `an address is found behind an alias, in any order`() throws {
        let question = try question()
        // www.example, spelled with a pointer to "example" at 16.
        let alias: [UInt8] = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6, 3, 0x57, 0x77, 0x77, 0xc0, 16]
        let target: [UInt8] = [3, 0x77, 0x77, 0x77, 0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 8]
        let wanted = DNSQuestion.Answer.addresses([try #require(SocketAddress("192.0.2.8:0"))])
        #expect(question.answer(to: answer(question, [alias, target])) == wanted)
        #expect(question.answer(to: answer(question, [target, alias])) == wanted)
        // Of others nothing is believed.
        #expect(question.answer(to: answer(question, [target])) == .addresses([]))
    }

    @Test func `an alias of itself ends`() throws {
        let question = try question()
        let alias: [UInt8] = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12]
        #expect(question.answer(to: answer(question, [alias])) == .addresses([]))
    }

    @Test func `what is no answer to the question is not heard`() throws {
        let question = try question()
        let good = answer(question, [address])
        for index in [0, 1, 13, 20, 26, 28] {
            var bad = good
            bad[index] ^= 0x01
            #expect(question.answer(to: bad) == nil, "byte \(index)")
        }
        #expect(question.answer(to: question.bytes) == nil)
        for count in 0..<question.bytes.count {
            #expect(question.answer(to: Array(good.prefix(count))) == nil)
        }
    }

    @Test func `names that lead forward or in circles are broken`() throws {
        let question = try question()
        let circle: [UInt8] = [0xc0, UInt8(question.bytes.count), 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7]
        #expect(question.answer(to: answer(question, [circle])) == .failure)
        let good = answer(question, [address])
        for count in question.bytes.count..<good.count {
            #expect(question.answer(to: Array(good.prefix(count))) == .failure)
        }
        #expect(question.answer(to: answer(question, flags: [0x81, 0x83], [])) == .noSuchName)
        #expect(question.answer(to: answer(question, flags: [0x81, 0x82], [])) == .failure)
        #expect(question.answer(to: answer(question, flags: [0x83, 0x80], [])) == .failure)
    }

    @Test func `no message of random bytes stops the process`() throws {
        let question = try question()
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            var bytes = answer(question, [address, address])
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = question.answer(to: bytes)
        }
    }
}

extension DNSQuestion {
    fileprivate func answer(to bytes: [UInt8]) -> Answer? { answer(in: bytes.span) }
}
