// Wiping: of bytes, of registers and stack, of the whole process' free heap.
internal import CLinux

/// Zeroes bytes in a way that no optimiser drops.
@inline(__always)
public func wipe(_ bytes: inout MutableSpan<UInt8>) {
    // The C routine takes a pointer; the span proves that it is good for the call.
    unsafe bytes.withUnsafeMutableBytes { unsafe onetime_wipe($0.baseAddress, $0.count) }
}

/// Zeroes every vector register and the dead part of this thread's stack.
///
/// Call it where a request that moved content has ended, on the thread that moved it. Takes less than a microsecond.
public func scrubRegistersAndStack() {
    onetime_scrub()
}

/// The process' heap.
public enum Heap {
    /// Whether every block is wiped as it is freed: so in the shipped executable, not in test bundles.
    public static var isWipedOnFree: Bool { onetime_heap_is_wiped() != 0 }

    /// Gives pages that hold no live block back to the kernel. Costs time in proportion to the number of free blocks.
    public static func trim() {
        onetime_heap_trim()
    }

    /// Lets go of code that was used but may not be again, such as that of the start. What is comes back from the page cache.
    public static func releaseCode() {
        onetime_release_code()
    }
}
