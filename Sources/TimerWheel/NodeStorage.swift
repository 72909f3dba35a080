// The memory of a wheel's nodes: a table of segments that are mapped when their first timer is armed and unmapped
// after their last one is gone. The only file of the module that touches pointers.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One timer: 16 bytes, so that a cache line holds four and none straddles two lines.
struct TimerNode {
    /// The absence of a neighbour.
    static var none: UInt32 { .max }

    var deadline: UInt32
    var next: UInt32
    var previous: UInt32
    /// The list that the timer is on. Exact for the head of a list and for every timer in a slot; behind the head of
    /// the ready and the cascading list it may still name the slot from which the timers came, because a slot is moved
    /// there as a whole. `WheelGeometry.unarmed` and only that means that the timer is not armed.
    var list: UInt32
}

/// Nodes by index, in segments.
///
/// Segments come from `mmap` and not from the allocator, for three reasons: giving one back gives its pages back to
/// the system at once, whatever else the heap holds; fresh pages are zero, which is what an unarmed node looks like;
/// and a page of a segment is occupied only when one of its nodes is used.
///
/// Pointers are needed because neither an array of arrays nor a `ManagedBuffer` gives stable, zeroed memory which is
/// returned page by page. Every access is checked against the table, so that the type as a whole is safe to use.
@safe
struct NodeStorage: ~Copyable {
    /// Nodes in a segment: 64 KiB.
    static var segmentNodes: UInt32 { 1 &<< segmentBits }

    private static var segmentBits: UInt32 { 12 }
    static var segmentBytes: Int { Int(segmentNodes) * MemoryLayout<TimerNode>.stride }

    @safe
    private struct Segment {
        var nodes: UnsafeMutablePointer<TimerNode>?
        var armed: UInt32
    }

    private let table: UnsafeMutableBufferPointer<Segment>

    /// A segment without armed timers, kept so that one timer which comes and goes does not map and unmap each time.
    private var spare: UnsafeMutablePointer<TimerNode>?

    /// Room for the indices below `capacity`; maps nothing yet.
    init(capacity: UInt32) {
        let segments = (Int(capacity) + Int(Self.segmentNodes) - 1) >> Int(Self.segmentBits)
        unsafe table = .allocate(capacity: segments)
        unsafe table.initialize(repeating: Segment(nodes: nil, armed: 0))
        unsafe spare = nil
    }

    deinit {
        for segment in unsafe table.indices {
            if let nodes = unsafe table[segment].nodes { unsafe Self.unmap(nodes) }
        }
        if let spare = unsafe spare { unsafe Self.unmap(spare) }
        unsafe table.deallocate()
    }

    /// The segments that occupy memory, a spare one included.
    var mappedSegments: Int {
        var count = unsafe spare == nil ? 0 : 1
        for segment in unsafe table.indices where unsafe table[segment].nodes != nil { count += 1 }
        return count
    }

    /// The sum of the segments' counts of armed timers.
    var armedTimers: Int {
        var count = 0
        for segment in unsafe table.indices { count += Int(unsafe table[segment].armed) }
        return count
    }

    /// The node of an index in a segment that has armed timers.
    subscript(index: UInt32) -> TimerNode {
        get { unsafe pointer(to: index).pointee }
        _modify { yield unsafe &pointer(to: index).pointee }
    }

    /// Whether the timer of `index` is armed. Any index may be asked about.
    func isArmed(_ index: UInt32) -> Bool {
        let segment = Int(index &>> Self.segmentBits)
        guard unsafe segment < table.count, let nodes = unsafe table[segment].nodes else { return false }
        return unsafe nodes[Int(index & (Self.segmentNodes &- 1))].list != WheelGeometry.unarmed
    }

    /// Counts one more armed timer in the segment of `index`, and maps the segment if that is its first one.
    mutating func retainSegment(of index: UInt32) {
        let segment = Int(index &>> Self.segmentBits)
        precondition(unsafe segment < table.count, "timer index beyond the capacity of the wheel")
        if unsafe table[segment].nodes == nil {
            if let nodes = unsafe spare {
                unsafe table[segment].nodes = nodes
                unsafe spare = nil
            } else {
                unsafe table[segment].nodes = Self.map()
            }
        }
        // Written out, here and below: Swift 6.3.1 fails to compile `&+=` through a pointer for the thread sanitizer.
        unsafe table[segment].armed = table[segment].armed &+ 1
    }

    /// Counts one armed timer less in the segment of `index`, whose node must be unarmed by now, and gives the segment
    /// back if that was its last one.
    ///
    /// - Returns: Whether memory was unmapped, which takes as long as many ordinary steps of the wheel.
    mutating func releaseSegment(of index: UInt32) -> Bool {
        let segment = Int(index &>> Self.segmentBits)
        precondition(unsafe segment < table.count, "timer index beyond the capacity of the wheel")
        unsafe table[segment].armed = table[segment].armed - 1
        guard unsafe table[segment].armed == 0, let nodes = unsafe table[segment].nodes else { return false }
        unsafe table[segment].nodes = nil
        if unsafe spare == nil {
            unsafe spare = nodes
            return false
        }
        unsafe Self.unmap(nodes)
        return true
    }

    /// Unmaps a segment with whatever is in it. Returns how many armed timers that were; nil when none is mapped.
    mutating func discardSegment() -> Int? {
        for segment in unsafe table.indices {
            guard let nodes = unsafe table[segment].nodes else { continue }
            let armed = unsafe Int(table[segment].armed)
            unsafe table[segment] = Segment(nodes: nil, armed: 0)
            unsafe Self.unmap(nodes)
            return armed
        }
        return nil
    }

    private func pointer(to index: UInt32) -> UnsafeMutablePointer<TimerNode> {
        let segment = Int(index &>> Self.segmentBits)
        precondition(unsafe segment < table.count, "timer index beyond the capacity of the wheel")
        guard let nodes = unsafe table[segment].nodes else {
            preconditionFailure("a segment without armed timers has no nodes")
        }
        return unsafe nodes + Int(index & (Self.segmentNodes &- 1))
    }

    private static func map() -> UnsafeMutablePointer<TimerNode> {
        let access = PROT_READ | PROT_WRITE
        let memory = unsafe mmap(nil, segmentBytes, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            preconditionFailure("out of memory for timers")
        }
        return unsafe memory.bindMemory(to: TimerNode.self, capacity: Int(segmentNodes))
    }

    private static func unmap(_ nodes: UnsafeMutablePointer<TimerNode>) {
        let result = unsafe munmap(nodes, segmentBytes)
        assert(result == 0)
    }
}
