// Bodies: framing taken off in place.

import TestRandomness
import Testing

@testable import HTTPWire

/// Feeds `raw` as it would arrive, in pieces that end at `cuts`, with a gap in front of the first byte.
func decodeBody(_ framing: BodyFraming, _ raw: [UInt8], cuts: [Int], limit: Int = 64, gap: Int = 0) -> String {
    var buffer = [UInt8](repeating: 0x2A, count: gap)
    var progress = BodyProgress(bodyEnd: 0, rawStart: gap, isComplete: false)
    var fed = 0
    do throws(RequestFault) {
        var decoder = try BodyDecoder(framing, limit: limit)
        for cut in cuts {
            buffer += raw[fed..<cut]
            fed = cut
            var span = buffer.mutableSpan
            let next = try decoder.decode(&span, bodyEnd: progress.bodyEnd, rawStart: progress.rawStart)
            let isInOrder = next.bodyEnd >= progress.bodyEnd && next.rawStart >= next.bodyEnd
            guard isInOrder, next.isComplete || next.rawStart == buffer.count else { return "nonsense \(next)" }
            progress = next
            if progress.isComplete {
                let left = raw.count - fed + buffer.count - progress.rawStart
                return "ok [\(printable(buffer[..<progress.bodyEnd]))] \(left)"
            }
        }
    } catch {
        return "\(error)"
    }
    return "incomplete"
}

@Suite struct BodyDecoderTests {
    static let vectors = Vector.load("chunked")

    @Test(arguments: vectors) func `A chunked body has the verdict of its vector`(_ vector: Vector) {
        #expect(decodeBody(.chunked, vector.raw, cuts: [vector.raw.count]) == vector.expected)
    }

    @Test func `A chunked body has the same verdict wherever it is cut, and byte by byte`() {
        #expect(Self.vectors.count > 50)
        for vector in Self.vectors {
            for cut in stride(from: 0, through: vector.raw.count, by: vector.raw.count > 1_000 ? 97 : 1) {
                let outcome = decodeBody(.chunked, vector.raw, cuts: [cut, vector.raw.count], gap: cut % 3)
                #expect(outcome == vector.expected, "line \(vector.line), cut \(cut)")
            }
            let outcome = decodeBody(.chunked, vector.raw, cuts: Array(0...vector.raw.count))
            #expect(outcome == vector.expected, "line \(vector.line), byte by byte")
        }
    }

    @Test func `Many small extensions are refused together`() {
        let raw = Array(String(repeating: "1;\(String(repeating: "x", count: 200))\r\na\r\n", count: 60).utf8)
        #expect(decodeBody(.chunked, raw, cuts: [raw.count]) == "chunkOverheadTooLarge")
    }

    @Test(arguments: UInt64(1)...30) func `Random chunks come out as they went in`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (body, raw) = ([UInt8](), [UInt8]())
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let chunk = random.bytes(Int.random(in: 1...40, using: &random), from: [0, 10, 13, 48, 65, 255])
            body += chunk
            raw += Array(String(chunk.count, radix: 16, uppercase: Bool.random(using: &random)).utf8)
            if Bool.random(using: &random) { raw += Array(";a=\"b;c\"".utf8) }
            raw += [13, 10] + chunk + [13, 10]
        }
        raw += Array("0\r\n\r\n".utf8)
        let outcome = decodeBody(.chunked, raw, cuts: random.cuts(raw.count), limit: 1_000, gap: Int(seed % 5))
        #expect(outcome == "ok [\(printable(body))] 0", "seed \(seed)")
    }

    @Test func `A body of known length ends where its length says`() {
        let raw = Array("hello, next".utf8)
        for cut in 0...raw.count {
            for gap in 0...2 {
                #expect(decodeBody(.length(5), raw, cuts: [cut, raw.count], gap: gap) == "ok [hello] 6")
            }
        }
        #expect(decodeBody(.length(0), raw, cuts: [raw.count]) == "ok [] 11")
        #expect(decodeBody(.none, raw, cuts: [raw.count]) == "ok [] 11")
        #expect(decodeBody(.length(12), raw, cuts: [raw.count]) == "incomplete")
    }

    @Test func `A length over the limit is refused before any byte`() {
        #expect(decodeBody(.length(64), [], cuts: []) == "incomplete")
        #expect(decodeBody(.length(65), [], cuts: []) == "bodyTooLarge")
        #expect(decodeBody(.length(.max), [], cuts: []) == "bodyTooLarge")
    }
}
