// Ciphertext that more than one answer may read: by several readers, or by one whose answer got lost.

/// How many bytes of ciphertext are shared, for whoever has to keep within a budget. Belongs to one thread, as the content does.
public final class SharedByteCount {
    /// The bytes, for as long as anybody may read them.
    public fileprivate(set) var bytes = 0

    /// None yet.
    public init() {}
}

/// A ciphertext that is read in place by any number of answers. It is wiped when the last one and its owner have let go of it.
public final class SharedContent {
    let content: SealedContent
    private let total: SharedByteCount

    /// Shares a ciphertext, and has it counted until it is gone.
    public init(_ content: consuming SealedContent, countedIn total: SharedByteCount) {
        self.content = content
        self.total = total
        total.bytes += Int(self.content.byteCount)
    }

    deinit {
        total.bytes -= Int(content.byteCount)
    }

    /// The number of bytes of ciphertext, tags included.
    public var byteCount: UInt32 { content.byteCount }
}

/// The right of one answer to read a shared ciphertext.
public final class ContentLease {
    /// Nil once it was revoked.
    private(set) var shared: SharedContent?
    let byteCount: Int

    /// A lease that is good until it is revoked.
    public init(of shared: SharedContent) {
        self.shared = shared
        byteCount = Int(shared.byteCount)
    }

    /// Ends it: what was not read by now is not read by this answer.
    public func revoke() { shared = nil }
}
