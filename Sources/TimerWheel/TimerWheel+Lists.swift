// The doubly linked lists that run through the nodes, and the bits that say which slots have one.

extension TimerWheel {
    /// Puts an armed timer that is on no list at the head of `list`.
    mutating func push(_ index: UInt32, onto list: UInt32) {
        let successor = heads[Int(list)]
        nodes[index].next = successor
        nodes[index].previous = TimerNode.none
        nodes[index].list = list
        heads[Int(list)] = index
        if successor != TimerNode.none {
            nodes[successor].previous = index
        } else if list < geometry.readyList {
            occupancy[Int(geometry.level(of: list))] |= 1 &<< UInt64(geometry.slot(of: list))
        }
    }

    /// Takes an armed timer off its list. It still counts as armed.
    mutating func unlink(_ index: UInt32) {
        let node = nodes[index]
        if node.next != TimerNode.none {
            nodes[node.next].previous = node.previous
        }
        if node.previous != TimerNode.none {
            nodes[node.previous].next = node.next
        } else {
            heads[Int(node.list)] = node.next
            if node.next != TimerNode.none {
                // The new head may carry the number of the slot in which it lay before the list was spliced.
                nodes[node.next].list = node.list
            } else {
                clearOccupancy(of: node.list)
            }
        }
    }

    /// Takes an armed timer off its list and forgets it.
    ///
    /// - Returns: Whether that unmapped a segment.
    @discardableResult
    mutating func disarm(_ index: UInt32) -> Bool {
        unlink(index)
        nodes[index].list = WheelGeometry.unarmed
        count -= 1
        return nodes.releaseSegment(of: index)
    }

    /// Makes all timers of a slot the timers of `target`, which must be empty, without touching any but the first.
    mutating func splice(_ list: UInt32, onto target: UInt32) {
        let first = heads[Int(list)]
        heads[Int(list)] = TimerNode.none
        clearOccupancy(of: list)
        heads[Int(target)] = first
        nodes[first].list = target
    }

    private mutating func clearOccupancy(of list: UInt32) {
        guard list < geometry.readyList else { return }
        occupancy[Int(geometry.level(of: list))] &= ~(1 &<< UInt64(geometry.slot(of: list)))
    }
}
