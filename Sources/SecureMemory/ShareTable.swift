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
    public mutating func wipe(_ index: Int) {
        unsafe onetime_wipe(cell(index), Self.shareSize)
        guard index >= lockedCapacity, let ordinary = unsafe ordinary else { return }
        let segment = (index - lockedCapacity) / Self.cellsPerSegment
        filledInSegment[segment] -= 1
        if filledInSegment[segment] == 0 {
            unsafe madvise(ordinary + segment * Self.segmentBytes, Self.segmentBytes, MADV_DONTNEED)
        }
    }

    private static var segmentBytes: Int { cellsPerSegment * shareSize }

    private func cell(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(index >= 0 && index < capacity, "no such cell")
        if index < lockedCapacity { return unsafe locked.base + index * Self.shareSize }
        guard let ordinary = unsafe ordinary else { preconditionFailure("an ordinary cell without ordinary pages") }
        return unsafe ordinary + (index - lockedCapacity) * Self.shareSize
    }
}
