// Lines in a fixed piece of memory, the oldest first.
internal import CLinux
internal import Glibc

/// Lines, each with its line feed behind it, in a ring of bytes: several of them are copied, and looked through, as the one piece of
/// memory that they are. Places are counted from the first byte that was ever written.
///
/// No part of it knows what is in a line, or takes a lock.
@safe
public struct LineRing: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    /// How many bytes there is room for.
    public let capacity: Int
    /// The place of the oldest byte.
    public private(set) var start: UInt64 = 0
    /// The place behind the newest byte.
    public private(set) var end: UInt64 = 0

    /// A ring of so many bytes, at least one. The system backs it with memory as it is filled.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// How many bytes there are.
    public var count: Int { Int(end - start) }
    /// How many more bytes there is room for.
    public var freeCapacity: Int { capacity - count }

    private func index(_ place: UInt64) -> Int { Int(place % UInt64(capacity)) }

    /// The byte at a place, which has to be in the ring.
    public func byte(at place: UInt64) -> UInt8 {
        precondition(place >= start && place < end)
        // Unsafe: was written, and every index lies within the memory.
        return unsafe base[index(place)]
    }

    /// Appends bytes. Stops the process if they don't fit.
    public mutating func append(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        let at = index(end)
        let first = min(bytes.count, capacity - at)
        // Unsafe: both parts end where the memory does, or before; spans of different length cannot be copied without pointers.
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            unsafe (base + at).update(from: source, count: first)
            unsafe base.update(from: source + first, count: bytes.count - first)
        }
        end += UInt64(bytes.count)
    }

    /// Appends the line feed of a line that was appended without it. Stops the process if there is no room.
    public mutating func endLine() {
        precondition(freeCapacity > 0)
        // Unsafe: every index lies within the memory.
        unsafe base[index(end)] = 0x0a
        end += 1
    }

    /// Has the processor fetch the memory that the next line will be in, of so many bytes. It left all caches long ago, and the next lock
    /// that is taken, whichever that is, would have to wait until it is there.
    public func prefetch(_ count: Int) {
        let at = index(end)
        for offset in stride(from: 0, to: min(count, capacity), by: 64) {
            let place = at + offset
            // Unsafe: only an address, which the processor may fetch or not.
            unsafe onetime_prefetch_for_writing(base + (place < capacity ? place : place - capacity))
        }
    }

    /// Drops everything before a place.
    public mutating func removeAll(before place: UInt64) {
        start = min(max(place, start), end)
    }

    /// Where the line after the one at a place begins, which has to be in the ring; the end where there is none.
    public func placeAfterLine(at place: UInt64) -> UInt64 {
        precondition(place >= start)
        var place = place
        while place < end {
            let at = index(place)
            let count = min(Int(end - place), capacity - at)
            // Unsafe: looks no further than bytes that were written.
            if let found = unsafe memchr(base + at, 0x0a, count) {
                return unsafe place + UInt64(found - UnsafeMutableRawPointer(base + at)) + 1
            }
            place += UInt64(count)
        }
        return end
    }

    /// Behind the last whole line of those that begin at a place and take at most so many bytes; the place itself where not even one
    /// does.
    public func placeAfterLines(from place: UInt64, bytes most: Int) -> UInt64 {
        precondition(place >= start && place <= end)
        // What ends where the newest line does ends with a line.
        if most >= Int(end - place) { return end }
        var behind = place + UInt64(max(most, 0))
        while behind > place, byte(at: behind - 1) != 0x0a { behind -= 1 }
        return behind
    }

    /// Lends the bytes from one place up to another one in the order that they were written, in one piece or in two. Stops the process
    /// where they are not in the ring.
    public func forEachPiece(from place: UInt64, to behind: UInt64, _ body: (Span<UInt8>) -> Void) {
        precondition(place >= start && place <= behind && behind <= end)
        let at = index(place)
        let count = Int(behind - place)
        let first = min(count, capacity - at)
        // Unsafe: both parts were written, and nobody writes while they are lent.
        if first > 0 { body(unsafe Span(_unsafeStart: base + at, count: first)) }
        if count > first { body(unsafe Span(_unsafeStart: base, count: count - first)) }
    }
}
