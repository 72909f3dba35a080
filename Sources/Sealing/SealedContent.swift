// Ciphertext at rest: ordinary memory with one owner.
internal import SecureMemory

/// A run of ciphertext in ordinary memory. It is wiped and given back when its owner goes.
@safe
public struct SealedContent: ~Copyable, @unchecked Sendable {
    // Sendable: the block belongs to this value alone.
    private var base: UnsafeMutablePointer<UInt8>?
    private var capacity: UInt32
    /// The number of bytes of ciphertext, tags included.
    public private(set) var byteCount: UInt32

    /// No ciphertext yet.
    public init() {
        unsafe base = nil
        capacity = 0
        byteCount = 0
    }

    deinit {
        guard let base = unsafe base else { return }
        unsafe BlockHeap.shared.free(base, Int(capacity))
    }

    /// The ciphertext.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let buffer = unsafe UnsafeBufferPointer(start: base, count: Int(byteCount))
            return unsafe _overrideLifetime(Span(_unsafeElements: buffer), borrowing: self)
        }
    }

    /// Appends ciphertext that is there already.
    mutating func append(_ sealed: Span<UInt8>) throws(SealingError) {
        try extend(by: sealed.count) { (room) throws(SealingError) in
            for index in sealed.indices { room[index] = sealed[index] }
        }
    }

    /// Grows by exactly `added` bytes that the closure fills.
    mutating func extend(
        by added: Int, _ fill: (inout MutableSpan<UInt8>) throws(SealingError) -> Void
    ) throws(SealingError) {
        let needed = Int(byteCount) + added
        if needed > Int(capacity) { try grow(to: needed) }
        guard let base = unsafe base else { throw .libraryFailure }
        var room = unsafe MutableSpan(_unsafeStart: base + Int(byteCount), count: added)
        try fill(&room)
        byteCount += UInt32(added)
    }

    /// Forgets the ciphertext; the block stays, for more of it.
    public mutating func removeAll() {
        byteCount = 0
    }

    private mutating func grow(to needed: Int) throws(SealingError) {
        // The first block fits exactly: most secrets are one chunk. Later ones double.
        guard needed <= Int(UInt32.max) else { throw .libraryFailure }
        try move(toBlockOf: capacity == 0 ? needed : min(max(needed, Int(capacity) * 2), Int(UInt32.max)))
    }

    /// Gives back the room that doubling left over.
    mutating func shrinkToFit() {
        // Without memory for a smaller block it stays in the larger one.
        if byteCount < capacity { try? move(toBlockOf: Int(byteCount)) }
    }

    private mutating func move(toBlockOf size: Int) throws(SealingError) {
        guard let memory = unsafe BlockHeap.shared.allocate(size) else { throw .libraryFailure }
        let block = unsafe memory.bindMemory(to: UInt8.self, capacity: size)
        if let base = unsafe base {
            unsafe block.update(from: base, count: Int(byteCount))
            unsafe BlockHeap.shared.free(base, Int(capacity))
        }
        unsafe base = block
        capacity = UInt32(size)
    }
}
