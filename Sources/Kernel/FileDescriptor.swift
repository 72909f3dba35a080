// An open file descriptor, owned by exactly one place and closed with it.
internal import Glibc

/// An open file descriptor. It is closed when its owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number by which the kernel knows it.
    public let rawValue: Int32

    /// Takes over an open descriptor.
    public init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        // The number is free even where close(2) reports an error, so there is nothing to try again.
        close(rawValue)
    }

    /// Writes to a descriptor that stays somebody else's, such as standard output, until all is written or it fails.
    ///
    /// Blocks where the descriptor does. The corresponding C function is `write`.
    public static func write(_ bytes: Span<UInt8>, to rawValue: Int32) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(droppingFirst: written)
            written += try SystemCalls.retrying {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Writes to a descriptor that stays somebody else's once, and returns how many bytes went.
    ///
    /// The corresponding C function is `write`.
    public static func writeOnce(_ bytes: Span<UInt8>, to rawValue: Int32) throws(Errno) -> Int {
        try SystemCalls.retrying {
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
        }
    }

    /// Whether a descriptor is of a regular file. The corresponding C function is `fstat`.
    public static func isFile(_ rawValue: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether two descriptors lead to the same file or pipe. Of a device it cannot be told whether what is written by one comes to
    /// readers of the other (`/dev/null` has none), so it counts only where they have one number. The corresponding C function is `fstat`.
    public static func areSame(_ one: Int32, _ other: Int32) -> Bool {
        var (first, second) = (stat(), stat())
        guard unsafe fstat(one, &first) == 0, unsafe fstat(other, &second) == 0 else { return false }
        if one == other { return true }
        return first.st_mode & S_IFMT != S_IFCHR && first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// Whether a descriptor is open, and for writing. The corresponding C function is `fcntl` with `F_GETFL`.
    public static func isWritable(_ rawValue: Int32) -> Bool {
        let flags = fcntl(rawValue, F_GETFL)
        return flags >= 0 && flags & O_ACCMODE != O_RDONLY
    }

    /// Opens those of standard input, output and error that the starter left closed, to nothing. Else what the program opens itself would
    /// get their numbers, and be written to as if it were the output. The corresponding C functions are `fcntl` and `open`.
    public static func holdStandardOnes() {
        for rawValue: Int32 in 0...2 where fcntl(rawValue, F_GETFD) < 0 {
            // The lowest number that is free is this one. Without /dev/null there is nothing better.
            _ = unsafe "/dev/null".withCString { unsafe open($0, O_RDWR) }
        }
    }

    /// Whether a descriptor is a terminal. The corresponding C function is `isatty`.
    public static func isTerminal(_ rawValue: Int32) -> Bool {
        isatty(rawValue) == 1
    }
}
