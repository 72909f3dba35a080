// Shares in locked memory and beyond it.

import TestRandomness
import Testing

@testable import SecureMemory

@Suite struct ShareTableTests {
    private func share(_ number: Int) -> [UInt8] {
        (0..<ShareTable.shareSize).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0 &+ 1) | 1 }
    }

    private func look(_ table: borrowing ShareTable, _ index: Int) -> [UInt8] {
        table.withShare(index) { share in share.indices.map { share[$0] } }
    }

    private func address(_ table: borrowing ShareTable, _ index: Int) -> UInt {
        table.withShare(index) { unsafe $0.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
    }

    @Test func `a cell is zero, then what it was filled with, then zero again`() throws {
        var table = try ShareTable(capacity: 300, lockedCapacity: 100)
        let zero = [UInt8](repeating: 0, count: 32)
        for index in [0, 1, 99, 100, 101, 299] {
            #expect(look(table, index) == zero)
            table.fill(index, with: share(index).span)
        }
        for index in [0, 1, 99, 100, 101, 299] { #expect(look(table, index) == share(index)) }
        for index in [0, 1, 99, 100, 101, 299] {
            table.wipe(index)
            #expect(look(table, index) == zero)
            for other in [0, 1, 99, 100, 101, 299] where other > index { #expect(look(table, other) == share(other)) }
        }
    }

    @Test func `only what goes beyond locked memory lies in ordinary pages, undumped and not inherited`() throws {
        let table = try ShareTable(capacity: 300, lockedCapacity: 128)
        #expect(table.lockedCapacity == 128)
        let locked = try #require(MappedRegion.containing(address(table, 127)))
        let ordinary = try #require(MappedRegion.containing(address(table, 128)))
        if table.protection != .unlockedMemory { #expect(locked.flags.contains("lo")) }
        #expect(!ordinary.flags.contains("lo"))
        #expect(ordinary.flags.isSuperset(of: ["dd", "dc"]))
        #expect((readThroughKernel(address(table, 0), count: 32) == nil) == (table.protection == .secretMemory))
    }

    @Test func `ordinary pages go back when the last of their cells is wiped`() throws {
        var table = try ShareTable(capacity: 3 * 4096, lockedCapacity: 0)
        // One page each in the first and the second segment of 4096 cells.
        for index in [10, 11, 4096 + 10] { table.fill(index, with: share(index).span) }
        let first = address(table, 10)
        let second = address(table, 4096 + 10)
        #expect(isResident(first) && isResident(second))
        table.wipe(10)
        #expect(isResident(first))
        table.wipe(11)
        #expect(!isResident(first))
        #expect(isResident(second))
        table.wipe(4096 + 10)
        #expect(!isResident(second))
        table.fill(10, with: share(3).span)
        #expect(look(table, 10) == share(3))
    }

    @Test func `more locked cells than cells are no more than cells`() throws {
        let table = try ShareTable(capacity: 10, lockedCapacity: 1000)
        #expect(table.lockedCapacity == 10)
        #expect(table.capacity == 10)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a table does what a dictionary does`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = try ShareTable(capacity: 9000, lockedCapacity: 500)
        var model: [Int: [UInt8]] = [:]
        for step in 0..<2000 {
            let index = Int.random(in: 0..<9000, using: &random)
            let index2 = model.keys.min { abs($0 - index) < abs($1 - index) } ?? index
            if Bool.random(using: &random), model[index2] != nil {
                table.wipe(index2)
                model[index2] = nil
            } else if model[index] == nil {
                table.fill(index, with: share(step).span)
                model[index] = share(step)
            }
            if step % 400 == 399 {
                for (index, expected) in model { #expect(look(table, index) == expected, "seed \(seed), step \(step)") }
            }
        }
        for index in 0..<9000 where model[index] == nil {
            #expect(look(table, index).allSatisfy { $0 == 0 }, "seed \(seed), cell \(index)")
        }
    }

    @Test func `wiping all empties every cell, the locked ones at once and the others step by step`() throws {
        var table = try ShareTable(capacity: 100 + 3 * 4096, lockedCapacity: 100)
        let (locked, first, second) = (7, 100 + 10, 100 + 4096 + 10)
        for index in [locked, first, second] { table.fill(index, with: share(index).span) }
        table.wipeAll()
        let zero = [UInt8](repeating: 0, count: 32)
        #expect(look(table, locked) == zero)
        // A new share in the same segment does not bring its old neighbours back.
        table.fill(first + 1, with: share(1).span)
        #expect(look(table, first) == zero)
        #expect(look(table, first + 1) == share(1))
        while table.wipeNext() {}
        #expect(look(table, second) == zero)
        #expect(look(table, first + 1) == share(1), "what was filled since is left alone")
        #expect(isResident(address(table, second)))
        var released = 0
        while let bytes = table.releaseNext() { released += bytes }
        #expect(released == 4096 * 32, "the segment that is in use again stays")
        #expect(!isResident(address(table, second)))
        #expect(look(table, first + 1) == share(1))
        table.wipe(first + 1)
        #expect(!isResident(address(table, first)))
    }
}
