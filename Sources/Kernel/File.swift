// Files: small ones that are read once, and long ones that are read in parts.
internal import Glibc

/// Files by their paths.
public enum File {
    /// The bytes of a file, if they are no more than `limit`; else the error is ``Errno/fileTooLarge``.
    ///
    /// - Parameter patience: for how many milliseconds, all in all, a pipe or a device is waited for that has nothing to say yet, or whose
    ///   end does not come. One that says nothing in that time, or before its end, is ``Errno/noData``: as an empty file it would say that
    ///   there are no settings and no rules. One without an end is ``Errno/timerExpired``.
    ///
    /// The corresponding C functions are `open`, `poll` and `read`.
    public static func read(_ path: String, limit: Int, patience: Int = 0) throws(Errno) -> [UInt8] {
        var source = try PatientSource(path, patience)
        // One byte more than is allowed, to see whether there is one; no more room than the file seems to need.
        var bytes = [UInt8](repeating: 0, count: min(max(source.size, 4096), limit) + 1)
        var count = 0
        while count <= limit {
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: min(count, limit + 1 - count)) }
            var room = bytes.mutableSpan
            var rest = room._mutatingExtracting(droppingFirst: count)
            let read = try source.read(into: &rest)
            if read == 0 { break }
            count += read
        }
        guard count <= limit else { throw .fileTooLarge }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Fills memory of the caller's with the bytes of a file, as far as there is room, and returns how many they are.
    ///
    /// For what is secret: no copy stays behind. Waits as ``read(_:limit:patience:)`` does, with the same errors.
    public static func read(
        _ path: String, into bytes: inout MutableSpan<UInt8>, patience: Int = 0
    ) throws(Errno) -> Int {
        var source = try PatientSource(path, patience)
        var count = 0
        while count < bytes.count {
            var rest = bytes._mutatingExtracting(droppingFirst: count)
            let read = try source.read(into: &rest)
            if read == 0 { break }
            count += read
        }
        return count
    }

    /// Opens a file, or whatever else a path leads to, to be read in parts. The corresponding C function is `open`.
    public static func opened(_ path: String) throws(Errno) -> FileDescriptor { try opened(path, 0) }

    fileprivate static func opened(_ path: String, _ more: Int32) throws(Errno) -> FileDescriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | more
        let descriptor = try SystemCalls.retrying { unsafe Int(path.withCString { unsafe open($0, flags) }) }
        return FileDescriptor(owning: Int32(descriptor))
    }
}

/// A file, or a pipe or device that is waited for no longer than up to a moment.
private struct PatientSource: ~Copyable {
    /// How many bytes it seems to have.
    let size: Int
    private let file: FileDescriptor
    private let isPipe: Bool
    private let deadline: UInt64
    private var hasBegun = false
    /// Whether nobody can write to it any more who could before.
    private var isLeft = false

    init(_ path: String, _ patience: Int) throws(Errno) {
        deadline = BootClock.milliseconds() + UInt64(patience)
        file = try File.opened(path, O_NONBLOCK)
        var facts = stat()
        let isKnown = unsafe fstat(file.rawValue, &facts) == 0
        size = isKnown ? Int(facts.st_size) : 0
        isPipe = isKnown && facts.st_mode & S_IFMT == S_IFIFO
    }

    /// Reads what is there or comes in time, and returns how many bytes that is; 0 is the end.
    @_lifetime(bytes: copy bytes)
    mutating func read(into bytes: inout MutableSpan<UInt8>) throws(Errno) -> Int {
        while true {
            do throws(Errno) {
                let count = try FileDescriptor.read(from: file.rawValue, into: &bytes)
                if count > 0 { hasBegun = true }
                // A pipe that nobody has begun to write to seems to be at its end.
                if hasBegun || !isPipe { return count }
            } catch {
                guard error == .wouldBlock else { throw error }
            }
            try wait()
        }
    }

    /// Waits until there is something to be read, or nobody left who could write it.
    private mutating func wait() throws(Errno) {
        let rawValue = file.rawValue
        let deadline = deadline
        var wanted = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
        let found = try SystemCalls.retrying {
            let now = BootClock.milliseconds()
            return unsafe Int(poll(&wanted, 1, Int32(clamping: deadline > now ? deadline - now : 0)))
        }
        guard found > 0, !isLeft else { throw hasBegun ? .timerExpired : .noData }
        isLeft = wanted.revents & Int16(POLLIN) == 0
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
