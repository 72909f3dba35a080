// Looking for bytes in all memory of this process that its kernel lets be read.

import Glibc

/// Searches for needles that are kept in disguise, so that the search does not find itself.
enum MemorySearch {
    private static let mask: UInt8 = 0xA5

    /// Bytes in disguise.
    struct Needle {
        fileprivate let masked: [UInt8]

        /// Takes bytes over from something that hands them out one by one, so that no copy is made.
        init(count: Int, _ byte: (Int) -> UInt8) {
            masked = (0..<count).map { byte($0) ^ mask }
        }
    }

    /// In how many places a needle is found.
    static func count(_ needle: Needle) -> Int {
        let memory = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        guard memory >= 0 else { return 0 }
        defer { close(memory) }
        // Mapped, so that its place is known and left out; it holds the needle and a window of what is searched.
        let window = 1 << 20
        let size = window + 4096
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return 0 }
        defer {
            unsafe explicit_bzero(mapped, size)
            unsafe munmap(mapped, size)
        }
        let own = UInt(bitPattern: mapped)..<UInt(bitPattern: mapped) + UInt(size)
        let wanted = unsafe mapped + window
        for (index, byte) in needle.masked.enumerated() {
            unsafe wanted.storeBytes(of: byte ^ mask, toByteOffset: index, as: UInt8.self)
        }
        let count = needle.masked.count
        let first = Int32(needle.masked[0] ^ mask)
        var found = 0
        for range in writableRanges() {
            var start = range.lowerBound
            while start < range.upperBound {
                defer { start += UInt(window - count) }
                let got = unsafe pread(memory, mapped, min(window, Int(range.upperBound - start)), Int(start))
                guard got > 0 else { break }
                var offset = 0
                while offset < got, let hit = unsafe memchr(mapped + offset, first, got - offset) {
                    let place = unsafe hit - mapped
                    offset = place + 1
                    guard place + count <= got, unsafe memcmp(hit, wanted, count) == 0 else { continue }
                    if !own.contains(start + UInt(place)) { found += 1 }
                }
            }
        }
        return found
    }

    private static func writableRanges() -> [Range<UInt>] {
        let descriptor = unsafe open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = unsafe read(descriptor, &piece, piece.count)
            if got <= 0 { break }
            text += piece[..<got]
        }
        return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let words = line.split(separator: UInt8(ascii: " "))
            let ends = words[0].split(separator: UInt8(ascii: "-"))
            guard words.count > 1, words[1].starts(with: Array("rw".utf8)), ends.count == 2,
                let low = UInt(String(decoding: ends[0], as: UTF8.self), radix: 16),
                let high = UInt(String(decoding: ends[1], as: UTF8.self), radix: 16)
            else { return nil }
            return low..<high
        }
    }
}
