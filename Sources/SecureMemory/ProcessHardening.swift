// What the process gives up at its start so that nobody else can look into it.
internal import CLinux
internal import Glibc

/// The protections that the process put on itself, as far as the kernel granted them.
public struct ProcessHardening: Sendable {
    /// No core file is written (`RLIMIT_CORE` 0).
    public let hasNoCore: Bool
    /// Other processes of the same user can't attach or read its memory (`PR_SET_DUMPABLE` 0).
    public let isNotDumpable: Bool
    /// It can never gain privileges (`PR_SET_NO_NEW_PRIVS`).
    public let hasNoNewPrivileges: Bool
    /// Memory that was writable can never become executable (`PR_SET_MDWE`, Linux 6.3).
    public let refusesExecutableMemory: Bool
    /// Every heap block is wiped when it is freed.
    public let wipesFreedHeap: Bool

    /// Applies all of it. Call it once, first thing in `main`, before there is a second thread.
    public static func apply() -> ProcessHardening {
        onetime_heap_configure()
        onetime_crash_wipe_install()
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        let noCore = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0
        let memoryDenyWriteExecute: Int32 = 65  // PR_SET_MDWE, newer than Debian 12's headers
        return ProcessHardening(
            hasNoCore: noCore,
            isNotDumpable: onetime_prctl(PR_SET_DUMPABLE, 0) == 0,
            hasNoNewPrivileges: onetime_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0,
            refusesExecutableMemory: onetime_prctl(memoryDenyWriteExecute, 1) == 0,
            wipesFreedHeap: Heap.isWipedOnFree)
    }
}
