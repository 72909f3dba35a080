// Answers that leave together, at the end of the turn in which they were written.
internal import HTTPWire
internal import Kernel
internal import SecureMemory

/// Short answers of one turn, one after the other in one block.
///
/// An answer that is sent by itself wakes its client up, which then sleeps again until the next one is ready. Sent in a row, most
/// find him awake, and neither the kernel's code nor ours drives the other's out of the processor's caches: a turn with many requests
/// costs a fifth less.
struct Outbox: ~Copyable {
    /// An answer, and whose it is.
    struct Item {
        let token: UInt64
        let start: Int
        let count: Int
    }

    /// There from the first answer of a turn on, to the end of it.
    var bytes: SecureBytes?
    var items: [Item] = []

    /// How many bytes of answers leave together at most.
    static var capacity: Int { 32 * 1024 }
    /// The longest answer that waits for others, in bytes.
    static var longestAnswer: Int { 4096 }
    /// With fewer connections ready than this nothing is gained.
    static var fewestReady: Int { 4 }

    init() { items.reserveCapacity(128) }
}

extension Server {
    /// Puts the written answer with those that leave at the end of the turn.
    ///
    /// - Returns: whether it could be; if not, it is to be sent now.
    func postpone(_ connection: Peer) -> Bool {
        let count = writer.output.count
        guard isPostponing, count > 0, count <= Outbox.longestAnswer,
            connection.phase == .head, connection.session == nil, connection.output == nil, !connection.isInOutbox,
            !connection.peerFinished, !isFrugal,
            // What answers hold in reserve until they are sent is not taken from others.
            arena.freeBytes > arena.capacity / 2
        else { return false }
        if let room = outbox.bytes?.freeCapacity, room < count { sendOutbox() }
        guard
            var bytes = outbox.bytes.take() ?? arena.allocate(Outbox.capacity, leaving: ServerLimits.requestReserve)
        else { return false }
        let start = bytes.count
        bytes.append(writer.output.span)
        outbox.bytes = consume bytes
        writer.wipeOutput()
        outbox.items.append(Outbox.Item(token: token(connection), start: start, count: count))
        connection.isInOutbox = true
        return true
    }

    /// Sends what was postponed, and wipes it.
    func sendOutbox() {
        guard let bytes = outbox.bytes.take() else { return }
        for item in outbox.items {
            guard let connection = connection(item.token) else { continue }
            connection.isInOutbox = false
            guard send(bytes, item.start..<item.start + item.count, of: connection) else { continue }
            if connection.output == nil { connection.reserve = nil } else { waitForReader(connection) }
        }
        outbox.items.removeAll(keepingCapacity: true)
    }
}
