// The shape of a wheel: how a tick is cut into digits, one digit for each level, and how the lists are numbered.

/// How many levels a wheel has and how many slots each of them has.
///
/// A tick is read as a number written in base 2^`bitsPerLevel`; level *n* of the wheel looks at digit *n*. The product
/// uses ``standard``; tests use tiny shapes too, because those wrap around often enough to show mistakes.
struct WheelGeometry: Sendable {
    /// Five levels of 64 slots: 2^30 ticks before a deadline has to be parked.
    static let standard = WheelGeometry(bitsPerLevel: 6, levels: 5)

    let bitsPerLevel: UInt32
    let levels: UInt32

    init(bitsPerLevel: UInt32, levels: UInt32) {
        precondition((1...6).contains(bitsPerLevel), "one occupancy word has 64 bits")
        precondition(levels >= 1 && (levels - 1) * bitsPerLevel < 32, "every level needs a digit of a 32-bit tick")
        self.bitsPerLevel = bitsPerLevel
        self.levels = levels
    }

    var slotMask: UInt32 { (1 &<< bitsPerLevel) &- 1 }

    /// The list of a timer that is not armed. It is number 0 because node memory starts out zeroed.
    static var unarmed: UInt32 { 0 }

    /// The list of timers that are due and wait to be handed out.
    var readyList: UInt32 { (levels &<< bitsPerLevel) &+ 1 }

    /// The list of timers that left a coarse slot whose time has come and wait to be sorted into finer ones.
    var cascadingList: UInt32 { readyList &+ 1 }

    /// One more than the largest list number.
    var listCount: Int { Int(cascadingList) + 1 }

    /// The list of one slot.
    func list(level: UInt32, slot: UInt32) -> UInt32 { (level &<< bitsPerLevel) &+ slot &+ 1 }

    /// The level of the list of a slot.
    func level(of list: UInt32) -> UInt32 { (list &- 1) &>> bitsPerLevel }

    /// The slot, within its level, of the list of a slot.
    func slot(of list: UInt32) -> UInt32 { (list &- 1) & slotMask }

    /// The digit of `tick` that `level` looks at.
    func digit(of tick: UInt32, at level: UInt32) -> UInt32 { (tick &>> (level &* bitsPerLevel)) & slotMask }

    /// The list where a timer belongs while the wheel stands at `cursor`.
    ///
    /// The level is the highest digit in which the two ticks differ. A deadline beyond the range of the wheel differs
    /// above the highest level and is parked there; it is looked at again once in each rotation.
    func list(for deadline: UInt32, cursor: UInt32) -> UInt32 {
        if deadline <= cursor { return readyList }
        let highestBit = 31 &- UInt32(truncatingIfNeeded: (deadline ^ cursor).leadingZeroBitCount)
        let level = min(highestBit / bitsPerLevel, levels &- 1)
        return list(level: level, slot: digit(of: deadline, at: level))
    }
}
