// Searches through bytes that are as fast as the machine can: what a server writes down passes here while it serves.
internal import Glibc

extension Span<UInt8> {
    /// Where a byte is from `start` on; nil where it is nowhere.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count else { return nil }
        // Unsafe: memchr is given no more bytes than there are behind `start`, and its answer lies among them.
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether no byte is above 127.
    public var isASCII: Bool {
        // Unsafe: reads integers, for which every bit pattern is valid, from bytes that are there.
        unsafe withUnsafeBytes { bytes in
            var seen: UInt64 = 0
            var index = 0
            while index + 32 <= bytes.count {
                let first = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let second = unsafe bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)
                let third = unsafe bytes.loadUnaligned(fromByteOffset: index + 16, as: UInt64.self)
                let fourth = unsafe bytes.loadUnaligned(fromByteOffset: index + 24, as: UInt64.self)
                seen |= first | second | third | fourth
                index += 32
            }
            while index < bytes.count {
                unsafe seen |= UInt64(bytes[index])
                index += 1
            }
            return seen & 0x8080_8080_8080_8080 == 0
        }
    }
}
