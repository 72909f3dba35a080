// The server's shares: 32 random bytes for each secret, without which its ciphertext is dead.
internal import CLinux
internal import Glibc

/// A table of 32-byte cells, by number: the first ones in locked memory, as far as that goes, the rest in ordinary pages that
/// are left out of dumps and not inherited.
///
/// Cells are zero until filled and after being wiped. Pages of the ordinary part go back to the kernel when the last of
/// their cells is wiped.
@safe
public struct ShareTable: ~Copyable, @unchecked Sendable {
    // Sendable: one owner, and the pages belong to it alone.

    /// The size of a share in bytes.
    public static let shareSize = 32

    private static let cellsPerSegment = 4096

    /// How many cells lie in locked memory.
    public let lockedCapacity: Int
    /// How many cells there are.
    public let capacity: Int

    private let locked: LockedMapping
    private let ordinary: UnsafeMutablePointer<UInt8>?
    private let ordinaryBytes: Int
    private var filledInSegment: [UInt16]
    /// Which segments have pages although none of their cells is filled: those that were wiped with all others.
    private var isStale: [Bool]
    private var staleCount = 0
    /// Locked cells from this one on were not filled since all were wiped.
    private var lockedEnd = 0

    /// A table of so many cells, the first `lockedCapacity` of them in locked memory.
    public init(capacity: Int, lockedCapacity: Int, allowsSecretMemory: Bool = true) throws(SecureMemoryError) {
        let lockedCapacity = min(lockedCapacity, capacity)
        let overflow = capacity - lockedCapacity
        let segments = (overflow + Self.cellsPerSegment - 1) / Self.cellsPerSegment
        let locked = try LockedMapping(
            byteCount: lockedCapacity * Self.shareSize, allowsSecretMemory: allowsSecretMemory)
        let reserved = unsafe try Self.reserve(segments * Self.segmentBytes)
        self.capacity = capacity
        self.lockedCapacity = lockedCapacity
        self.locked = locked
        unsafe ordinary = reserved
        ordinaryBytes = segments * Self.segmentBytes
        filledInSegment = Array(repeating: 0, count: segments)
        isStale = Array(repeating: false, count: segments)
    }

    /// Reserves ordinary pages as a whole; they are backed by memory only where cells are filled.
    private static func reserve(_ byteCount: Int) throws(SecureMemoryError) -> UnsafeMutablePointer<UInt8>? {
        guard byteCount > 0 else { return nil }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let mapped = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw .outOfMemory(byteCount) }
        unsafe madvise(mapped, byteCount, MADV_DONTDUMP)
        unsafe madvise(mapped, byteCount, MADV_DONTFORK)
        unsafe _ = onetime_crash_discard_add(mapped, byteCount)
        return unsafe mapped.assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        guard let ordinary = unsafe ordinary else { return }
        for segment in filledInSegment.indices where filledInSegment[segment] > 0 {
            unsafe onetime_wipe(ordinary + segment * Self.segmentBytes, Self.segmentBytes)
        }
        unsafe onetime_crash_wipe_remove(ordinary)
        unsafe munmap(ordinary, ordinaryBytes)
    }

    /// Has the kernel back the locked part with memory, when called on any thread; milliseconds that the first secrets need not
    /// wait for. It must not be called after the table is gone.
    public func toucher() -> @Sendable () -> Void {
        let address = unsafe UInt(bitPattern: locked.base)
        let count = locked.count
        return { unsafe onetime_touch(UnsafeRawPointer(bitPattern: address), count) }
    }

    /// What protects the locked part.
    public var protection: MemoryProtection { locked.protection }

    /// Fills a cell that is empty with 32 bytes.
    public mutating func fill(_ index: Int, with share: Span<UInt8>) {
        precondition(share.count == Self.shareSize, "a share has 32 bytes")
        let cell = unsafe cell(index)
        unsafe share.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe cell.update(from: start, count: Self.shareSize)
        }
        if index >= lockedCapacity {
            filledInSegment[(index - lockedCapacity) / Self.cellsPerSegment] += 1
        } else {
            lockedEnd = max(lockedEnd, index + 1)
        }
    }

    /// Lets the closure look at the share in a cell.
    public func withShare<Result: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let cell = unsafe cell(index)
        return try body(unsafe Span(_unsafeStart: cell, count: Self.shareSize))
    }

    /// Zeroes a filled cell: whatever was sealed under it can never be opened again.
    ///
    /// - Returns: how many bytes went back to the kernel for it.
    @discardableResult
    public mutating func wipe(_ index: Int) -> Int {
        unsafe onetime_wipe(cell(index), Self.shareSize)
        guard index >= lockedCapacity else { return 0 }
        let segment = (index - lockedCapacity) / Self.cellsPerSegment
        filledInSegment[segment] -= 1
        guard filledInSegment[segment] == 0 else { return 0 }
        return release(segment)
    }

    /// Zeroes all cells at once, which leaves all of them empty; 1 ms for a million. Their pages go back to the kernel later,
    /// since that takes ten times as long: see ``releaseNext()``.
    public mutating func wipeAll() {
        unsafe onetime_wipe(locked.base, lockedEnd * Self.shareSize)
        lockedEnd = 0
        guard let ordinary = unsafe ordinary else { return }
        for segment in filledInSegment.indices where filledInSegment[segment] > 0 {
            unsafe onetime_wipe(ordinary + segment * Self.segmentBytes, Self.segmentBytes)
            filledInSegment[segment] = 0
            if !isStale[segment] { staleCount += 1 }
            isStale[segment] = true
        }
    }

    /// Gives pages back that ``wipeAll()`` left over, unless their cells were filled again.
    ///
    /// - Returns: how many bytes went back; nil when nothing is left over. O(segments).
    public mutating func releaseNext() -> Int? {
        guard staleCount > 0, let segment = isStale.firstIndex(of: true) else { return nil }
        isStale[segment] = false
        staleCount -= 1
        return filledInSegment[segment] == 0 ? release(segment) : 0
    }

    private mutating func release(_ segment: Int) -> Int {
        guard let ordinary = unsafe ordinary else { return 0 }
        if isStale[segment] {
            isStale[segment] = false
            staleCount -= 1
        }
        unsafe madvise(ordinary + segment * Self.segmentBytes, Self.segmentBytes, MADV_DONTNEED)
        return Self.segmentBytes
    }

    private static var segmentBytes: Int { cellsPerSegment * shareSize }

    private func cell(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(index >= 0 && index < capacity, "no such cell")
        if index < lockedCapacity { return unsafe locked.base + index * Self.shareSize }
        guard let ordinary = unsafe ordinary else { preconditionFailure("an ordinary cell without ordinary pages") }
        return unsafe ordinary + (index - lockedCapacity) * Self.shareSize
    }
}
