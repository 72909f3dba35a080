// The arena: a fixed piece of protected memory from which every request borrows.
internal import CLinux
internal import Synchronization

/// A fixed amount of protected memory, lent in blocks of 128 bytes to ``maximumBlock``.
///
/// Its size is settled at the start, so borrowing never asks the kernel for anything. Safe to use from several threads; a
/// borrower owns its block alone.
public final class SecureArena: Sendable {
    /// The smallest block, in bytes.
    public static let minimumBlock = 128
    /// The largest block, in bytes.
    public static let maximumBlock = minimumBlock << maximumOrder

    private static let maximumOrder = 11

    /// What protects this memory.
    public let protection: MemoryProtection
    /// The size of the arena in bytes.
    public let capacity: Int

    private let mapping: LockedMapping
    private let books: Mutex<BuddyAllocator>

    /// An arena of this many bytes (rounded up to whole pages).
    ///
    /// - Parameter allowsSecretMemory: false keeps to `mlock(2)`: pages of `memfd_secret(2)` forbid a machine to hibernate.
    public init(capacity: Int, allowsSecretMemory: Bool = true) throws(SecureMemoryError) {
        let mapping = try LockedMapping(byteCount: capacity, allowsSecretMemory: allowsSecretMemory)
        protection = mapping.protection
        self.capacity = mapping.count
        books = Mutex(BuddyAllocator(unitCount: mapping.count / Self.minimumBlock, maximumOrder: Self.maximumOrder))
        self.mapping = mapping
    }

    /// How many bytes are not lent.
    public var freeBytes: Int {
        books.withLock { $0.freeUnits } * Self.minimumBlock
    }

    /// Lends a zeroed block with room for at least this many bytes, or nothing when the arena has no such block left.
    public func allocate(_ byteCount: Int) -> SecureBytes? {
        let order = Self.order(for: byteCount)
        guard let unit = books.withLock({ $0.allocate(order: order) }) else { return nil }
        return unsafe SecureBytes(
            base: mapping.base + unit * Self.minimumBlock, capacity: Self.minimumBlock << order, arena: self)
    }

    /// Lends a block like ``allocate(_:)``, but nothing when no block of `reserve` bytes could be lent after it.
    ///
    /// For blocks that are kept while others are served: what they leave is enough for any one request to be served whole.
    public func allocate(_ byteCount: Int, leaving reserve: Int) -> SecureBytes? {
        guard let block = allocate(byteCount), hasRoom(for: reserve) else { return nil }
        return consume block
    }

    /// Whether a block of so many bytes could be lent now.
    public func hasRoom(for byteCount: Int) -> Bool {
        let order = Self.order(for: byteCount)
        return books.withLock { $0.hasBlock(order: order) }
    }

    /// Has the kernel back every page with memory, so that no request has to wait for it. Takes milliseconds; any thread may
    /// call it while the arena is in use.
    public func touch() {
        mapping.touch()
    }

    /// Zeroes the whole arena, lent blocks too. For the end of the process.
    public func wipeAll() {
        unsafe onetime_wipe(mapping.base, mapping.count)
    }

    func takeBack(_ base: UnsafeMutablePointer<UInt8>, capacity: Int) {
        let unit = unsafe (base - mapping.base) / Self.minimumBlock
        books.withLock { $0.free(unit, order: Self.order(for: capacity)) }
    }

    private static func order(for byteCount: Int) -> Int {
        guard byteCount > minimumBlock else { return 0 }
        return Int.bitWidth - ((byteCount - 1) / minimumBlock).leadingZeroBitCount
    }
}
