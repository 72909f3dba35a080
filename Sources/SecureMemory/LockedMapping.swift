// Pages for secrets straight from the kernel, between two pages that nobody may touch.
internal import CLinux
internal import Glibc

/// A zeroed run of protected pages with a guard page on each side; wiped when the process crashes and when its owner goes.
///
/// The kernel counts all of it against the limit on locked memory at the start, and backs a page with memory when it is first
/// touched.
@safe
struct LockedMapping: ~Copyable, @unchecked Sendable {
    // Sendable: the pointer is never changed, and who may write where is settled by the one owner of this value.
    let base: UnsafeMutablePointer<UInt8>
    let count: Int
    let protection: MemoryProtection

    private static var pageSize: Int { sysconf(Int32(_SC_PAGESIZE)) }

    /// - Parameters:
    ///   - byteCount: rounded up to whole pages.
    ///   - allowsSecretMemory: false keeps to `mlock(2)`, for a machine that has to be able to hibernate.
    init(byteCount: Int, allowsSecretMemory: Bool) throws(SecureMemoryError) {
        let page = Self.pageSize
        count = (max(byteCount, 1) + page - 1) / page * page
        let guarded = unsafe mmap(nil, count + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let guarded = unsafe guarded, unsafe guarded != MAP_FAILED else { throw .outOfMemory(count) }
        let inner = unsafe guarded + page
        if allowsSecretMemory, unsafe Self.mapSecretMemory(at: inner, count: count) {
            protection = .secretMemory
        } else {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
            guard unsafe mmap(inner, count, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED else {
                unsafe munmap(guarded, count + 2 * page)
                throw .outOfMemory(count)
            }
            protection = unsafe mlock(inner, count) == 0 ? .lockedMemory : .unlockedMemory
        }
        unsafe madvise(inner, count, MADV_DONTDUMP)
        unsafe madvise(inner, count, MADV_DONTFORK)
        unsafe base = inner.assumingMemoryBound(to: UInt8.self)
        unsafe _ = onetime_crash_wipe_add(base, count)
    }

    deinit {
        let page = Self.pageSize
        unsafe onetime_wipe(base, count)
        unsafe onetime_crash_wipe_remove(base)
        unsafe munmap(UnsafeMutableRawPointer(base) - page, count + 2 * page)
    }

    /// Touches every page, which takes the kernel some 15 us each for secret memory.
    func touch() {
        unsafe onetime_touch(base, count)
    }

    private static func mapSecretMemory(at address: UnsafeMutableRawPointer, count: Int) -> Bool {
        let descriptor = onetime_memfd_secret()
        guard descriptor >= 0 else { return false }
        // An open descriptor could be taken over by another process (pidfd_getfd) and mapped there; the mapping outlives it.
        defer { close(descriptor) }
        guard ftruncate(descriptor, count) == 0 else { return false }
        let flags = MAP_SHARED | MAP_FIXED
        let mapped = unsafe mmap(address, count, PROT_READ | PROT_WRITE, flags, descriptor, 0)
        return unsafe mapped != MAP_FAILED
    }
}

/// A mapping of several owners, which goes with the last of them.
final class SharedMapping: Sendable {
    let mapping: LockedMapping

    init(_ mapping: consuming LockedMapping) { self.mapping = mapping }
}
