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

    /// Whoever touches the locked part keeps it, too.
    private let owner: SharedMapping
    private let locked: UnsafeMutablePointer<UInt8>
    private let ordinary: UnsafeMutablePointer<UInt8>?
    private let ordinaryBytes: Int
    private var filledInSegment: [UInt16]
    /// What became of each segment when all cells were wiped.
    private var leftovers: [Leftover]
    /// All segments below these numbers are wiped, and given back.
    private var firstUnwiped: Int
    private var firstUnreleased: Int
    /// Locked cells from this one on were not filled since all were wiped.
    private var lockedEnd = 0

    private enum Leftover: UInt8 {
        case nothing
        /// Its cells count as empty, but hold what they held.
        case bytes
        /// Its cells are zero, but it may have pages although none is filled.
        case pages
    }

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
        unsafe self.locked = locked.base
        owner = SharedMapping(locked)
        unsafe ordinary = reserved
        ordinaryBytes = segments * Self.segmentBytes
        filledInSegment = Array(repeating: 0, count: segments)
        leftovers = Array(repeating: .nothing, count: segments)
        firstUnwiped = segments
        firstUnreleased = segments
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
        for segment in filledInSegment.indices where filledInSegment[segment] > 0 || leftovers[segment] == .bytes {
            unsafe onetime_wipe(ordinary + segment * Self.segmentBytes, Self.segmentBytes)
        }
        unsafe onetime_crash_wipe_remove(ordinary)
        unsafe munmap(ordinary, ordinaryBytes)
    }

    /// Has the kernel back the locked part with memory, when called on any thread; milliseconds that the first secrets need not
    /// wait for. The pages stay for as long as it is there, also when the table is gone meanwhile.
    public func toucher() -> @Sendable () -> Void {
        let owner = owner
        return { owner.mapping.touch() }
    }

    /// What protects the locked part.
    public var protection: MemoryProtection { owner.mapping.protection }

    /// Fills a cell that is empty with 32 bytes.
    public mutating func fill(_ index: Int, with share: Span<UInt8>) {
        precondition(share.count == Self.shareSize, "a share has 32 bytes")
        let cell = unsafe cell(index)
        if index >= lockedCapacity {
            let segment = (index - lockedCapacity) / Self.cellsPerSegment
            if leftovers[segment] == .bytes { wipe(segment: segment) }
            filledInSegment[segment] += 1
        } else {
            lockedEnd = max(lockedEnd, index + 1)
        }
        unsafe share.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe cell.update(from: start, count: Self.shareSize)
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

    /// Empties all cells at once: nothing but ``withShare(_:_:)`` of a cell that is not filled could still find what was there.
    ///
    /// The locked ones are zeroed at once. The others are zeroed by ``wipeNext()``, which takes a millisecond or more for a
    /// million, and their pages given back by ``releaseNext()``, which takes ten times as long.
    public mutating func wipeAll() {
        unsafe onetime_wipe(locked, lockedEnd * Self.shareSize)
        lockedEnd = 0
        for segment in filledInSegment.indices where filledInSegment[segment] > 0 {
            filledInSegment[segment] = 0
            leftovers[segment] = .bytes
            firstUnwiped = min(firstUnwiped, segment)
            firstUnreleased = min(firstUnreleased, segment)
        }
    }

    /// Zeroes 4096 cells that ``wipeAll()`` left over; 20 us.
    ///
    /// - Returns: whether there were any.
    public mutating func wipeNext() -> Bool {
        while firstUnwiped < leftovers.count {
            firstUnwiped += 1
            guard leftovers[firstUnwiped - 1] == .bytes else { continue }
            wipe(segment: firstUnwiped - 1)
            return true
        }
        return false
    }

    /// Gives the pages of 4096 cells back that ``wipeAll()`` left over, unless one of them was filled again.
    ///
    /// - Returns: how many bytes went back; nil when nothing is left over.
    public mutating func releaseNext() -> Int? {
        while firstUnreleased < leftovers.count {
            let segment = firstUnreleased
            firstUnreleased += 1
            if leftovers[segment] == .bytes { wipe(segment: segment) }
            guard leftovers[segment] == .pages else { continue }
            leftovers[segment] = .nothing
            return filledInSegment[segment] == 0 ? release(segment) : 0
        }
        return nil
    }

    private mutating func wipe(segment: Int) {
        leftovers[segment] = .pages
        guard let ordinary = unsafe ordinary else { return }
        unsafe onetime_wipe(ordinary + segment * Self.segmentBytes, Self.segmentBytes)
    }

    private mutating func release(_ segment: Int) -> Int {
        leftovers[segment] = .nothing
        guard let ordinary = unsafe ordinary else { return 0 }
        unsafe madvise(ordinary + segment * Self.segmentBytes, Self.segmentBytes, MADV_DONTNEED)
        return Self.segmentBytes
    }

    private static var segmentBytes: Int { cellsPerSegment * shareSize }

    private func cell(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(index >= 0 && index < capacity, "no such cell")
        if index < lockedCapacity { return unsafe locked + index * Self.shareSize }
        guard let ordinary = unsafe ordinary else { preconditionFailure("an ordinary cell without ordinary pages") }
        return unsafe ordinary + (index - lockedCapacity) * Self.shareSize
    }
}
