// Bytes with one owner, and the arena that lends them.

import TestRandomness
import Testing

@testable import SecureMemory

@Suite struct SecureBytesTests {
    let arena: SecureArena

    init() throws {
        arena = try SecureArena(capacity: 64 * 1024)
    }

    private func copy(_ bytes: borrowing SecureBytes) -> [UInt8] {
        bytes.span.indices.map { bytes.span[$0] }
    }

    private func isZeroBehindUse(_ bytes: inout SecureBytes) -> Bool {
        let room = bytes.freeSpan
        return room.indices.allSatisfy { room[$0] == 0 }
    }

    private func expectZeroes(
        behind bytes: inout SecureBytes, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
    ) {
        let isZero = isZeroBehindUse(&bytes)
        #expect(isZero, comment, sourceLocation: place)
    }

    @Test func `what is appended is what is there`() throws {
        var bytes = try lend(100)
        #expect(bytes.isEmpty == true)
        let first = bytes.append([1, 2, 3].span)
        let second = bytes.append(4)
        let third = bytes.append(Span())
        #expect(first && second && third)
        #expect(copy(bytes) == [1, 2, 3, 4])
        #expect(bytes.capacity == 128)
        #expect(bytes.freeCapacity == 124)
    }

    @Test func `appending more than there is room for appends nothing`() throws {
        var bytes = try lend(128)
        bytes.append([UInt8](repeating: 1, count: 124).span)
        let tooMuch = bytes.append([9, 9, 9, 9, 9].span)
        #expect(!tooMuch)
        #expect(copy(bytes) == [UInt8](repeating: 1, count: 124))
        let fits = bytes.append([2, 2, 2, 2].span)
        let oneMore = bytes.append(3)
        #expect(fits && !oneMore)
        #expect(copy(bytes) == [UInt8](repeating: 1, count: 124) + [2, 2, 2, 2])
        // The neighbour in the arena got none of it.
        var neighbour = try lend(128)
        expectZeroes(behind: &neighbour)
    }

    @Test(arguments: [1, 128, 129, 1000, 4096])
    func `a block is zero when it is lent again, however its last owner left it`(_ size: Int) throws {
        for round in 0..<5 {
            // All blocks at once, so that every byte of the arena is written to and looked at.
            var blocks: [Box] = []
            while let block = arena.allocate(size) { blocks.append(Box(block)) }
            #expect(blocks.count == arena.capacity / blocks[0].bytes.capacity)
            for box in blocks {
                expectZeroes(behind: &box.bytes, "round \(round)")
                while box.bytes.append(0xAA) {}
                switch round {
                case 0: box.bytes.wipe()
                case 1: box.bytes.truncate(to: size / 2)
                case 2: box.bytes.removeFirst(size / 2)
                default: break
                }
                if round < 3 { expectZeroes(behind: &box.bytes) }
            }
        }
        #expect(arena.freeBytes == arena.capacity)
    }

    @Test func `an arena with nothing left lends nothing`() throws {
        for tooMuch in [arena.capacity * 2, .max, SecureArena.maximumBlock + 1] {
            let isRefused = arena.allocate(tooMuch) == nil
            #expect(isRefused)
        }
        let all = try lend(arena.capacity)
        let isUsedUp = arena.allocate(0) == nil
        #expect(isUsedUp)
        #expect(all.capacity == arena.capacity)
    }

    @Test(arguments: [(0, 128), (1, 128), (128, 128), (129, 256), (256, 256), (257, 512), (8192, 8192), (8193, 16384)])
    func `a block is the power of two that suffices`(_ asked: Int, _ given: Int) throws {
        let bytes = try lend(asked)
        #expect(bytes.capacity == given)
        #expect(arena.freeBytes == arena.capacity - given)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `changing in the middle does what it does to an array, and leaves zeroes behind`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes = try lend(512)
        var model: [UInt8] = []
        for step in 0..<200 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                let count = Int.random(in: 0...100, using: &random)
                let added = (0..<count).map { _ in UInt8.random(in: 1...255, using: &random) }
                if bytes.append(added.span) { model += added } else { #expect(model.count + added.count > 512) }
            case 3:
                let start = Int.random(in: 0...model.count, using: &random)
                let removed = Int.random(in: 0...model.count - start, using: &random)
                bytes.removeSubrange(start, removed)
                model.removeSubrange(start..<start + removed)
            case 4:
                let count = Int.random(in: 0...model.count, using: &random)
                bytes.truncate(to: count)
                model.removeSubrange(count...)
            default:
                guard !model.isEmpty else { continue }
                let index = Int.random(in: 0..<model.count, using: &random)
                var span = bytes.mutableSpan
                span[index] = 77
                model[index] = 77
            }
            #expect(copy(bytes) == model, "seed \(seed), step \(step)")
            expectZeroes(behind: &bytes, "seed \(seed), step \(step)")
        }
    }

    @Test func `what a closure writes counts, and what it takes back is wiped`() throws {
        struct Refused: Error {}
        var bytes = try lend(128)
        bytes.append(1)
        bytes.appendBytes(10) { output in
            output.append(2)
            output.append(3)
            output.append(99)
            _ = output.removeLast()
        }
        #expect(copy(bytes) == [1, 2, 3])
        expectZeroes(behind: &bytes)
        do throws(Refused) {
            try bytes.appendBytes(10) { (output) throws(Refused) in
                output.append(4)
                output.append(99)
                _ = output.removeLast()
                throw Refused()
            }
        } catch {}
        #expect(copy(bytes) == [1, 2, 3, 4])
        expectZeroes(behind: &bytes)
    }

    @Test func `bytes that were read into the free room count once they are committed`() throws {
        var bytes = try lend(128)
        var room = bytes.freeSpan
        #expect(room.count == 128)
        room[0] = 5
        room[1] = 6
        bytes.commit(2)
        #expect(copy(bytes) == [5, 6])
    }

    @Test func `wiping the arena wipes lent blocks too`() throws {
        var bytes = try lend(128)
        bytes.append([1, 2, 3].span)
        arena.wipeAll()
        #expect(copy(bytes) == [0, 0, 0])
    }

    @Test func `several threads borrow from one arena without meeting`() async throws {
        let arena = arena
        await withTaskGroup(of: Bool.self) { group in
            for mark in UInt8(1)...8 {
                group.addTask {
                    for round in 0..<300 {
                        guard var bytes = arena.allocate(128 << (round % 4)) else { continue }
                        guard self.isZeroBehindUse(&bytes) else { return false }
                        while bytes.append(mark) {}
                        guard self.copy(bytes).allSatisfy({ $0 == mark }) else { return false }
                    }
                    return true
                }
            }
            for await succeeded in group { #expect(succeeded) }
        }
        #expect(arena.freeBytes == arena.capacity)
    }

    @Test func `a span of bytes is wiped where it lies`() {
        var bytes: [UInt8] = [1, 2, 3]
        var span = bytes.mutableSpan
        wipe(&span)
        #expect(bytes == [0, 0, 0])
    }

    private struct ArenaFull: Error {}

    private func lend(_ count: Int) throws(ArenaFull) -> SecureBytes {
        // The macro that requires can't take apart what is noncopyable.
        guard let bytes = arena.allocate(count) else { throw ArenaFull() }
        return bytes
    }

    /// A block among many.
    private final class Box {
        var bytes: SecureBytes

        init(_ bytes: consuming SecureBytes) {
            self.bytes = bytes
        }
    }
}
