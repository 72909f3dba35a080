// The arena's books, compared with a list of who has what.

import TestRandomness
import Testing

@testable import SecureMemory

@Suite struct BuddyAllocatorTests {
    @Test(arguments: 0..<60 as Range<UInt64>)
    func `blocks never overlap, and all is joined again when all is given back`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let maximumOrder = Int.random(in: 0...6, using: &random)
        let unitCount = Int.random(in: 1...300, using: &random)
        var allocator = BuddyAllocator(unitCount: unitCount, maximumOrder: maximumOrder)
        var owner = [Int?](repeating: nil, count: unitCount)
        var lent: [(unit: Int, order: Int)] = []
        for step in 0..<600 {
            let gives = !lent.isEmpty && Int.random(in: 0..<(step % 200 < 100 ? 4 : 2), using: &random) == 0
            if gives {
                let block = lent.remove(at: Int.random(in: 0..<lent.count, using: &random))
                for unit in block.unit..<block.unit + 1 << block.order { owner[unit] = nil }
                allocator.free(block.unit, order: block.order)
            } else {
                let order = Int.random(in: 0...maximumOrder + 1, using: &random)
                let hasRoom = order <= maximumOrder && Self.hasFreeBlock(owner, order)
                guard let unit = allocator.allocate(order: order) else {
                    #expect(!hasRoom, "a free block of order \(order) was not found; seed \(seed), step \(step)")
                    continue
                }
                #expect(hasRoom, "seed \(seed), step \(step)")
                try #require(unit >= 0 && unit + 1 << order <= unitCount, "seed \(seed), step \(step)")
                #expect(unit % (1 << order) == 0, "not aligned; seed \(seed), step \(step)")
                for taken in unit..<unit + 1 << order {
                    #expect(owner[taken] == nil, "unit \(taken) is lent twice; seed \(seed), step \(step)")
                    owner[taken] = step
                }
                lent.append((unit, order))
            }
            let free = allocator.freeUnits
            #expect(free == owner.count { $0 == nil }, "seed \(seed), step \(step)")
        }
        for block in lent { allocator.free(block.unit, order: block.order) }
        // The largest blocks can be had again only if everything was joined.
        for _ in 0..<unitCount >> maximumOrder {
            let unit = allocator.allocate(order: maximumOrder)
            #expect(unit != nil, "seed \(seed)")
        }
        let left = allocator.freeUnits
        #expect(left == unitCount % (1 << maximumOrder), "seed \(seed)")
    }

    /// Whether there is an aligned free run: buddies are joined eagerly, so each of them has to be found.
    private static func hasFreeBlock(_ owner: [Int?], _ order: Int) -> Bool {
        stride(from: 0, through: owner.count - 1 << order, by: 1 << order).contains { start in
            owner[start..<start + 1 << order].allSatisfy { $0 == nil }
        }
    }

    @Test func `one that has lent all gives nothing and one that gets some back gives that`() {
        var allocator = BuddyAllocator(unitCount: 5, maximumOrder: 2)
        let units = [0, 1, 2, 3, 4].map { _ in allocator.allocate(order: 0) }
        #expect(Set(units) == [0, 1, 2, 3, 4])
        let none = allocator.allocate(order: 0)
        #expect(none == nil)
        allocator.free(3, order: 0)
        let again = allocator.allocate(order: 0)
        #expect(again == 3)
    }

    @Test func `a block that is larger than the largest is never given`() {
        var allocator = BuddyAllocator(unitCount: 64, maximumOrder: 3)
        let none = allocator.allocate(order: 4)
        #expect(none == nil)
        let free = allocator.freeUnits
        #expect(free == 64)
    }
}
