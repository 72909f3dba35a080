// What the kernel knows about this process, for whoever watches it.

// Both modules declare timespec; whose fields the compiler means depends on which files it has read before.
internal import CLinux
internal import Glibc

/// How much of the machine this process uses. What the kernel does not tell here is nil.
public struct ProcessFigures: Sendable {
    /// Address space, in bytes.
    public private(set) var virtualBytes: Int?
    /// Memory that is really there, in bytes.
    public private(set) var residentBytes: Int?
    /// Descriptors that are open. Kernels before 6.2 would have to be asked for each of them, and are not.
    public private(set) var openDescriptors: Int?
    /// How many may be.
    public private(set) var descriptorLimit: Int?
    /// Time on a processor, user and system, in microseconds.
    public let processorMicroseconds: UInt64

    /// The figures of this moment: four system calls or so.
    public init() {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        processorMicroseconds = UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
        if let text = try? File.read("/proc/self/statm", limit: 256) {
            // Pages: all, and those that are resident (proc_pid_statm(5)).
            let numbers = text.split(separator: 0x20).prefix(2).map(Self.number)
            if numbers.count == 2 {
                virtualBytes = numbers[0] * Int(getpagesize())
                residentBytes = numbers[1] * Int(getpagesize())
            }
        }
        var facts = stat()
        // The size of this folder is how many entries it has, since Linux 6.2.
        if unsafe stat("/proc/self/fd", &facts) == 0, facts.st_size > 0 {
            openDescriptors = Int(facts.st_size)
        }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            descriptorLimit = Int(clamping: limit.rlim_cur)
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { $0 * 10 + Int($1 & 0xf) }
    }
}
