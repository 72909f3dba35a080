// From an id to the slot of its record.
internal import Sealing

/// A dictionary from ``RecordID`` to slot number that never stalls and gives memory back.
///
/// Linear hashing (W. Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980): it grows and shrinks by one
/// bucket at a time, where Swift's `Dictionary` moves all of its entries at once (107 ms for one insert on the way to a million)
/// and never shrinks. A bucket is a line of the processor's cache with entries that tell by themselves where they belong, so
/// that splitting one looks at no id, each of which would be fetched from memory. Ids are hashes already, so their bits are taken
/// as they are.
struct IDIndex: ~Copyable {
    private static let none = UInt32.max
    private static let minimumBuckets = 16
    /// How many ids there are for each bucket, on average.
    private static let load = 4

    struct Node: BitwiseCopyable {
        // Four words instead of two of 64 bits, so that a node takes 20 bytes and not 24.
        var id: (UInt32, UInt32, UInt32, UInt32)
        /// The next one of those that their bucket has no entry left for.
        var next: UInt32
    }

    struct Bucket: BitwiseCopyable {
        static let capacity = 7

        /// The hash of an id in the upper half, its slot in the lower one.
        var entries: [7 of UInt64] = .init(repeating: 0)
        var count: UInt32 = 0
        /// The first one that there is no entry for.
        var overflow = IDIndex.none

        /// The first place from another on whose entry has a hash. Asked of the bucket, for it is as much work to find that as to
        /// look through it.
        func place(of hash: UInt32, from start: Int) -> Int? {
            for place in start..<Int(count) where UInt32(truncatingIfNeeded: entries[place] >> 32) == hash {
                return place
            }
            return nil
        }

        /// The place of the entry of a slot.
        func place(ofSlot slot: UInt32) -> Int? {
            for place in 0..<Int(count) where UInt32(truncatingIfNeeded: entries[place]) == slot { return place }
            return nil
        }

        /// Takes an entry out; the last one takes its place.
        mutating func remove(at place: Int) {
            count -= 1
            entries[place] = entries[Int(count)]
            entries[Int(count)] = 0
        }
    }

    private var nodes: Slab<Node>
    private var buckets: Slab<Bucket>
    /// Buckets in use: `roundBuckets + split`, of which those below `split` have been split in this round.
    private var roundBuckets = Self.minimumBuckets
    private var split = 0

    /// How many ids there are.
    var count: Int { nodes.count }

    /// How many segments take memory.
    var segmentsInUse: Int { nodes.segmentsInUse + buckets.segmentsInUse }

    /// An index for slots below the capacity.
    init(capacity: Int) {
        nodes = Slab(capacity: capacity)
        buckets = Slab(capacity: max(capacity / Self.load, Self.minimumBuckets) + 1)
        for bucket in 0..<Self.minimumBuckets { buckets.insert(Bucket(), at: bucket) }
    }

    /// The slot filed under an id. O(1) expected.
    func find(_ id: RecordID) -> Int? {
        let wanted = Self.words(id)
        let bucket = bucket(of: wanted.3)
        var start = 0
        while let place = buckets[bucket].place(of: wanted.3, from: start) {
            let slot = Int(UInt32(truncatingIfNeeded: buckets[bucket].entries[place]))
            if nodes[slot].id == wanted { return slot }
            start = place + 1
        }
        var slot = buckets[bucket].overflow
        while slot != Self.none {
            let node = nodes[Int(slot)]
            if node.id == wanted { return Int(slot) }
            slot = node.next
        }
        return nil
    }

    /// The id that a slot is filed under. O(1).
    func id(of slot: Int) -> RecordID {
        Self.id(nodes[slot])
    }

    private static func id(_ node: Node) -> RecordID {
        let words = node.id
        return RecordID(
            high: UInt64(words.0) << 32 | UInt64(words.1), low: UInt64(words.2) << 32 | UInt64(words.3))
    }

    /// Files a slot under an id; the slot must not be filed yet. O(1) expected.
    mutating func insert(_ id: RecordID, slot: Int) {
        let words = Self.words(id)
        nodes.insert(Node(id: words, next: Self.none), at: slot)
        add(UInt32(slot), hash: words.3, to: bucket(of: words.3))
        if nodes.count > (roundBuckets + split) * Self.load { grow() }
    }

    /// Takes a filed slot out, and returns the id that it was filed under. O(1) expected.
    @discardableResult
    mutating func remove(slot: Int) -> RecordID {
        let node = nodes.remove(slot)
        unlink(UInt32(slot), from: bucket(of: node.id.3), next: node.next)
        if nodes.count < (roundBuckets + split) * Self.load / 2 { shrink() }
        return Self.id(node)
    }

    private mutating func add(_ slot: UInt32, hash: UInt32, to bucket: Int) {
        let count = Int(buckets[bucket].count)
        if count < Bucket.capacity {
            buckets[bucket].entries[count] = UInt64(hash) << 32 | UInt64(slot)
            buckets[bucket].count += 1
        } else {
            nodes[Int(slot)].next = buckets[bucket].overflow
            buckets[bucket].overflow = slot
        }
    }

    /// Takes the index apart, a segment of each table at a time; nothing may be looked up in it any more.
    ///
    /// - Parameter position: where to go on, 0 at first.
    /// - Returns: the next position; nil when nothing is left.
    mutating func takeApart(at position: Int) -> Int? {
        let next = nodes.removeSegment(of: position)
        let nextBucket = buckets.removeSegment(of: position)
        return next ?? nextBucket
    }

    private mutating func unlink(_ slot: UInt32, from bucket: Int, next: UInt32) {
        if let place = buckets[bucket].place(ofSlot: slot) {
            buckets[bucket].remove(at: place)
            // Whoever had no entry gets the one that is free.
            let waiting = buckets[bucket].overflow
            if waiting != Self.none {
                let node = nodes[Int(waiting)]
                buckets[bucket].overflow = node.next
                nodes[Int(waiting)].next = Self.none
                add(waiting, hash: node.id.3, to: bucket)
            }
            return
        }
        if buckets[bucket].overflow == slot {
            buckets[bucket].overflow = next
            return
        }
        var current = Int(buckets[bucket].overflow)
        while nodes[current].next != slot { current = Int(nodes[current].next) }
        nodes[current].next = next
    }

    private func bucket(of hash: UInt32) -> Int {
        // The last word of an id: the first ones may be shown as a short id some day.
        let hash = Int(hash)
        let bucket = hash & (roundBuckets - 1)
        return bucket < split ? hash & (roundBuckets * 2 - 1) : bucket
    }

    /// Splits the next bucket of this round in two.
    private mutating func grow() {
        guard roundBuckets + split < buckets.capacity else { return }
        let old = buckets[split]
        buckets[split] = Bucket()
        buckets.insert(Bucket(), at: roundBuckets + split)
        split += 1
        if split == roundBuckets {
            roundBuckets *= 2
            split = 0
        }
        addAll(of: old)
    }

    /// Joins the bucket that was split last with its other half.
    private mutating func shrink() {
        guard roundBuckets + split > Self.minimumBuckets else { return }
        if split == 0 {
            roundBuckets /= 2
            split = roundBuckets
        }
        split -= 1
        addAll(of: buckets.remove(roundBuckets + split))
    }

    /// Puts what a bucket held into those where it belongs now.
    private mutating func addAll(of old: Bucket) {
        for place in 0..<Int(old.count) {
            let entry = old.entries[place]
            let hash = UInt32(truncatingIfNeeded: entry >> 32)
            add(UInt32(truncatingIfNeeded: entry), hash: hash, to: bucket(of: hash))
        }
        var slot = old.overflow
        while slot != Self.none {
            let node = nodes[Int(slot)]
            nodes[Int(slot)].next = Self.none
            add(slot, hash: node.id.3, to: bucket(of: node.id.3))
            slot = node.next
        }
    }

    private static func words(_ id: RecordID) -> (UInt32, UInt32, UInt32, UInt32) {
        (
            UInt32(truncatingIfNeeded: id.high >> 32), UInt32(truncatingIfNeeded: id.high),
            UInt32(truncatingIfNeeded: id.low >> 32), UInt32(truncatingIfNeeded: id.low)
        )
    }
}
