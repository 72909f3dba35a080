// What the kernel says about the memory of this process.

import Glibc

/// One line of `/proc/self/maps`, with its flags from `/proc/self/smaps`.
struct MappedRegion {
    let range: Range<UInt>
    let permissions: String
    let flags: Set<String>

    /// The mappings of this process, in order.
    static func all() -> [MappedRegion] {
        var regions: [MappedRegion] = []
        var head: (Range<UInt>, String)?
        for line in whole("/proc/self/smaps").split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            let ends = words[0].split(separator: "-")
            if ends.count == 2, words.count > 1, let low = UInt(ends[0], radix: 16), let high = UInt(ends[1], radix: 16)
            {
                head = (low..<high, String(words[1]))
            } else if words[0] == "VmFlags:", let (range, permissions) = head {
                regions.append(
                    MappedRegion(range: range, permissions: permissions, flags: Set(words.dropFirst().map(String.init)))
                )
            }
        }
        return regions
    }

    /// A file of `/proc`, which comes in pieces, to its end.
    private static func whole(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = unsafe read(descriptor, &piece, piece.count)
            if got <= 0 { return String(decoding: text, as: UTF8.self) }
            text += piece[..<got]
        }
    }

    /// The mapping that an address lies in.
    static func containing(_ address: UInt) -> MappedRegion? {
        all().first { $0.range.contains(address) }
    }
}

/// Reads this process' memory the way a debugger with all rights does; nil where the kernel refuses.
func readThroughKernel(_ address: UInt, count: Int) -> [UInt8]? {
    let descriptor = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = unsafe pread(descriptor, &bytes, count, Int(address))
    return got == count ? bytes : nil
}

/// Whether the page of an address is backed by memory right now.
func isResident(_ address: UInt) -> Bool {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    var state: UInt8 = 0
    guard let start = unsafe UnsafeMutableRawPointer(bitPattern: address / page * page) else { return false }
    let result = unsafe mincore(start, Int(page), &state)
    return result == 0 && state & 1 == 1
}
