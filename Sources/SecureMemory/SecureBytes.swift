// Bytes that must leave no trace: one owner, protected memory, wiped at the end.
internal import CLinux

/// A block of protected memory with one owner, wiped and given back when that owner goes.
///
/// The bytes beyond ``count`` are always zero. Moving the value moves only a pointer, so there is never a second copy.
@safe
public struct SecureBytes: ~Copyable, @unchecked Sendable {
    // Sendable: the block belongs to this value alone, and the arena's books are behind a lock.
    let base: UnsafeMutablePointer<UInt8>
    private let arena: SecureArena

    /// Where the bytes in use begin; what was removed before is zero. Closed up when room is needed.
    private var start = 0

    /// How many bytes there is room for.
    public let capacity: Int
    /// How many bytes are in use.
    public private(set) var count = 0

    init(base: UnsafeMutablePointer<UInt8>, capacity: Int, arena: SecureArena) {
        unsafe self.base = base
        self.capacity = capacity
        self.arena = arena
    }

    deinit {
        unsafe onetime_wipe(base + start, count)
        unsafe arena.takeBack(base, capacity: capacity)
    }

    /// Whether there are no bytes in use.
    public var isEmpty: Bool { count == 0 }

    /// How many more bytes there is room for.
    public var freeCapacity: Int { capacity - count }

    /// The bytes in use, to look at.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: base + start, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes in use, to change in place.
    public var mutableSpan: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            let span = unsafe MutableSpan(_unsafeStart: base + start, count: count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// The room behind the bytes in use, all zero. What is written there counts once ``commit(_:)`` says so, and must be
    /// committed: only bytes in use are wiped at the end.
    public var freeSpan: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            closeUp()
            let span = unsafe MutableSpan(_unsafeStart: base + count, count: capacity - count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// Takes bytes of the free room into use.
    @inline(__always)
    public mutating func commit(_ added: Int) {
        precondition(added >= 0 && added <= freeCapacity, "more bytes than there is room for")
        count += added
    }

    /// Appends bytes, or none of them and returns false when there is no room.
    @discardableResult
    @inline(__always)
    public mutating func append(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count <= freeCapacity else { return false }
        closeUp()
        let target = unsafe base + count
        // Both sides are bounded above; a span cannot be copied into another one of other length without a pointer.
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe target.update(from: start, count: source.count)
        }
        count += bytes.count
        return true
    }

    /// Appends one byte, or returns false when there is no room.
    @discardableResult
    @inline(__always)
    public mutating func append(_ byte: UInt8) -> Bool {
        guard freeCapacity > 0 else { return false }
        closeUp()
        unsafe base[count] = byte
        count += 1
        return true
    }

    /// Removes bytes from the front and wipes them. The rest stays where it is until room behind it is needed. O(removed).
    public mutating func removeFirst(_ removed: Int) {
        precondition(removed >= 0 && removed <= count, "fewer bytes than that")
        unsafe onetime_wipe(base + start, removed)
        count -= removed
        start = count == 0 ? 0 : start + removed
    }

    /// Moves the bytes in use to the beginning of the block.
    @inline(__always)
    private mutating func closeUp() {
        if start > 0 { moveDown() }
    }

    private mutating func moveDown() {
        unsafe base.update(from: base + start, count: count)
        unsafe onetime_wipe(base + max(count, start), start + count - max(count, start))
        start = 0
    }

    /// Removes so many bytes from a place on; what is behind moves down, and what it leaves is wiped. O(count).
    public mutating func removeSubrange(_ start: Int, _ removed: Int) {
        precondition(start >= 0 && removed >= 0 && start + removed <= count, "fewer bytes than that")
        guard removed > 0 else { return }
        closeUp()
        let rest = count - start - removed
        unsafe (base + start).update(from: base + start + removed, count: rest)
        unsafe onetime_wipe(base + start + rest, removed)
        count -= removed
    }

    /// Wipes all bytes in use; the block stays.
    @inline(__always)
    public mutating func wipe() {
        unsafe onetime_wipe(base + start, count)
        count = 0
        start = 0
    }

    /// Drops and wipes what lies behind a count of bytes.
    public mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count, "fewer bytes than that")
        unsafe onetime_wipe(base + start + newCount, count - newCount)
        count = newCount
    }
}

extension SecureBytes {
    /// Appends what the closure writes, at most `added` bytes.
    public mutating func appendBytes<Failure: Error>(
        _ added: Int, _ write: (inout OutputSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(added >= 0 && added <= freeCapacity, "more bytes than there is room for")
        closeUp()
        let room = unsafe UnsafeMutableBufferPointer(start: base + count, count: added)
        var output = unsafe OutputSpan(buffer: room, initializedCount: 0)
        do throws(Failure) {
            try write(&output)
        } catch {
            settle(unsafe output.finalize(for: room), of: added)
            throw error
        }
        settle(unsafe output.finalize(for: room), of: added)
    }

    /// Commits what was written and wipes the rest of what was lent: the closure may have taken bytes back.
    private mutating func settle(_ written: Int, of lent: Int) {
        commit(written)
        unsafe onetime_wipe(base + count, lent - written)
    }
}
