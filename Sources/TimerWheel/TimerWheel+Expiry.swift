// The passing of time: from one occupied slot to the next, a bounded number of timers at a time.

extension TimerWheel {
    /// What unmapping a segment takes of a budget. It was measured to last about as long as moving 30 to 60 timers;
    /// were it free, the end of a crowd that is spread over many segments would outlast its budget tenfold.
    private static var unmappingCost: Int { 64 }

    /// Lets time pass up to `time` and hands out the next timer that is due, which is not armed any more afterwards.
    ///
    /// Call it until it returns nil. Between two calls every other method may be called: a cancelled timer is not
    /// handed out, a scheduled one takes its place. Timers come in the order of their deadlines; those of one tick come
    /// in no particular order, and one that was scheduled too late for its place comes at once. (A loop that re-arms
    /// each timer at a deadline which is not after `time` therefore ends only with the budget.)
    ///
    /// The wheel goes from occupied slot to occupied slot, so that a long silence costs nothing.
    ///
    /// - Parameters:
    ///   - time: The present tick. One before ``now`` counts as ``now``, so a clock that goes backwards does no harm.
    ///   - budget: How many timers may be touched; each one that is handed out or moved to a lower level takes one.
    ///     Giving a segment back to the system takes another 64, or what is left of them, because it lasts as long.
    ///     When none is left the call returns nil, ``hasWorkLeft`` tells whether that cut the work short, and a later
    ///     call with a new budget goes on where this one stopped.
    /// - Returns: The index of a timer whose deadline is not after `time`, or nil.
    /// - Complexity: O(1) for each unit of budget used. The last timer of a segment may unmap 64 KiB.
    public mutating func next(upTo time: UInt32, budget: inout Int) -> UInt32? {
        now = max(now, time)
        while true {
            let due = heads[Int(geometry.readyList)]
            if due != TimerNode.none {
                guard budget > 0 else { return nil }
                budget -= 1
                if disarm(due) { budget = max(budget - Self.unmappingCost, 0) }
                return due
            }
            let coarse = heads[Int(geometry.cascadingList)]
            if coarse != TimerNode.none {
                guard budget > 0 else { return nil }
                budget -= 1
                unlink(coarse)
                push(coarse, onto: geometry.list(for: nodes[coarse].deadline, cursor: cursor))
                continue
            }
            guard let slot = earliestSlot, slot.start <= now else {
                // Passing over empty slots only, which keeps every timer where it belongs.
                cursor = now
                return nil
            }
            cursor = slot.start
            // All timers of a slot of the lowest level have the same deadline, the one that has just come.
            let isExact = geometry.level(of: slot.list) == 0 && geometry.levels > 1
            splice(slot.list, onto: isExact ? geometry.readyList : geometry.cascadingList)
        }
    }

    /// Whether a slot that was reached has not been worked off yet.
    var isSortingOut: Bool {
        heads[Int(geometry.readyList)] != TimerNode.none || heads[Int(geometry.cascadingList)] != TimerNode.none
    }

    /// The occupied slot that comes next, and the first tick of its time.
    ///
    /// The timers of a level agree with the cursor in all digits above it, hence the lowest level with timers has the
    /// earliest slot, and it lies ahead of the cursor's digit. The highest level is the exception: what is parked there
    /// may lie a rotation ahead, and a timer in the slot of the cursor's own digit always does, so that slot is last.
    var earliestSlot: (list: UInt32, start: UInt32)? {
        for level in 0..<geometry.levels {
            let occupied = occupancy[Int(level)]
            if occupied == 0 { continue }
            let digit = geometry.digit(of: cursor, at: level)
            let passed = (UInt64(2) &<< digit) &- 1
            let ahead = occupied & ~passed
            let slot = UInt32(truncatingIfNeeded: (ahead != 0 ? ahead : occupied).trailingZeroBitCount)
            let distance = ((slot &- digit &- 1) & geometry.slotMask) + 1
            let shift = level &* geometry.bitsPerLevel
            return (geometry.list(level: level, slot: slot), ((cursor &>> shift) + distance) &<< shift)
        }
        return nil
    }
}
