// How well a piece of memory is protected: what the machine had to offer.

/// What protects the memory in which secrets move, best first.
public enum MemoryProtection: String, Sendable {
    /// `memfd_secret(2)`: out of the kernel's own map, never swapped, unreadable even for root through `/proc` or `ptrace`.
    case secretMemory = "memfd_secret"
    /// `mlock(2)`: never swapped, left out of core dumps, not inherited by children.
    case lockedMemory = "mlock"
    /// Left out of core dumps and not inherited, but it may be swapped: the limit on locked memory left no room.
    case unlockedMemory = "unlocked"
}

/// Why memory could not be had.
public enum SecureMemoryError: Error, Equatable, Sendable {
    /// The kernel gave no memory of this size, in bytes.
    case outOfMemory(Int)
}
