// Small files that are read once, at the start.
internal import Glibc

/// Files by their paths.
public enum File {
    /// The bytes of a file, if they are no more than `limit`; else the error is ``Errno/fileTooLarge``.
    ///
    /// Never waits: a pipe that nobody writes to is empty. The corresponding C functions are `open` and `read`.
    public static func read(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = try SystemCalls.retrying { unsafe Int(path.withCString { unsafe open($0, flags) }) }
        let file = FileDescriptor(owning: Int32(descriptor))
        // One byte more than is allowed, to see whether there is one; no more room than the file seems to need.
        var facts = stat()
        let size = unsafe fstat(file.rawValue, &facts) == 0 ? Int(facts.st_size) : 0
        var bytes = [UInt8](repeating: 0, count: min(max(size, 4096), limit) + 1)
        var count = 0
        while count <= limit {
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: min(count, limit + 1 - count)) }
            let read = try SystemCalls.retrying {
                unsafe bytes.withUnsafeMutableBytes { all in
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: all[count...])
                    return unsafe Glibc.read(file.rawValue, rest.baseAddress, rest.count)
                }
            }
            if read == 0 { break }
            count += read
        }
        guard count <= limit else { throw .fileTooLarge }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
