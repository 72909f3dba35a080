// Lines in a fixed piece of memory, the oldest first.
internal import CLinux
internal import Glibc
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

    /// Has the processor fetch the memory that the next line will be in, of so many bytes. It left all caches long ago, and the next lock
    /// that is taken, whichever that is, would have to wait until it is there.
    func prefetch(_ count: Int) {
        let at = index(end)
        for offset in stride(from: 0, to: count, by: 64) {
            let place = at + offset
            unsafe onetime_prefetch_for_writing(base + (place < capacity ? place : place - capacity))
        }
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
            if let found = unsafe memchr(base + at, 0x0A, count) {
                return place + UInt64(unsafe found - UnsafeMutableRawPointer(base + at)) + 1
            }
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

    /// Appends to `output` as many whole lines from a place on as fit, and returns where the next one begins.
    @_lifetime(output: copy output)
    func copyLines(from place: UInt64, into output: inout OutputSpan<UInt8>) -> UInt64 {
        precondition(place >= start && place <= end)
        let most = min(output.freeCapacity, Int(end - place))
        let at = index(place)
        // What ends where the newest line does ends with a line.
        let count = most == Int(end - place) ? most : wholeLines(at, most)
        let first = min(count, capacity - at)
        output.append(copying: unsafe Span(_unsafeStart: base + at, count: first))
        output.append(copying: unsafe Span(_unsafeStart: base, count: count - first))
        return place + UInt64(count)
    }

    /// How many bytes whole lines take among so many from an index on.
    private func wholeLines(_ at: Int, _ count: Int) -> Int {
        let first = min(count, capacity - at)
        let behindWrap = unsafe Self.wholeLines(base, count - first)
        return behindWrap > 0 ? first + behindWrap : unsafe Self.wholeLines(base + at, first)
    }

    /// How many bytes there are up to the last line feed, and with it.
    private static func wholeLines(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
        var end = unsafe bytes + count
        while unsafe end > bytes, unsafe (end - 1).pointee != 0x0A { unsafe end -= 1 }
        return unsafe end - bytes
    }
}
