// Which slots are free.

/// Numbers from 0 that are handed out lowest first, so that what lives stays close together and whole segments fall free.
///
/// A tree of bit sets: a bit says that there is something free below it. O(log64 n) to take and to give back.
struct SlotNumbers {
    let capacity: Int
    private(set) var used = 0
    private var levels: [[UInt64]] = []

    /// All numbers below the capacity, free.
    init(capacity: Int) {
        self.capacity = capacity
        var bits = capacity
        repeat {
            let words = max((bits + 63) / 64, 1)
            var level = Array(repeating: UInt64.max, count: words)
            if bits % 64 != 0 { level[words - 1] = (1 << UInt64(bits % 64)) - 1 }
            if bits == 0 { level[0] = 0 }
            levels.append(level)
            bits = words
        } while bits > 1
    }

    /// Takes the lowest free number, or nil when there is none.
    mutating func take() -> Int? {
        var index = 0
        for level in levels.indices.reversed() {
            let bits = levels[level][index]
            if bits == 0 { return nil }
            index = index * 64 + bits.trailingZeroBitCount
        }
        used += 1
        var position = index
        for level in levels.indices {
            levels[level][position / 64] &= ~(1 << UInt64(position % 64))
            if levels[level][position / 64] != 0 { break }
            position /= 64
        }
        return index
    }

    /// Gives a number back.
    mutating func giveBack(_ index: Int) {
        used -= 1
        var position = index
        for level in levels.indices {
            let before = levels[level][position / 64]
            levels[level][position / 64] = before | 1 << UInt64(position % 64)
            if before != 0 { break }
            position /= 64
        }
    }
}
