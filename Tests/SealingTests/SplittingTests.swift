// Splitting and joining beyond what vectors say: every k of n, randomness, limits, and the field itself.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct SplittingTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    @Test func `any k of n parts give the secret back, and fewer are refused`() throws {
        let secret = pattern(40)
        for total in 2...6 {
            for needed in 2...total {
                let parts = try bench.split(secret, needed: needed, total: total)
                #expect(parts.allSatisfy { $0.count == PartHead.size + secret.count })
                for count in 1...total {
                    for some in choices(parts, count) {
                        if count < needed {
                            #expect(throws: SplittingError.few) { try bench.join(some) }
                        } else {
                            #expect(try bench.join(some) == secret)
                            #expect(try bench.join(some.reversed()) == secret)
                        }
                    }
                }
            }
        }
    }

    @Test func `fewer parts than needed fit any secret`() throws {
        // For every value that a byte might have there is a third part that gives it with these two.
        let parts = try bench.split([0x5A], needed: 3, total: 3)
        var found: Set<UInt8> = []
        for value in UInt8.min...UInt8.max {
            found.formUnion(try bench.join([parts[0], parts[1], parts[2].dropLast() + [value]]))
        }
        #expect(found.count == 256)
    }

    @Test func `each byte of each piece has coefficients of its own`() throws {
        let freeBefore = bench.arena.freeBytes
        let secret = [UInt8](repeating: 1, count: 40_000)
        let (first, second) = (
            try bench.split(secret, needed: 3, total: 4), try bench.split(secret, needed: 3, total: 4)
        )
        #expect(try bench.join([first[3], first[0], first[2]]) == secret)
        #expect(first[0].prefix(16) != second[0].prefix(16))
        #expect(first[0].dropFirst(19) != second[0].dropFirst(19))
        // Of 100 random bytes some 83 differ.
        for start in stride(from: 19, to: 40_000, by: 1000) {
            #expect(Set(first[0][start..<start + 100]).count > 50)
        }
        #expect(bench.arena.freeBytes == freeBefore)
        #expect(throws: SplittingError.strangers) { try bench.join([first[0], first[1], second[2]]) }
    }

    @Test func `numbers out of bounds are refused, and so is nothing`() {
        for (needed, total) in [(1, 2), (3, 2), (2, 256), (0, 5), (-1, 3)] {
            #expect(throws: SplittingError.numbers) { try bench.split([1], needed: needed, total: total) }
        }
        #expect(throws: SplittingError.empty) { try bench.split([], needed: 2, total: 3) }
    }

    @Test func `memory that is short is told`() throws {
        let small = try SecureArena(capacity: 8192)
        do {
            _ = try SecretSplitter(needed: 2, total: 3, arena: small)
            Issue.record("32 KiB were lent out of 8")
        } catch {
            #expect(error == .arenaFull)
        }
        var splitter = try SecretSplitter(needed: 2, total: 3, arena: bench.arena)
        try splitter.take(pattern(300).span)
        var output = try bench.lend(256)
        do {
            try splitter.writeValues(of: 1, into: &output)
            Issue.record("300 values went into 256 bytes")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(output.isZeroThroughout == true)
    }

    @Test func `the field is that of AES`() {
        // FIPS 197, sections 4.2 and 4.2.1.
        for (element, factor, product) in [
            (0x57, 0x83, 0xC1), (0x57, 0x02, 0xAE), (0x57, 0x04, 0x47), (0x57, 0x08, 0x8E), (0x57, 0x10, 0x07),
            (0x57, 0x13, 0xFE), (0x53, 0xCA, 0x01),
        ] as [(UInt8, UInt8, UInt8)] {
            #expect(GaloisField.times(element, factor) == product)
            #expect(GaloisField.times(factor, element) == product)
        }
        for element in UInt8.min...UInt8.max {
            #expect(GaloisField.times(element, 1) == element)
            #expect(GaloisField.times(element, 0) == 0)
            #expect(GaloisField.times(element, GaloisField.inverse(element)) == (element == 0 ? 0 : 1))
        }
    }
}
