// Lines that wait: in which order they come, and which of them go where there is no room.
import Kernel
import Synchronization
import TestRandomness
import Testing

@testable import Outbound

@Suite struct QueueTests {
    @Test func `a full queue loses its oldest lines, and those that are taken come in order`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 0, closing: closing)
        for number in 20..<220 { #expect(queue.append(copy: [UInt8](repeating: UInt8(number), count: 500))) }
        #expect(!queue.append(copy: [UInt8](repeating: 0, count: LineQueue.maximumLine + 1)))
        #expect(queue.counts.dropped == 200 - 16 + 1)
        closing.begin(until: BootClock.milliseconds() + 5000)
        var line: [UInt8] = []
        for number in 204..<220 {
            #expect(queue.next(into: &line))
            #expect(line == [UInt8](repeating: UInt8(number), count: 500))
        }
        #expect(!queue.next(into: &line))
        #expect(!queue.append(copy: [1]))
        #expect(queue.counts.dropped == 200 - 16 + 2)
    }

    @Test func `batches leave what the same lines leave one by one, wherever the queue's memory ends`() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let pair = try Pair()
            for _ in 0..<60 {
                let lines = Self.lines(&random)
                pair.batches.append(copy: lines.flatMap { $0 + [0x0a] })
                for line in lines { pair.singles.append(copy: line) }
                #expect(pair.batches.counts == pair.singles.counts, "seed \(seed)")
                if Int.random(in: 0..<3, using: &random) == 0 {
                    let taken = try pair.take(Int.random(in: 1...12_000, using: &random))
                    #expect(taken, "seed \(seed)")
                }
            }
            while pair.batches.counts.queued > 0 {
                let taken = try pair.take(.max)
                #expect(taken, "seed \(seed)")
            }
        }
    }

    @Test func `of a batch that is larger than the queue its newest lines stay`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 10_000, closing: closing)
        var losses = 0
        #expect(queue.append(copy: Array("old\n".utf8)))
        let lines = (100..<400).map { Array((String(repeating: ".", count: 96) + "\($0)\n").utf8) }
        let batch = Array(lines.joined())
        _ = queue.append(batch.span) { losses += 1 }
        #expect(queue.counts == (dropped: 201, queued: 10_000))
        #expect(losses == 1)
        var found: [UInt8] = []
        #expect(queue.next(.max, into: &found))
        #expect(found == Array(lines.suffix(100).joined()))
    }

    @Test func `a queue that is offered lines takes the whole ones that fit, and those that wait stay`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 10_000, closing: closing)
        var losses = 0
        let lines = (100..<350).map { Array((String(repeating: ".", count: 96) + "\($0)\n").utf8) }
        #expect(queue.offer(copy: Array(lines[..<90].joined())) == 9000)
        #expect(queue.offer(copy: Array(lines[90...].joined())) == 1000)
        #expect(queue.offer(copy: lines[100]) == 0)
        queue.missed(150) { losses += 1 }
        queue.missed(1) { losses += 1 }
        #expect(queue.counts == (dropped: 151, queued: 10_000) && losses == 1)
        var found: [UInt8] = []
        #expect(queue.next(.max, into: &found))
        #expect(found == Array(lines[..<100].joined()))
        #expect(queue.takeLosses() == nil, "it may go on")
        let limit = BootClock.milliseconds() + 5000
        var told: UInt64?
        while told == nil, BootClock.milliseconds() < limit { told = queue.takeLosses() }
        #expect(told == 151)
        closing.begin(until: BootClock.milliseconds() + 5000)
        #expect(!queue.next(into: &found))
        #expect(queue.offer(copy: lines[0]) == 0)
    }

    @Test func `a line that is too long takes no other one of its batch with it`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 1 << 20, closing: closing)
        let long = [UInt8](repeating: 0x78, count: LineQueue.maximumLine + 1)
        #expect(!queue.append(copy: Array("a\nb\n".utf8) + long + Array("\nc\n\nd\n".utf8) + long))
        #expect(queue.append(copy: Array("e".utf8)))
        #expect(queue.counts == (dropped: 2, queued: 10))
        var found: [UInt8] = []
        #expect(queue.next(.max, into: &found))
        #expect(found == Array("a\nb\nc\nd\ne\n".utf8))
        #expect(!queue.append(copy: long))
        #expect(queue.takeLosses() == nil)
        #expect(queue.counts == (dropped: 3, queued: 0))
    }

    @Test func `lines are taken whole, up to so many bytes, and one is taken that is longer than that`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 0, closing: closing)
        #expect(queue.append(copy: Array("abc\nde\nfghijk\nl\n".utf8)))
        var parts: [String] = []
        var found: [UInt8] = []
        while queue.counts.queued > 0, queue.next(6, into: &found) {
            parts.append(String(decoding: found, as: UTF8.self))
        }
        #expect(parts == ["abc\n", "de\n", "fghijk\n", "l\n"])
    }

    @Test func `batches wake all who sleep for as long as there is something for them`() throws {
        let closing = try Closing()
        let queue = try LineQueue(bytes: 1 << 20, closing: closing)
        let tally = Tally()
        for _ in 0..<3 {
            try Process.startThread(named: "taker") {
                var line: [UInt8] = []
                while queue.next(into: &line) { tally.taken.add(1, ordering: .relaxed) }
                tally.ended.add(1, ordering: .releasing)
            }
        }
        for _ in 0..<200 {
            #expect(queue.append(copy: Array("a\nb\nc\nd\n".utf8)))
            let limit = BootClock.milliseconds() + 5000
            while queue.counts.queued > 0, BootClock.milliseconds() < limit {}
            #expect(queue.counts.queued == 0)
        }
        closing.begin(until: BootClock.milliseconds() + 5000)
        let limit = BootClock.milliseconds() + 5000
        while tally.ended.load(ordering: .acquiring) < 3, BootClock.milliseconds() < limit {}
        #expect(tally.taken.load(ordering: .relaxed) == 800)
    }

    private final class Tally: Sendable {
        let taken = Atomic(0)
        let ended = Atomic(0)
    }

    /// A queue that is given batches, and one that is given the same lines one by one.
    private struct Pair {
        let batches: LineQueue
        let singles: LineQueue

        init() throws {
            let closing = try Closing()
            batches = try LineQueue(bytes: 9000, closing: closing)
            singles = try LineQueue(bytes: 9000, closing: closing)
        }

        /// Takes from both; whether it was the same.
        func take(_ most: Int) throws -> Bool {
            guard batches.counts.queued > 0 else { return true }
            var (lines, line, alone): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
            guard batches.next(most, into: &lines) else { return false }
            while alone.count < lines.count {
                guard singles.counts.queued > 0, singles.next(into: &line) else { return false }
                alone += line + [0x0a]
            }
            return alone == lines
        }
    }

    /// Lines of which one now and then is too long.
    private static func lines(_ random: inout SeededGenerator) -> [[UInt8]] {
        (0..<Int.random(in: 1...20, using: &random)).map { _ in
            let isLong = Int.random(in: 0..<40, using: &random) == 0
            let count = Int.random(in: isLong ? 8000...8400 : 1...900, using: &random)
            return [UInt8](repeating: UInt8.random(in: 0x20...0x7e, using: &random), count: count)
        }
    }
}

extension LineQueue {
    @discardableResult
    fileprivate func append(copy bytes: [UInt8]) -> Bool { append(bytes.span) }
    fileprivate func offer(copy bytes: [UInt8]) -> Int { offer(bytes.span) }
}
