// Connections in a row, linked through themselves.

/// A doubly linked list of connections by slot: O(1) to join and to leave, and no memory of its own. A connection is in one of
/// them at most.
struct Lineup {
    /// The absence of a neighbour.
    static var none: UInt32 { .max }

    var first = none
    var last = none

    var isEmpty: Bool { first == Self.none }

    /// Which row a connection stands in.
    enum Kind: UInt8 {
        case none
        /// Waits, unread, until there is memory for its request.
        case waiting
        /// Holds memory for as long as its client takes to send a body or to accept an answer.
        case holding
    }

    /// A connection's place in its row.
    struct Place {
        var kind = Kind.none
        var previous = Lineup.none
        var next = Lineup.none
    }
}

extension Server {
    /// Puts a connection into a row, unless it is there already.
    func join(_ kind: Lineup.Kind, _ connection: Peer, atFront: Bool = false) {
        guard connection.place.kind != kind else { return }
        leave(connection)
        let slot = connection.ticket.slot
        connection.place.kind = kind
        withRow(kind) { row in
            let neighbour = atFront ? row.first : row.last
            if atFront {
                connection.place.next = neighbour
                self[neighbour]?.place.previous = slot
                row.first = slot
                if neighbour == Lineup.none { row.last = slot }
            } else {
                connection.place.previous = neighbour
                self[neighbour]?.place.next = slot
                row.last = slot
                if neighbour == Lineup.none { row.first = slot }
            }
        }
    }

    /// Takes a connection out of the row that it is in.
    func leave(_ connection: Peer) {
        let place = connection.place
        guard place.kind != .none else { return }
        connection.place = Lineup.Place()
        withRow(place.kind) { row in
            if let previous = self[place.previous] { previous.place.next = place.next } else { row.first = place.next }
            if let next = self[place.next] { next.place.previous = place.previous } else { row.last = place.previous }
        }
    }

    /// The connection in a slot.
    subscript(slot: UInt32) -> Peer? {
        slot == Lineup.none ? nil : connections[Int(slot)]
    }

    private func withRow(_ kind: Lineup.Kind, _ change: (inout Lineup) -> Void) {
        switch kind {
        case .none: break
        case .waiting: change(&waiting)
        case .holding: change(&holding)
        }
    }
}
