// The blocks of a block heap, each kind in segments of its own.

/// Segments with blocks of one size each. What is free in a segment is known to the segment itself, which begins with a header.
@safe
struct BlockSegments: ~Copyable, @unchecked Sendable {
    // Sendable: its pointers are to its own segments, and whoever uses it holds the heap's lock.

    @unsafe
    private struct Header {
        let region: UInt32
        /// How many blocks there are.
        let count: UInt16
        var used: UInt16 = 0
        /// Blocks from this number on were never handed out.
        var fresh: UInt16 = 0
        /// The block that came back last, numbered from 1, or 0. Each begins with the number of the one before it.
        var firstFree: UInt16 = 0
        /// Neighbours among the segments of this size that have room.
        var next: UnsafeMutablePointer<Header>?
        var previous: UnsafeMutablePointer<Header>?
    }

    private static let headerBytes = 32

    private var order0 = SegmentRegions(order: 0)
    private var order1 = SegmentRegions(order: 1)
    private var order2 = SegmentRegions(order: 2)
    private var order3 = SegmentRegions(order: 3)
    private var order4 = SegmentRegions(order: 4)
    /// For each size the segment that is allocated from next, or nil.
    private var withRoom: [UnsafeMutablePointer<Header>?]

    init() {
        precondition(unsafe MemoryLayout<Header>.size <= Self.headerBytes)
        unsafe withRoom = Array(repeating: nil, count: BlockSize.count)
    }

    mutating func allocate(_ size: BlockSize) -> UnsafeMutableRawPointer? {
        guard let segment = unsafe withRoom[size.number] ?? makeSegment(size) else { return nil }
        let number: Int
        if unsafe segment.pointee.firstFree > 0 {
            number = unsafe Int(segment.pointee.firstFree) - 1
            unsafe segment.pointee.firstFree = Self.block(number, of: segment, size).load(as: UInt16.self)
        } else {
            number = unsafe Int(segment.pointee.fresh)
            unsafe segment.pointee.fresh += 1
        }
        unsafe segment.pointee.used += 1
        if unsafe segment.pointee.used == segment.pointee.count { unsafe unlink(segment, size) }
        return unsafe Self.block(number, of: segment, size)
    }

    /// Returns how many bytes went back to the kernel.
    mutating func free(_ address: UInt, _ size: BlockSize) -> Int {
        let offset = Int(address) & (Self.segmentBytes(size) - 1)
        let number = (offset - Self.headerBytes) / size.bytes
        guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address - UInt(offset)) else { return 0 }
        let segment = unsafe base.assumingMemoryBound(to: Header.self)
        precondition(
            unsafe offset == Self.headerBytes + number * size.bytes && number < segment.pointee.fresh
                && segment.pointee.used > 0, "no block of this heap and this size")
        if unsafe segment.pointee.used == segment.pointee.count { unsafe link(segment, size) }
        unsafe Self.block(number, of: segment, size).storeBytes(of: segment.pointee.firstFree, as: UInt16.self)
        unsafe segment.pointee.firstFree = UInt16(number + 1)
        unsafe segment.pointee.used -= 1
        guard unsafe segment.pointee.used == 0 else { return 0 }
        unsafe unlink(segment, size)
        let place = unsafe SegmentRegions.Place(base: base, region: Int(segment.pointee.region))
        return withRegions(of: size) { $0.giveBack(place) }
    }

    private static func segmentBytes(_ size: BlockSize) -> Int { Pages.size << size.segmentOrder }

    private static func block(
        _ number: Int, of segment: UnsafeMutablePointer<Header>, _ size: BlockSize
    ) -> UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(segment) + headerBytes + number * size.bytes
    }

    private mutating func makeSegment(_ size: BlockSize) -> UnsafeMutablePointer<Header>? {
        guard let place = withRegions(of: size, { $0.take() }) else { return nil }
        let segment = unsafe place.base.bindMemory(to: Header.self, capacity: 1)
        let count = (Self.segmentBytes(size) - Self.headerBytes) / size.bytes
        unsafe segment.initialize(to: Header(region: UInt32(place.region), count: UInt16(count)))
        unsafe link(segment, size)
        return unsafe segment
    }

    private mutating func withRegions<Result>(
        of size: BlockSize, _ body: (inout SegmentRegions) -> Result
    ) -> Result {
        switch size.segmentOrder {
        case 0: body(&order0)
        case 1: body(&order1)
        case 2: body(&order2)
        case 3: body(&order3)
        default: body(&order4)
        }
    }

    private mutating func link(_ segment: UnsafeMutablePointer<Header>, _ size: BlockSize) {
        let head = unsafe withRoom[size.number]
        unsafe segment.pointee.next = head
        unsafe segment.pointee.previous = nil
        if let head = unsafe head { unsafe head.pointee.previous = segment }
        unsafe withRoom[size.number] = segment
    }

    private mutating func unlink(_ segment: UnsafeMutablePointer<Header>, _ size: BlockSize) {
        let next = unsafe segment.pointee.next
        let previous = unsafe segment.pointee.previous
        if let next = unsafe next { unsafe next.pointee.previous = previous }
        if let previous = unsafe previous {
            unsafe previous.pointee.next = next
        } else {
            unsafe withRoom[size.number] = next
        }
    }
}
