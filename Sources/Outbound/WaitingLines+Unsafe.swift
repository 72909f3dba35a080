// Lines that wait, in a fixed piece of memory, the oldest first.
internal import Glibc
internal import HTTPWire

/// Lines, each with its line feed behind it, in a ring of bytes: several of them are copied, and looked through, as the one piece of
/// memory that they are.
@safe
struct WaitingLines: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    private var start = 0
    /// How many bytes there are.
    private(set) var count = 0

    /// Room for so many bytes, at least one. The system backs it with memory as it is filled.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    var freeCapacity: Int { capacity - count }

    /// Appends bytes, which have to fit, and are whole lines unless ``endLine()`` follows.
    mutating func append(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        let at = wrapped(start + count)
        let first = min(bytes.count, capacity - at)
        // Unsafe: both parts end where the memory does, or before.
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            unsafe (base + at).update(from: source, count: first)
            unsafe base.update(from: source + first, count: bytes.count - first)
        }
        count += bytes.count
    }

    /// Appends the line feed of a line that was appended without it; there has to be room.
    mutating func endLine() {
        precondition(freeCapacity > 0)
        unsafe base[wrapped(start + count)] = 0x0a
        count += 1
    }

    /// Drops the oldest lines until at least so many bytes are gone, or all. Returns how many lines that were.
    mutating func drop(bytes wanted: Int) -> UInt64 {
        var (size, lines) = (0, 0 as UInt64)
        while size < wanted, size < count {
            size += lineSize(from: size)
            lines += 1
        }
        remove(size)
        return lines
    }

    /// Moves the oldest line behind what is in the bytes, without its line feed.
    mutating func takeLine(into bytes: inout [UInt8]) {
        guard count > 0 else { return }
        let size = lineSize(from: 0)
        copy(size - 1, into: &bytes)
        remove(size)
    }

    /// Moves the oldest lines behind what is in the bytes, each with its line feed: as many as have so many bytes together, but one at
    /// least.
    mutating func takeLines(_ most: Int, into bytes: inout [UInt8]) {
        guard count > 0 else { return }
        var size = count
        if size > most {
            // The last line feed among so many bytes; where there is none, the line is longer than that.
            size = most
            while size > 0, unsafe base[wrapped(start + size - 1)] != 0x0a { size -= 1 }
            if size == 0 { size = lineSize(from: 0) }
        }
        copy(size, into: &bytes)
        remove(size)
    }

    private func wrapped(_ place: Int) -> Int { place < capacity ? place : place - capacity }

    /// How many bytes the line takes that begins behind so many of the oldest ones, with its line feed.
    private func lineSize(from offset: Int) -> Int {
        var end = offset
        while end < count {
            let at = wrapped(start + end)
            let reach = min(count - end, capacity - at)
            // Unsafe: looks no further than bytes that were written.
            if let found = unsafe memchr(base + at, 0x0a, reach) {
                return unsafe end - offset + (found - UnsafeMutableRawPointer(base + at)) + 1
            }
            end += reach
        }
        return end - offset
    }

    private func copy(_ size: Int, into bytes: inout [UInt8]) {
        let first = min(size, capacity - start)
        bytes.append(addingCapacity: size) { output in
            // Unsafe: both parts were written, and stay as they are meanwhile.
            output.append(copying: unsafe Span(_unsafeStart: base + start, count: first))
            output.append(copying: unsafe Span(_unsafeStart: base, count: size - first))
        }
    }

    private mutating func remove(_ size: Int) {
        start = wrapped(start + size)
        count -= size
    }
}
