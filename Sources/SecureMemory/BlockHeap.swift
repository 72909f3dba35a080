// Ordinary memory for what outlives a request: it goes back to the kernel as soon as it is free, a little at a time.
internal import CLinux
internal import Glibc
internal import Synchronization

/// Blocks of ordinary memory, wiped when they are given back.
///
/// For the many things that a full vault holds. glibc's heap keeps what is free in its middle until `malloc_trim` walks all of
/// it, which stalled a server that had held a million secrets for 0.05 s and more; here the page goes back when the last of its
/// blocks does, so the work is spread over those who cause it, and ``givenBack`` tells how much there was.
///
/// Any thread may use it; one lock guards all.
public final class BlockHeap: Sendable {
    /// The heap of the process.
    public static let shared = BlockHeap()

    private let segments = Mutex(BlockSegments())
    private let total = Atomic<Int>(0)

    init() {}

    /// How many bytes went back to the kernel so far. A page takes it about a microsecond, and a request that comes
    /// meanwhile has to wait.
    public var givenBack: Int { total.load(ordering: .relaxed) }

    /// A block of at least this many bytes, aligned to 16; nil when the kernel has no more. What is in it is not defined.
    public func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount <= BlockSize.largest else { return unsafe Pages.map(Self.wholePages(byteCount)) }
        // The address leaves the lock as a number, since a pointer might be to what the lock guards.
        let address = segments.withLock { unsafe UInt(bitPattern: $0.allocate(BlockSize(for: byteCount))) }
        return unsafe UnsafeMutableRawPointer(bitPattern: address)
    }

    /// Gives back a block that was allocated with this number of bytes.
    ///
    /// - Parameter isWiped: whether its owner has wiped it, so that pages which were never touched need not be touched now.
    public func free(_ block: UnsafeMutableRawPointer, _ byteCount: Int, isWiped: Bool = false) {
        if !isWiped { unsafe onetime_wipe(block, byteCount) }
        var released = Self.wholePages(byteCount)
        if byteCount > BlockSize.largest {
            unsafe Pages.unmap(block, released)
        } else {
            let address = UInt(bitPattern: block)
            released = segments.withLock { $0.free(address, BlockSize(for: byteCount)) }
        }
        if released > 0 { total.add(released, ordering: .relaxed) }
    }

    private static func wholePages(_ byteCount: Int) -> Int { (byteCount + Pages.size - 1) / Pages.size * Pages.size }
}

/// The sizes of blocks: multiples of 16 up to 512 bytes, then 16 steps for each doubling, so that 6 % are wasted at most.
struct BlockSize {
    /// Blocks of up to so many bytes share segments; a larger one is a mapping of its own.
    static let largest = 16384
    static let count = 112

    /// Which size it is, from 0.
    let number: Int
    let bytes: Int

    init(for byteCount: Int) {
        precondition(byteCount > 0 && byteCount <= Self.largest)
        if byteCount <= 512 {
            number = (byteCount - 1) / 16
            bytes = (number + 1) * 16
        } else {
            let doubling = Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
            let step = (byteCount - 1) >> (doubling - 4)
            number = 32 + (doubling - 9) * 16 + step - 16
            bytes = (step + 1) << (doubling - 4)
        }
    }

    /// The binary logarithm of the pages in a segment: a page for small blocks, as many as hold eight of the larger ones. The
    /// fewer blocks, the sooner all of them are free.
    var segmentOrder: Int {
        let pages = (bytes * 8 + Pages.size - 1) / Pages.size
        return min(Int.bitWidth - (pages - 1).leadingZeroBitCount, SegmentRegions.largestOrder)
    }
}

/// The calls of the kernel that the heap is made of.
enum Pages {
    static let size = 4096

    static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let mapped = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return unsafe mapped == MAP_FAILED ? nil : mapped
    }

    static func unmap(_ pages: UnsafeMutableRawPointer, _ byteCount: Int) {
        // The kernel refuses a hole when a process has too many already. The memory goes back all the same.
        if unsafe munmap(pages, byteCount) != 0 { unsafe _ = madvise(pages, byteCount, MADV_DONTNEED) }
    }
}
