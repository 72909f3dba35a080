// Sealing and opening of content: what comes back, and what does not.

import SecureMemory
import TestRandomness
import Testing

@testable import Sealing

@Suite struct ContentTests {
    let bench: Workbench
    static let chunk = ContentStream.chunkSize
    static let sealedChunk = chunk + CipherSuite.tagSize

    init() throws {
        bench = try Workbench()
    }

    @Test(arguments: [0, 1, 15, 16, 17, 64, 65, 8191, 8192, 8193, 2 * 8192, 3 * 8192, 3 * 8192 + 1, 100_000])
    func `what was sealed is what is opened, in whatever pieces it came`(_ size: Int) throws {
        let content = pattern(size)
        let facts = try bench.facts()
        let freeBefore = bench.arena.freeBytes
        let whole = try bench.seal(content, facts: facts)
        #expect(whole.count == size + max(1, (size + Self.chunk - 1) / Self.chunk) * CipherSuite.tagSize)
        #expect(try bench.open(whole, facts: facts) == content)
        var random = SeededGenerator(seed: UInt64(size))
        let splits: [[Int]] = [
            [1], [0, 0, 0], [size / 2], [max(size - 1, 0)], [Self.chunk], [Self.chunk - 1, 1], [Self.chunk - 1, 2],
            [Self.chunk + 1], [1, Self.chunk, Self.chunk], Array(repeating: 1000, count: size / 1000),
            Array(repeating: Self.chunk, count: size / Self.chunk),
            size <= Self.chunk + 1 ? Array(repeating: 1, count: size) : [],
            (0..<20).map { _ in Int.random(in: 0...9000, using: &random) },
        ]
        for pieces in splits {
            for expected in [size, 0, 1, 10 * size] {
                let sealed = try bench.seal(content, pieces: pieces, facts: facts, expectedCount: expected)
                #expect(sealed == whole, "pieces of \(pieces.prefix(5)), \(expected) bytes expected")
            }
        }
        #expect(bench.arena.freeBytes == freeBefore)
    }

    @Test func `content of any bytes survives`() throws {
        let content = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 % 3 == 0 ? 0 : $0 / 3) }
        let facts = try bench.facts()
        #expect(try bench.open(try bench.seal(content, facts: facts), facts: facts) == content)
    }

    @Test(arguments: [0, 1, 40]) func `no bit of a small ciphertext can be flipped`(_ size: Int) throws {
        let facts = try bench.facts()
        let sealed = try bench.seal(pattern(size), facts: facts)
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealingError.notAuthentic, "bit \(bit)") { try bench.open(changed, facts: facts) }
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `no bit of a large ciphertext can be flipped`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let facts = try bench.facts()
        var sealed = try bench.seal(pattern(3 * Self.chunk + 100), facts: facts)
        let bit = Int.random(in: 0..<sealed.count * 8, using: &random)
        sealed[bit / 8] ^= 1 << (bit % 8)
        #expect(throws: SealingError.notAuthentic, "seed \(seed), bit \(bit)") { try bench.open(sealed, facts: facts) }
    }

    @Test func `chunks can be neither cut off, dropped, swapped, doubled nor added`() throws {
        let facts = try bench.facts()
        for size in [3 * Self.chunk, 3 * Self.chunk - 1, 2 * Self.chunk + 1] {
            let sealed = try bench.seal(pattern(size), facts: facts)
            let first = Array(sealed[..<Self.sealedChunk])
            let second = Array(sealed[Self.sealedChunk..<2 * Self.sealedChunk])
            let last = Array(sealed[(2 * Self.sealedChunk)...])
            let forged: [[UInt8]] = [
                [], first, first + second, second + last, last, first + last, second + first + last,
                first + second + second + last, first + second + last + last, first + second + last + [0],
                first + second + last.dropLast(), first + second + last.dropLast(CipherSuite.tagSize),
                Array(sealed[..<(Self.sealedChunk - 1)]), Array(sealed[..<(Self.sealedChunk + 1)]),
                Array(sealed[..<15]), Array(sealed[..<16]), Array(sealed.dropFirst()),
            ]
            for (number, ciphertext) in forged.enumerated() {
                #expect(throws: SealingError.notAuthentic, "\(size) bytes, forgery \(number)") {
                    try bench.open(ciphertext, facts: facts)
                }
            }
            #expect(try bench.open(first + second + last, facts: facts) == pattern(size))
        }
    }

    @Test func `a record whose facts were changed does not open`() throws {
        let facts = try bench.facts()
        for size in [0, 10, Self.chunk + 5] {
            let sealed = try bench.seal(pattern(size), facts: facts)
            let changed = [
                try bench.facts(token: Workbench.otherToken), try bench.facts(created: facts.created + 1),
                try bench.facts(created: -facts.created), try bench.facts(timeToLive: facts.timeToLive + 1),
                try bench.facts(isLocked: true),
                RecordFacts(
                    id: RecordID(high: facts.id.low, low: facts.id.high), created: facts.created,
                    timeToLive: facts.timeToLive, isLocked: false),
            ]
            for facts in changed {
                #expect(throws: SealingError.notAuthentic) { try bench.open(sealed, facts: facts) }
            }
        }
    }

    @Test func `neither another token nor another share opens it`() throws {
        let facts = try bench.facts()
        let sealed = try bench.seal(pattern(100), facts: facts)
        var share = Workbench.share
        share[31] ^= 1
        #expect(throws: SealingError.notAuthentic) { try bench.open(sealed, share: share, facts: facts) }
        #expect(throws: SealingError.notAuthentic) {
            try bench.open(sealed, share: [UInt8](repeating: 0, count: 32), facts: facts)
        }
        #expect(throws: SealingError.notAuthentic) {
            try bench.open(sealed, token: Workbench.otherToken, facts: facts)
        }
    }

    @Test func `one who has opened all gets nothing more`() throws {
        let token = Workbench.token
        let share = Workbench.share
        let facts = try bench.facts()
        var sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: 3, suite: bench.suite,
            arena: bench.arena)
        try sealer.append([1, 2, 3].span, suite: bench.suite)
        let sealed = try sealer.finish(facts: facts, suite: bench.suite)
        var opener = try ContentOpener(
            sealed, token: token.span, share: share.span, facts: facts, suite: bench.suite,
            key: try bench.lend(ContentOpener.keySize))
        let isSingle = opener.sealedByteCount <= ContentStream.chunkSize + CipherSuite.tagSize
        #expect(isSingle)
        var output = try bench.lend(100)
        try opener.openNext(into: &output, suite: bench.suite)
        let isFinished = opener.isFinished
        #expect(isFinished)
        do {
            try opener.openNext(into: &output, suite: bench.suite)
            Issue.record("there was more")
        } catch {
            #expect(error == .notAuthentic)
        }
        #expect(output.copied == [1, 2, 3])
    }

    @Test func `an output without room is an error before anything is opened, and the next try works`() throws {
        let token = Workbench.token
        let share = Workbench.share
        let facts = try bench.facts()
        let sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: 3, suite: bench.suite,
            arena: bench.arena)
        var filled = sealer
        try filled.append(pattern(200).span, suite: bench.suite)
        var opener = try ContentOpener(
            try filled.finish(facts: facts, suite: bench.suite), token: token.span,
            share: share.span, facts: facts, suite: bench.suite, key: try bench.lend(ContentOpener.keySize))
        var small = try bench.lend(128)
        do {
            try opener.openNext(into: &small, suite: bench.suite)
            Issue.record("200 bytes went into 128")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(small.isEmpty == true)
        var large = try bench.lend(256)
        try opener.openNext(into: &large, suite: bench.suite)
        #expect(large.copied == pattern(200))
    }

    @Test func `an arena that is full is an error, and gives back all that was borrowed`() throws {
        let token = Workbench.token
        let share = Workbench.share
        let arena = try SecureArena(capacity: 8192)
        let facts = try bench.facts()
        do throws(SealingError) {
            var sealer = try ContentSealer(
                token: token.span, share: share.span, expectedCount: 100, suite: bench.suite,
                arena: arena)
            try sealer.append(pattern(8192).span, suite: bench.suite)
            _ = try sealer.finish(facts: facts, suite: bench.suite)
            Issue.record("a chunk and a key do not fit")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(arena.freeBytes == arena.capacity)
    }

    @Test func `no two contents are sealed under the same key stream`() throws {
        let facts = try bench.facts()
        let zeroes = [UInt8](repeating: 0, count: 2 * Self.chunk + 64)
        let sealed = try bench.seal(zeroes, facts: facts)
        var share = Workbench.share
        share[0] ^= 1
        let other = try bench.seal(zeroes, share: share, facts: facts)
        let streams = [sealed, other].flatMap { bytes in
            [0, Self.sealedChunk, 2 * Self.sealedChunk].map { Array(bytes[$0..<$0 + 32]) }
        }
        #expect(Set(streams).count == 6)
    }
}
