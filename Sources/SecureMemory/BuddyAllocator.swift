// Which parts of an arena are in use: a buddy allocator over numbers, which never touches the memory itself.

/// A binary buddy allocator (Knowlton, "A fast storage allocator", CACM 8(10), 1965) over units numbered from 0.
///
/// A block of order k is 2^k units and starts at a multiple of 2^k. Its books lie outside the arena, so a free block of the
/// arena holds nothing but zeroes.
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

    /// - Parameter unitCount: how many units there are; what does not fill a block of the maximum order is still used.
    init(unitCount: Int, maximumOrder: Int) {
        self.unitCount = unitCount
        self.maximumOrder = maximumOrder
        freeUnits = 0
        freeOrder = Array(repeating: Self.notAHead, count: unitCount)
        next = Array(repeating: Self.none, count: unitCount)
        previous = Array(repeating: Self.none, count: unitCount)
        heads = Array(repeating: Self.none, count: maximumOrder + 1)
        var unit = 0
        while unit < unitCount {
            var order = maximumOrder
            while unit & ((1 << order) - 1) != 0 || unit + (1 << order) > unitCount { order -= 1 }
            insert(unit, order)
            freeUnits += 1 << order
            unit += 1 << order
        }
    }

    /// The first unit of a block of 2^order units, or nil when there is none. O(maximumOrder).
    mutating func allocate(order: Int) -> Int? {
        guard order <= maximumOrder else { return nil }
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

    /// Whether there is a free block of 2^order units or more. O(maximumOrder).
    func hasBlock(order: Int) -> Bool {
        var order = order
        while order <= maximumOrder {
            if heads[order] != Self.none { return true }
            order += 1
        }
        return false
    }

    /// Gives a block back and joins it with its free buddies. O(maximumOrder).
    mutating func free(_ unit: Int, order: Int) {
        freeUnits += 1 << order
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
