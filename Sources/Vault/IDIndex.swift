// From an id to the slot of its record.
internal import Sealing

/// A dictionary from ``RecordID`` to slot number that never stalls and gives memory back.
///
/// Linear hashing (W. Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980) with chains through
/// nodes that lie beside the slots: it grows and shrinks by one bucket at a time, where Swift's `Dictionary` moves all of its
/// entries at once (107 ms for one insert on the way to a million) and never shrinks. Ids are hashes already, so their bits
/// are taken as they are.
struct IDIndex: ~Copyable {
    private static let none = UInt32.max
    private static let minimumBuckets = 64

    struct Node: BitwiseCopyable {
        // Four words instead of two of 64 bits, so that a node takes 20 bytes and not 24.
        var id: (UInt32, UInt32, UInt32, UInt32)
        var next: UInt32
    }

    private var nodes: Slab<Node>
    private var heads: Slab<UInt32>
    /// Buckets in use: `roundBuckets + split`, of which those below `split` have been split in this round.
    private var roundBuckets = Self.minimumBuckets
    private var split = 0

    /// How many ids there are.
    var count: Int { nodes.count }

    /// How many segments take memory.
    var segmentsInUse: Int { nodes.segmentsInUse + heads.segmentsInUse }

    /// An index for slots below the capacity.
    init(capacity: Int) {
        nodes = Slab(capacity: capacity)
        heads = Slab(capacity: max(capacity, Self.minimumBuckets) + 1)
        for bucket in 0..<Self.minimumBuckets { heads.insert(Self.none, at: bucket) }
    }

    /// The slot filed under an id. O(1) expected.
    func find(_ id: RecordID) -> Int? {
        let wanted = Self.words(id)
        var slot = heads[bucket(of: wanted)]
        while slot != Self.none {
            let node = nodes[Int(slot)]
            if node.id == wanted { return Int(slot) }
            slot = node.next
        }
        return nil
    }

    /// The id that a slot is filed under. O(1).
    func id(of slot: Int) -> RecordID {
        let words = nodes[slot].id
        return RecordID(
            high: UInt64(words.0) << 32 | UInt64(words.1), low: UInt64(words.2) << 32 | UInt64(words.3))
    }

    /// Files a slot under an id; the slot must not be filed yet. O(1) expected.
    mutating func insert(_ id: RecordID, slot: Int) {
        let words = Self.words(id)
        let bucket = bucket(of: words)
        nodes.insert(Node(id: words, next: heads[bucket]), at: slot)
        heads[bucket] = UInt32(slot)
        if nodes.count > roundBuckets + split { grow() }
    }

    /// Takes a filed slot out. O(1) expected.
    mutating func remove(slot: Int) {
        let node = nodes.remove(slot)
        unlink(slot, from: bucket(of: node.id), next: node.next)
        if roundBuckets + split > Self.minimumBuckets, nodes.count < (roundBuckets + split) / 2 {
            shrink()
            shrink()
        }
    }

    /// Takes the index apart, a segment of each table at a time; nothing may be looked up in it any more.
    ///
    /// - Parameter position: where to go on, 0 at first.
    /// - Returns: the next position; nil when nothing is left.
    mutating func takeApart(at position: Int) -> Int? {
        let next = nodes.removeSegment(of: position)
        let nextHead = heads.removeSegment(of: position)
        return next ?? nextHead
    }

    private mutating func unlink(_ slot: Int, from bucket: Int, next: UInt32) {
        if heads[bucket] == UInt32(slot) {
            heads[bucket] = next
            return
        }
        var current = Int(heads[bucket])
        while nodes[current].next != UInt32(slot) { current = Int(nodes[current].next) }
        nodes[current].next = next
    }

    private func bucket(of id: (UInt32, UInt32, UInt32, UInt32)) -> Int {
        // The last word: the first ones may be shown as a short id some day.
        let hash = Int(id.3)
        let bucket = hash & (roundBuckets - 1)
        return bucket < split ? hash & (roundBuckets * 2 - 1) : bucket
    }

    /// Splits the next bucket of this round in two.
    private mutating func grow() {
        guard roundBuckets + split < heads.capacity else { return }
        let old = split
        var slot = heads[old]
        heads[old] = Self.none
        heads.insert(Self.none, at: roundBuckets + old)
        split += 1
        if split == roundBuckets {
            roundBuckets *= 2
            split = 0
        }
        while slot != Self.none {
            let next = nodes[Int(slot)].next
            let target = bucket(of: nodes[Int(slot)].id)
            nodes[Int(slot)].next = heads[target]
            heads[target] = slot
            slot = next
        }
    }

    /// Joins the bucket that was split last with its other half.
    private mutating func shrink() {
        guard roundBuckets + split > Self.minimumBuckets else { return }
        if split == 0 {
            roundBuckets /= 2
            split = roundBuckets
        }
        split -= 1
        let joined = heads.remove(roundBuckets + split)
        guard joined != Self.none else { return }
        var last = Int(joined)
        while nodes[last].next != Self.none { last = Int(nodes[last].next) }
        nodes[last].next = heads[split]
        heads[split] = joined
    }

    private static func words(_ id: RecordID) -> (UInt32, UInt32, UInt32, UInt32) {
        (
            UInt32(truncatingIfNeeded: id.high >> 32), UInt32(truncatingIfNeeded: id.high),
            UInt32(truncatingIfNeeded: id.low >> 32), UInt32(truncatingIfNeeded: id.low)
        )
    }
}
