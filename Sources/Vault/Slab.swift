// Storage for things that are numbered: the only place in the vault with pointers.
internal import SecureMemory

/// Elements by number, in segments that exist only while one of their elements does, so that memory follows the number of
/// elements down as well as up and nothing is ever copied to grow.
///
/// Pointers, because elements may be noncopyable, which `Array` can't hold, and because a freed segment has to go back.
@safe
struct Slab<Element: ~Copyable>: ~Copyable {
    private static var elementsPerSegment: Int { 4096 }
    private static var wordsPerSegment: Int { elementsPerSegment / 64 }

    /// A run of elements, and behind it a bit for each that tells whether it is there.
    @safe
    private struct Segment {
        let elements: UnsafeMutablePointer<Element>
        let present: UnsafeMutablePointer<UInt64>
        var count = 0
        /// The most elements that there were since it was empty.
        var most = 0

        private static var presentOffset: Int { (elementsPerSegment * MemoryLayout<Element>.stride + 7) / 8 * 8 }
        private static var byteCount: Int { presentOffset + wordsPerSegment * 8 }

        init() {
            guard let memory = unsafe BlockHeap.shared.allocate(Self.byteCount) else {
                preconditionFailure("out of memory for records")
            }
            unsafe elements = memory.bindMemory(to: Element.self, capacity: elementsPerSegment)
            unsafe present = (memory + Self.presentOffset).bindMemory(to: UInt64.self, capacity: wordsPerSegment)
            unsafe present.initialize(repeating: 0, count: wordsPerSegment)
        }

        /// Every element has to be wiped by now.
        func free() {
            unsafe BlockHeap.shared.free(elements, Self.byteCount, isWiped: true)
        }
    }

    private var segments: [Segment?]
    private(set) var count = 0

    let capacity: Int

    /// An empty slab for numbers below the capacity.
    init(capacity: Int) {
        self.capacity = capacity
        segments = Array(repeating: nil, count: (capacity + Self.elementsPerSegment - 1) / Self.elementsPerSegment)
    }

    deinit {
        var next = nextIndex(from: 0)
        while let index = next {
            let place = unsafe pointer(index)
            unsafe place.deinitialize(count: 1)
            unsafe Self.wipe(place)
            next = nextIndex(from: index + 1)
        }
        for case let segment? in segments { segment.free() }
    }

    /// How many segments take memory.
    var segmentsInUse: Int { segments.count { $0 != nil } }

    /// Whether there is an element with this number. O(1).
    @inline(__always)
    func contains(_ index: Int) -> Bool {
        guard let segment = segments[index / Self.elementsPerSegment] else { return false }
        return unsafe segment.present[index % Self.elementsPerSegment / 64] & Self.bit(index) != 0
    }

    /// Puts an element where there is none. O(1).
    mutating func insert(_ element: consuming Element, at index: Int) {
        precondition(index < capacity && !contains(index), "there is an element with this number")
        let number = index / Self.elementsPerSegment
        var segment = segments[number] ?? Segment()
        segment.count += 1
        segment.most = max(segment.most, segment.count)
        segments[number] = segment
        count += 1
        let place = index % Self.elementsPerSegment
        unsafe segment.present[place / 64] |= Self.bit(index)
        unsafe segment.elements.advanced(by: place).initialize(to: element)
    }

    /// Moves an element out and wipes its place: moving alone would leave a copy of every id and sealed token. O(1).
    mutating func remove(_ index: Int) -> Element {
        let place = unsafe pointer(index)
        let element = unsafe place.move()
        unsafe Self.wipe(place)
        let number = index / Self.elementsPerSegment
        guard var segment = segments[number] else { preconditionFailure("an element lies in a segment") }
        unsafe segment.present[index % Self.elementsPerSegment / 64] &= ~Self.bit(index)
        segment.count -= 1
        count -= 1
        if segment.count > 0 {
            segments[number] = segment
        } else if number == 0, segment.most <= Self.wordsPerSegment {
            // A few that come and go one after the other do not map and unmap a segment each time.
            segment.most = 0
            segments[number] = segment
        } else {
            segment.free()
            segments[number] = nil
        }
        return element
    }

    /// Access to an element in place. O(1).
    subscript(index: Int) -> Element {
        unsafeAddress { unsafe UnsafePointer(pointer(index)) }
        unsafeMutableAddress { unsafe pointer(index) }
    }

    /// The lowest number of an element that is not below a number; nil at the end.
    func nextIndex(from index: Int) -> Int? {
        var number = index / Self.elementsPerSegment
        var place = index % Self.elementsPerSegment
        while number < segments.count {
            if let segment = segments[number] {
                var word = place / 64
                var bits = unsafe segment.present[word] & (UInt64.max << UInt64(place % 64))
                while bits == 0, word + 1 < Self.wordsPerSegment {
                    word += 1
                    bits = unsafe segment.present[word]
                }
                if bits != 0 { return number * Self.elementsPerSegment + word * 64 + bits.trailingZeroBitCount }
            }
            number += 1
            place = 0
        }
        return nil
    }

    /// Takes out whatever lies in the segment of a number, all at once. O(elements in a segment).
    ///
    /// - Returns: the first number of the next segment; nil when this was the last one.
    mutating func removeSegment(of index: Int) -> Int? where Element: BitwiseCopyable {
        let number = index / Self.elementsPerSegment
        guard number < segments.count else { return nil }
        if let segment = segments[number] {
            let all = MemoryLayout<Element>.stride * Self.elementsPerSegment
            let bytes = unsafe UnsafeMutableRawPointer(segment.elements).assumingMemoryBound(to: UInt8.self)
            var span = unsafe MutableSpan(_unsafeStart: bytes, count: all)
            SecureMemory.wipe(&span)
            segment.free()
            segments[number] = nil
            count -= segment.count
        }
        return number + 1 < segments.count ? (number + 1) * Self.elementsPerSegment : nil
    }

    @inline(__always)
    private func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
        precondition(contains(index), "there is no element with this number")
        guard let segment = segments[index / Self.elementsPerSegment] else {
            preconditionFailure("an element lies in a segment")
        }
        return unsafe segment.elements + index % Self.elementsPerSegment
    }

    @inline(__always)
    private static func bit(_ index: Int) -> UInt64 { 1 << UInt64(index % 64) }

    private static func wipe(_ place: UnsafeMutablePointer<Element>) {
        let bytes = unsafe UnsafeMutableRawPointer(place).assumingMemoryBound(to: UInt8.self)
        var left = unsafe MutableSpan(_unsafeStart: bytes, count: MemoryLayout<Element>.stride)
        SecureMemory.wipe(&left)
    }
}
