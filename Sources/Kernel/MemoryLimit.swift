// How much memory the process may use before the kernel kills it.
internal import CLinux
internal import Glibc

/// The memory that this process may use.
public enum MemoryLimit {
    /// The limit of the container (cgroup version 2 or 1) or the memory of the machine, whichever is less, in bytes.
    public static func bytes() -> Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let machine = pages > 0 ? pages * sysconf(Int32(_SC_PAGESIZE)) : Int.max
        let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        return files.reduce(machine) { min($0, number(in: $1) ?? Int.max) }
    }

    private static func number(in path: String) -> Int? {
        guard let raw = try? SystemCalls.retrying({ unsafe Int(open(path, O_RDONLY | O_CLOEXEC)) }) else { return nil }
        let file = FileDescriptor(owning: Int32(raw))
        var bytes: [32 of UInt8] = .init(repeating: 0)
        var span = bytes.mutableSpan
        let count = unsafe span.withUnsafeMutableBytes { unsafe read(file.rawValue, $0.baseAddress, $0.count) }
        var number: Int?
        for index in 0..<max(count, 0) {
            guard bytes[index] >= 0x30, bytes[index] <= 0x39 else { break }
            let (product, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
            // Version 1 says "no limit" as a number near the largest there is.
            guard !overflow, product < Int.max - 10 else { return nil }
            number = product + Int(bytes[index] - 0x30)
        }
        return number
    }
}
