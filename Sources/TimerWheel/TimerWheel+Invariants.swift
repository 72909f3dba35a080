// What must be true of a wheel between two calls. Only tests ask, so an optimized build does not contain it.

extension TimerWheel {
    /// A rule of the structure that does not hold.
    enum BrokenInvariant: Equatable {
        case cursorAfterNow
        case neighboursDisagree(timer: UInt32)
        case timerIsUnarmed(timer: UInt32)
        case timerNamesOtherList(timer: UInt32)
        case timerInWrongSlot(timer: UInt32)
        case timerReadyEarly(timer: UInt32)
        case timerCascadesLate(timer: UInt32)
        case occupancyDisagrees(level: UInt32, slot: UInt32)
        case countDisagrees(listed: Int, count: Int)
        case segmentCountsDisagree(armed: Int, count: Int)
    }

    /// Walks the whole structure and reports the first rule that does not hold, or nil.
    ///
    /// - Complexity: O(`count` + slots + segments).
    func checkInvariants() -> BrokenInvariant? {
        if cursor > now { return .cursorAfterNow }
        var listed = 0
        for list in 1..<UInt32(geometry.listCount) {
            var previous = TimerNode.none
            var timer = heads[Int(list)]
            while timer != TimerNode.none {
                if !nodes.isArmed(timer) { return .timerIsUnarmed(timer: timer) }
                let node = nodes[timer]
                if node.previous != previous { return .neighboursDisagree(timer: timer) }
                if let broken = misplacement(of: timer, node, on: list) { return broken }
                listed += 1
                if listed > count { return .countDisagrees(listed: listed, count: count) }
                previous = timer
                timer = node.next
            }
            guard list < geometry.readyList else { continue }
            let (level, slot) = (geometry.level(of: list), geometry.slot(of: list))
            let isMarked = occupancy[Int(level)] & (1 &<< UInt64(slot)) != 0
            if isMarked != (heads[Int(list)] != TimerNode.none) {
                return .occupancyDisagrees(level: level, slot: slot)
            }
        }
        if listed != count { return .countDisagrees(listed: listed, count: count) }
        let armed = nodes.armedTimers
        return armed == count ? nil : .segmentCountsDisagree(armed: armed, count: count)
    }

    private func misplacement(of timer: UInt32, _ node: TimerNode, on list: UInt32) -> BrokenInvariant? {
        let isHead = node.previous == TimerNode.none
        if list < geometry.readyList || isHead, node.list != list { return .timerNamesOtherList(timer: timer) }
        switch list {
        case geometry.readyList: return node.deadline <= cursor ? nil : .timerReadyEarly(timer: timer)
        case geometry.cascadingList: return node.deadline >= cursor ? nil : .timerCascadesLate(timer: timer)
        default:
            let isInPlace = geometry.list(for: node.deadline, cursor: cursor) == list
            return isInPlace ? nil : .timerInWrongSlot(timer: timer)
        }
    }
}
