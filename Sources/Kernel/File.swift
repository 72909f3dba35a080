// Files: small ones that are read once, and long ones that are read in parts.
internal import Glibc

/// Files by their paths.
public enum File {
    /// The bytes of a file, if they are no more than `limit`; else the error is ``Errno/fileTooLarge``.
    ///
    /// Never waits: from a pipe in which nothing is (yet, or any more) nothing is read, and the error is ``Errno/noData``. As an empty
    /// file it would say that there are no settings and no rules. The corresponding C functions are `open` and `read`.
    public static func read(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
        let file = try openedWithoutWaiting(path)
        // One byte more than is allowed, to see whether there is one; no more room than the file seems to need.
        var facts = stat()
        let size = unsafe fstat(file.rawValue, &facts) == 0 ? Int(facts.st_size) : 0
        var bytes = [UInt8](repeating: 0, count: min(max(size, 4096), limit) + 1)
        var count = 0
        while count <= limit {
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: min(count, limit + 1 - count)) }
            var room = bytes.mutableSpan
            var rest = room._mutatingExtracting(droppingFirst: count)
            let read = try FileDescriptor.read(from: file.rawValue, into: &rest)
            if read == 0 { break }
            count += read
        }
        guard count <= limit else { throw .fileTooLarge }
        if count == 0, facts.st_mode & S_IFMT == S_IFIFO { throw .noData }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Fills memory of the caller's with the bytes of a file, as far as there is room, and returns how many they are.
    ///
    /// For what is secret: no copy stays behind. Never waits: a pipe that nobody writes to is empty.
    public static func read(_ path: String, into bytes: inout MutableSpan<UInt8>) throws(Errno) -> Int {
        let file = try openedWithoutWaiting(path)
        var count = 0
        while count < bytes.count {
            var rest = bytes._mutatingExtracting(droppingFirst: count)
            let read = try FileDescriptor.read(from: file.rawValue, into: &rest)
            if read == 0 { break }
            count += read
        }
        return count
    }

    private static func openedWithoutWaiting(_ path: String) throws(Errno) -> FileDescriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = try SystemCalls.retrying { unsafe Int(path.withCString { unsafe open($0, flags) }) }
        return FileDescriptor(owning: Int32(descriptor))
    }

    /// Opens a file, or whatever else a path leads to, to be read in parts. The corresponding C function is `open`.
    public static func opened(_ path: String) throws(Errno) -> FileDescriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
        let descriptor = try SystemCalls.retrying { unsafe Int(path.withCString { unsafe open($0, flags) }) }
        return FileDescriptor(owning: Int32(descriptor))
    }
}

extension FileDescriptor {
    /// Reads into a span and returns how many bytes came; 0 is the end. The corresponding C function is `read`.
    @_lifetime(bytes: copy bytes)
    public static func read(from rawValue: Int32, into bytes: inout MutableSpan<UInt8>) throws(Errno) -> Int {
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            if Errno.last != .interrupted { throw Errno.last }
        }
    }
}
