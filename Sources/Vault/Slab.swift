// Storage for things that are numbered: the only place in the vault with pointers.

/// Elements by number, in segments that exist only while one of their elements does, so that memory follows the number of
/// elements down as well as up and nothing is ever copied to grow.
///
/// Pointers, because elements may be noncopyable, which `Array` can't hold, and because a freed segment has to go back.
@safe
struct Slab<Element: ~Copyable>: ~Copyable {
    private static var elementsPerSegment: Int { 4096 }

    private var segments: [UnsafeMutablePointer<Element>?]
    private var counts: [UInt16]
    private var present: [UInt64]
    private(set) var count = 0

    let capacity: Int

    /// An empty slab for numbers below the capacity.
    init(capacity: Int) {
        self.capacity = capacity
        let segmentCount = (capacity + Self.elementsPerSegment - 1) / Self.elementsPerSegment
        unsafe segments = Array(repeating: nil, count: segmentCount)
        counts = Array(repeating: 0, count: segmentCount)
        present = Array(repeating: 0, count: (capacity + 63) / 64)
    }

    deinit {
        for word in present.indices {
            var bits = present[word]
            while bits != 0 {
                let index = word * 64 + bits.trailingZeroBitCount
                unsafe segments[index / Self.elementsPerSegment]?
                    .advanced(by: index % Self.elementsPerSegment).deinitialize(count: 1)
                bits &= bits - 1
            }
        }
        for index in counts.indices { unsafe segments[index]?.deallocate() }
    }

    /// Whether there is an element with this number. O(1).
    func contains(_ index: Int) -> Bool {
        present[index / 64] & (1 << UInt64(index % 64)) != 0
    }

    /// Puts an element where there is none. O(1).
    mutating func insert(_ element: consuming Element, at index: Int) {
        precondition(!contains(index), "there is an element with this number")
        let segment = index / Self.elementsPerSegment
        if counts[segment] == 0 {
            unsafe segments[segment] = .allocate(capacity: Self.elementsPerSegment)
        }
        counts[segment] += 1
        count += 1
        present[index / 64] |= 1 << UInt64(index % 64)
        unsafe segments[segment]?.advanced(by: index % Self.elementsPerSegment).initialize(to: element)
    }

    /// Moves an element out. O(1).
    mutating func remove(_ index: Int) -> Element {
        let element = unsafe pointer(index).move()
        let segment = index / Self.elementsPerSegment
        counts[segment] -= 1
        count -= 1
        present[index / 64] &= ~(1 << UInt64(index % 64))
        if counts[segment] == 0 {
            unsafe segments[segment]?.deallocate()
            unsafe segments[segment] = nil
        }
        return element
    }

    /// Access to an element in place. O(1).
    subscript(index: Int) -> Element {
        unsafeAddress { unsafe UnsafePointer(pointer(index)) }
        unsafeMutableAddress { unsafe pointer(index) }
    }

    /// The numbers of all elements, in order, from a number on; nil at the end.
    func nextIndex(from index: Int) -> Int? {
        guard index < capacity else { return nil }
        var word = index / 64
        var bits = present[word] & (UInt64.max << UInt64(index % 64))
        while bits == 0 {
            word += 1
            if word == present.count { return nil }
            bits = present[word]
        }
        return word * 64 + bits.trailingZeroBitCount
    }

    private func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
        precondition(contains(index), "there is no element with this number")
        guard let segment = unsafe segments[index / Self.elementsPerSegment] else {
            preconditionFailure("an element lies in a segment")
        }
        return unsafe segment + index % Self.elementsPerSegment
    }
}
