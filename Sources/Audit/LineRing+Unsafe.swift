// Lines in a fixed piece of memory, the oldest first.
internal import HTTPWire

/// Lines, each with its line feed, in a ring of bytes. Places are counted from the first byte that was ever written.
@safe
struct LineRing: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    /// The place of the oldest byte.
    private(set) var start: UInt64 = 0
    /// The place behind the newest byte.
    private(set) var end: UInt64 = 0

    /// A ring of so many bytes, at least one. The system backs it with memory as it is filled.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    var count: Int { Int(end - start) }
    var freeCapacity: Int { capacity - count }

    private func index(_ place: UInt64) -> Int { Int(place % UInt64(capacity)) }

    /// Appends bytes, which have to fit.
    mutating func append(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        let at = index(end)
        let first = min(bytes.count, capacity - at)
        // Both parts end where the ring does, or before; spans of different length cannot be copied without pointers.
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            unsafe (base + at).update(from: source, count: first)
            unsafe base.update(from: source + first, count: bytes.count - first)
        }
        end += UInt64(bytes.count)
    }

    /// Drops everything before a place.
    mutating func removeAll(before place: UInt64) {
        start = min(max(place, start), end)
    }

    /// Where the line after the one at a place begins; the end where there is none.
    func placeAfterLine(at place: UInt64) -> UInt64 {
        var place = place
        while place < end {
            let at = index(place)
            let count = min(Int(end - place), capacity - at)
            if let found = unsafe Self.lineFeed(base + at, count) { return place + UInt64(found) + 1 }
            place += UInt64(count)
        }
        return end
    }

    /// The decimal number at a place; nil where there is none.
    func number(at place: UInt64) -> UInt64? {
        var number: UInt64 = 0
        var place = place
        while place < end {
            let byte = unsafe base[index(place)]
            guard byte >= 0x30, byte <= 0x39 else { return byte == 0x2C ? number : nil }
            number = number &* 10 &+ UInt64(byte - 0x30)
            place += 1
        }
        return nil
    }

    /// The index of the first line feed, eight bytes at a time.
    private static func lineFeed(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = 0
        while index + 8 <= count {
            let word =
                unsafe UInt64(
                    littleEndian: UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self)) ^ (ones &* 0x0A)
            // The lowest byte that is zero is marked rightly; whether a higher one is does not matter.
            let zeroes = (word &- ones) & ~word & (ones &* 0x80)
            if zeroes != 0 { return index + zeroes.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count {
            if unsafe bytes[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    /// Appends to `output` as many whole lines from a place on as fit, and returns where the next one begins.
    @_lifetime(output: copy output)
    func copyLines(from place: UInt64, into output: inout OutputSpan<UInt8>) -> UInt64 {
        precondition(place >= start && place <= end)
        var count = min(output.freeCapacity, Int(end - place))
        let at = index(place)
        // What ends where the newest line does ends with a line.
        if count < Int(end - place) {
            while count > 0 {
                let last = at + count - 1
                if unsafe base[last < capacity ? last : last - capacity] == 0x0A { break }
                count -= 1
            }
        }
        let first = min(count, capacity - at)
        output.append(copying: unsafe Span(_unsafeStart: base + at, count: first))
        output.append(copying: unsafe Span(_unsafeStart: base, count: count - first))
        return place + UInt64(count)
    }
}
