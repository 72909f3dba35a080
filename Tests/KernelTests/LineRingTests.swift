// A ring of lines beside a plain array of lines, and the search through bytes.
import Kernel
import Testing

@Suite struct LineRingTests {
    /// So small that lines wrap at every place.
    static let capacity = 23

    @Test(arguments: 0..<40) func `lines come out as they went in, wherever the memory wraps`(_ skipped: Int) {
        var ring = LineRing(capacity: Self.capacity)
        var lines: [[UInt8]] = []
        // Moves the place where lines begin.
        for _ in 0..<skipped {
            ring.endLine()
            ring.removeAll(before: ring.end)
        }
        for round in 0..<200 {
            let line = [UInt8](repeating: UInt8(0x61 + round % 26), count: round % 7) + [0x0a]
            while ring.freeCapacity < line.count, let oldest = lines.first {
                #expect(ring.placeAfterLine(at: ring.start) == ring.start + UInt64(oldest.count))
                ring.removeAll(before: ring.placeAfterLine(at: ring.start))
                lines.removeFirst()
            }
            if round % 2 == 0 {
                ring.append(line.span)
            } else {
                ring.append(Array(line.dropLast()).span)
                ring.endLine()
            }
            lines.append(line)
            #expect(bytes(of: ring, from: ring.start, to: ring.end) == lines.flatMap(\.self))
            #expect(ring.count == lines.joined().count && ring.freeCapacity == Self.capacity - ring.count)
        }
    }

    @Test func `whole lines are counted up to what is asked for, and no further`() {
        var ring = LineRing(capacity: Self.capacity)
        for start in 0..<Self.capacity {
            ring.append(Array("ab\n\ncde\n".utf8).span)
            let ends = [0, 0, 0, 3, 4, 4, 4, 4, 8]
            for most in -1...20 {
                let behind = ring.placeAfterLines(from: ring.start, bytes: most)
                #expect(behind - ring.start == ends[min(max(most, 0), 8)], "\(most) bytes, begun at \(start)")
            }
            ring.removeAll(before: ring.end)
            // The next one begins one place behind this one.
            for _ in 0..<Self.capacity - 7 { ring.endLine() }
            ring.removeAll(before: ring.end)
        }
    }

    @Test func `dropping knows its bounds`() {
        var ring = LineRing(capacity: Self.capacity)
        ring.append(Array("a\nb\n".utf8).span)
        ring.removeAll(before: 2)
        ring.removeAll(before: 1)
        #expect(ring.start == 2 && bytes(of: ring, from: 2, to: 4) == Array("b\n".utf8))
        ring.removeAll(before: 99)
        #expect(ring.start == 4 && ring.count == 0 && ring.placeAfterLine(at: 4) == 4)
        for count in [0, 1, 22, 23, 24, 1000] { ring.prefetch(count) }
    }

    @Test func `a byte is found from a place on, and text that is not ASCII is told from such that is`() {
        let bytes = Array("one\ntwo\n".utf8)
        let found = [0, 4, 8].map { bytes.span.firstIndex(of: 0x0a, from: $0) }
        #expect(found == [3, 7, nil])
        let foundInNothing = [UInt8]().span.firstIndex(of: 0x0a)
        #expect(foundInNothing == nil)
        for count in 0..<70 {
            var text = [UInt8](repeating: 0x7f, count: count)
            var isASCII = text.span.isASCII
            #expect(isASCII)
            for place in 0..<count {
                text[place] = 0x80
                isASCII = text.span.isASCII
                #expect(!isASCII, "place \(place) of \(count)")
                text[place] = 0x7f
            }
        }
    }

    private func bytes(of ring: borrowing LineRing, from place: UInt64, to behind: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        ring.forEachPiece(from: place, to: behind) { piece in
            for index in piece.indices { bytes.append(piece[index]) }
        }
        return bytes
    }
}
