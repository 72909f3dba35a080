// Which parts of an arena are in use: a buddy allocator over numbers, which never touches the memory itself.

/// A binary buddy allocator (Knowlton, "A fast storage allocator", CACM 8(10), 1965) over units numbered from 0.
///
/// A block of order k is 2^k units and starts at a multiple of 2^k. Its books lie outside the arena, so a free block of the
/// arena holds nothing but zeroes.
///
/// Some blocks of each order are kept as they are when they come back, since the next request asks for the same: to join a
/// block with its buddies up to the largest and to split that again takes ten times as long. They are joined as soon as
/// anything asked for would not be found otherwise.
struct BuddyAllocator: ~Copyable {
    private static let none = UInt32.max
    private static let notAHead = UInt8.max

    let unitCount: Int
    let maximumOrder: Int
    private(set) var freeUnits: Int
    /// The order of the free block that starts at a unit, or `notAHead`.
    private var freeOrder: [UInt8]
    private var next: [UInt32]
    private var previous: [UInt32]
    private var heads: [UInt32]
    /// The blocks of each order that are kept as they are: the first one, linked by `next`, and how many.
    private var keptHeads: [UInt32]
    private var keptCounts: [UInt8]

    /// The largest order of which blocks are kept, and how many of each: those of one request for a few connections.
    private static let keptOrder = 7
    private static let keptLimit: UInt8 = 32

    /// - Parameter unitCount: how many units there are; what does not fill a block of the maximum order is still used.
    init(unitCount: Int, maximumOrder: Int) {
        self.unitCount = unitCount
        self.maximumOrder = maximumOrder
        freeUnits = 0
        freeOrder = Array(repeating: Self.notAHead, count: unitCount)
        next = Array(repeating: Self.none, count: unitCount)
        previous = Array(repeating: Self.none, count: unitCount)
        heads = Array(repeating: Self.none, count: maximumOrder + 1)
        keptHeads = heads
        keptCounts = Array(repeating: 0, count: maximumOrder + 1)
        var unit = 0
        while unit < unitCount {
            var order = maximumOrder
            while unit & ((1 << order) - 1) != 0 || unit + (1 << order) > unitCount { order -= 1 }
            insert(unit, order)
            freeUnits += 1 << order
            unit += 1 << order
        }
    }

    /// The first unit of a block of 2^order units, or nil when there is none. O(1) at best, else O(maximumOrder); O(kept
    /// blocks) when those have to be joined for it.
    mutating func allocate(order: Int) -> Int? {
        guard order <= maximumOrder else { return nil }
        let kept = keptHeads[order]
        if kept != Self.none {
            keptHeads[order] = next[Int(kept)]
            keptCounts[order] -= 1
            freeUnits -= 1 << order
            return Int(kept)
        }
        return split(for: order) ?? (joinKept() ? split(for: order) : nil)
    }

    private mutating func split(for order: Int) -> Int? {
        var found = order
        while heads[found] == Self.none {
            found += 1
            if found > maximumOrder { return nil }
        }
        let unit = Int(heads[found])
        remove(unit, found)
        while found > order {
            found -= 1
            insert(unit + (1 << found), found)
        }
        freeUnits -= 1 << order
        return unit
    }

    /// Whether there is a free block of 2^order units or more. O(maximumOrder), or O(kept blocks) when there is none.
    mutating func hasBlock(order: Int) -> Bool {
        hasJoinedBlock(order) || (joinKept() && hasJoinedBlock(order))
    }

    private func hasJoinedBlock(_ order: Int) -> Bool {
        var order = order
        while order <= maximumOrder {
            if heads[order] != Self.none { return true }
            order += 1
        }
        return false
    }

    /// Gives a block back. O(1) while few of its order are free, else O(maximumOrder).
    mutating func free(_ unit: Int, order: Int) {
        freeUnits += 1 << order
        guard order <= Self.keptOrder, keptCounts[order] < Self.keptLimit else { return join(unit, order) }
        next[unit] = keptHeads[order]
        keptHeads[order] = UInt32(unit)
        keptCounts[order] += 1
    }

    /// Joins all blocks that were kept as they are. Returns whether there was any.
    private mutating func joinKept() -> Bool {
        var didJoin = false
        for order in keptHeads.indices {
            var unit = keptHeads[order]
            keptHeads[order] = Self.none
            keptCounts[order] = 0
            while unit != Self.none {
                let following = next[Int(unit)]
                join(Int(unit), order)
                didJoin = true
                unit = following
            }
        }
        return didJoin
    }

    /// Makes a block free together with its free buddies.
    private mutating func join(_ unit: Int, _ order: Int) {
        var unit = unit
        var order = order
        while order < maximumOrder {
            let buddy = unit ^ (1 << order)
            guard buddy + (1 << order) <= unitCount, freeOrder[buddy] == UInt8(order) else { break }
            remove(buddy, order)
            unit = min(unit, buddy)
            order += 1
        }
        insert(unit, order)
    }

    private mutating func insert(_ unit: Int, _ order: Int) {
        let head = heads[order]
        freeOrder[unit] = UInt8(order)
        previous[unit] = Self.none
        next[unit] = head
        if head != Self.none { previous[Int(head)] = UInt32(unit) }
        heads[order] = UInt32(unit)
    }

    private mutating func remove(_ unit: Int, _ order: Int) {
        let before = previous[unit]
        let after = next[unit]
        if before == Self.none { heads[order] = after } else { next[Int(before)] = after }
        if after != Self.none { previous[Int(after)] = before }
        freeOrder[unit] = Self.notAHead
    }
}
