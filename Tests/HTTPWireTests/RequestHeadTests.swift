// Request heads: the scanner and the parser together, from vectors, however the bytes arrive.

import TestRandomness
import Testing

@testable import HTTPWire

/// What comes out of feeding a request up to each of `cuts` in turn.
func verdict(_ raw: [UInt8], cuts: [Int], limits: HeadLimits = HeadLimits()) -> String {
    var scanner = HeadScanner(limits: limits)
    do throws(RequestFault) {
        for cut in cuts {
            guard let end = try scanner.scan(raw.span.extracting(0..<cut)) else { continue }
            let head = raw.span.extracting(scanner.leadingBytes..<end)
            return describe(try RequestHead.parse(head, limits: limits), head, lead: scanner.leadingBytes)
        }
    } catch {
        return "\(error)"
    }
    return "incomplete"
}

func text(_ range: ByteRange, _ bytes: Span<UInt8>) -> String {
    let span = range.span(in: bytes)
    return printable(span.indices.map { span[$0] })
}

func describe(_ head: RequestHead, _ bytes: Span<UInt8>, lead: Int) -> String {
    var words = ["ok", "\(head.method)", text(head.path, bytes)]
    if let query = head.query { words.append("?" + text(query, bytes)) }
    words.append(head.host.isEmpty ? "-" : text(head.host, bytes))
    words.append("\(head.framing)")
    words.append(head.keepsAlive ? "alive" : "closes")
    if head.expectsContinue { words.append("continue") }
    if lead > 0 { words.append("lead=\(lead)") }
    return words.joined(separator: " ")
}

@Suite struct RequestHeadTests {
    static let vectors = Vector.load("requests")

    @Test func `There are vectors`() {
        #expect(Self.vectors.count { !$0.expected.hasPrefix("ok") } >= 120)
        #expect(Self.vectors.count { $0.expected.hasPrefix("ok") } >= 40)
    }

    @Test(arguments: vectors) func `A request has the verdict of its vector`(_ vector: Vector) {
        #expect(verdict(vector.raw, cuts: [vector.raw.count]) == vector.expected)
    }

    @Test func `A request cut in two has the same verdict wherever the cut is`() {
        for vector in Self.vectors {
            let count = vector.raw.count
            for cut in stride(from: 0, through: count, by: count > 1_000 ? 97 : 1) {
                let outcome = verdict(vector.raw, cuts: [cut, count])
                if outcome != vector.expected {
                    Issue.record("line \(vector.line), cut \(cut): \(outcome)")
                    return
                }
            }
        }
    }

    @Test func `A request that comes byte by byte has the same verdict`() {
        for vector in Self.vectors {
            let outcome = verdict(vector.raw, cuts: Array(0...vector.raw.count))
            #expect(outcome == vector.expected, "line \(vector.line)")
        }
    }

    @Test func `The parser refuses alone what the scanner refuses`() {
        for vector in Self.vectors where !vector.expected.hasPrefix("ok") && vector.expected != "incomplete" {
            do throws(RequestFault) {
                _ = try RequestHead.parse(vector.raw.span)
                Issue.record("line \(vector.line) was parsed")
            } catch {
                #expect(error.status >= 400)
            }
        }
    }

    @Test func `Each fault of a head has a vector`() {
        let body: Set<RequestFault> = [
            .bodyTooLarge, .malformedChunkSize, .malformedChunkExtension, .chunkOverheadTooLarge, .malformedChunkEnd,
            .malformedTrailer, .trailersTooLarge,
        ]
        for fault in RequestFault.allCases where !body.contains(fault) && fault != .incompleteHead {
            #expect(Self.vectors.contains { $0.expected == "\(fault)" }, "\(fault)")
        }
    }

    @Test func `Faults have the statuses of RFC 9110`() {
        #expect(RequestFault.bareLineFeed.status == 400)
        #expect(RequestFault.contentLengthOverflow.status == 413)
        #expect(RequestFault.bodyTooLarge.status == 413)
        #expect(RequestFault.targetTooLong.status == 414)
        #expect(RequestFault.unsupportedExpectation.status == 417)
        #expect(RequestFault.headTooLarge.status == 431)
        #expect(RequestFault.tooManyFields.status == 431)
        #expect(RequestFault.unknownMethod.status == 501)
        #expect(RequestFault.unsupportedTransferCoding.status == 501)
        #expect(RequestFault.unsupportedVersion.status == 505)
    }

    @Test func `Every truncation of a head is refused by the parser`() {
        let raw = Array("GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".utf8)
        for count in 0..<raw.count {
            #expect(throws: RequestFault.incompleteHead) {
                try RequestHead.parse(raw.span.extracting(0..<count))
            }
        }
    }

    @Test func `Bytes behind the empty line are refused by the parser`() {
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nx".utf8)
        #expect(throws: RequestFault.malformedFieldLine) { try RequestHead.parse(raw.span) }
    }

    @Test func `Every known field is found whatever its case`() throws {
        for field in KnownField.allCases {
            let upper = "\(field.name)".uppercased()
            let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\(upper):  v 1\t\r\n\(field.name)x: no\r\n\r\n".utf8)
            let head = try RequestHead.parse(raw.span)
            let range = try #require(head.range(of: field), "\(field.name)")
            #expect(text(range, raw.span) == "v 1")
            for other in KnownField.allCases where other != field { #expect(head.range(of: other) == nil) }
        }
    }

    @Test func `A field that is there but empty is not absent`() throws {
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\nCookie: \r\n\r\n".utf8)
        let head = try RequestHead.parse(raw.span)
        #expect(head.range(of: .cookie)?.isEmpty == true)
    }

    @Test func `Of repeated fields the first counts, of forwarding fields the last`() throws {
        let fields = "Accept: x\r\nAccept: y\r\nX-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\n"
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        let head = try RequestHead.parse(raw.span)
        #expect(head.range(of: .accept).map { text($0, raw.span) } == "x")
        #expect(head.range(of: .xForwardedFor).map { text($0, raw.span) } == "2")
        #expect(head.isRepeated(.accept) && head.isRepeated(.xForwardedFor) && !head.isRepeated(.cookie))
    }

    @Test func `All lines of a field are found from the last to the first, whatever its name`() throws {
        let fields = "X-Place:\r\nx-place: \t \r\nX-Places: no\r\nX-PLACE: a b \r\nX-Plac: X-Place: no\r\nX-Place:c"
        let raw = Array("GET /X-Place:no HTTP/1.1\r\nHost: a\r\n\(fields)\r\nAccept: x\r\naccept: y\r\n\r\n".utf8)
        let head = try RequestHead.parse(raw.span)
        var (found, offset) = ([String](), raw.count)
        while let line = head.lastLine(of: Array("x-Place".utf8).span, before: offset, in: raw.span), found.count < 9 {
            found.append(text(line, raw.span))
            offset = line.lowerBound
        }
        #expect(found == ["c", "a b", "", ""])
        #expect(head.lastLine(of: .accept, before: raw.count, in: raw.span).map { text($0, raw.span) } == "y")
        #expect(head.lastLine(of: .cookie, before: raw.count, in: raw.span) == nil)
    }

    @Test func `The scanner stops at the end of a head and leaves what follows alone`() throws {
        let first = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var scanner = HeadScanner()
        let both = first + [0, 10, 13]
        let end = try scanner.scan(both.span)
        #expect(end == first.count)
    }

    @Test func `A port may be empty, as RFC 3986 has it`() {
        let raw = Array("GET / HTTP/1.1\r\nHost: a:\r\n\r\n".utf8)
        #expect(verdict(raw, cuts: [raw.count]) == "ok get / a: none alive")
    }

    @Test func `Limits are the caller's`() {
        let raw = Array("GET /abcdef HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".utf8)
        func outcome(_ limits: HeadLimits) -> String { verdict(raw, cuts: [raw.count], limits: limits) }
        #expect(outcome(HeadLimits(maxHeadBytes: raw.count)).hasPrefix("ok"))
        #expect(outcome(HeadLimits(maxHeadBytes: raw.count - 1)) == "headTooLarge")
        #expect(outcome(HeadLimits(maxTargetBytes: 7)).hasPrefix("ok"))
        #expect(outcome(HeadLimits(maxTargetBytes: 6)) == "targetTooLong")
        #expect(outcome(HeadLimits(maxFieldCount: 2)).hasPrefix("ok"))
        #expect(outcome(HeadLimits(maxFieldCount: 1)) == "tooManyFields")
    }

    @Test(arguments: UInt64(1)...20) func `A damaged request has one verdict however it is cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let damage = Array("\r\n\t \0:,%/?#*\u{7F}x1".utf8) + [0x80, 0xFF]
        let good = Self.vectors.filter { $0.raw.count < 300 }
        for _ in 0..<50 {
            guard var raw = good.randomElement(using: &random)?.raw, !raw.isEmpty else { continue }
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = raw.indices.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0 where raw.count > 1: raw.remove(at: index)
                case 1: raw.insert(damage.randomElement(using: &random) ?? 0, at: index)
                default: raw[index] = damage.randomElement(using: &random) ?? 0
                }
            }
            let whole = verdict(raw, cuts: [raw.count])
            #expect(verdict(raw, cuts: Array(0...raw.count)) == whole, "seed \(seed): \(printable(raw))")
            #expect(verdict(raw, cuts: random.cuts(raw.count)) == whole, "seed \(seed): \(printable(raw))")
        }
    }
}
