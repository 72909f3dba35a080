// Writing to whoever may not be reading: a pipe, a terminal, a socket, without ever waiting.
internal import CLinux
internal import Glibc

/// A descriptor that stays somebody else's, such as standard output, written to without waiting for whoever reads it.
///
/// The descriptor itself is left as it is: others may share it, and would be surprised if their writes no longer waited.
public struct NonblockingOutput: ~Copyable, Sendable {
    /// How it is kept from waiting.
    private enum Way {
        /// Nothing to do: writing to a file waits for nobody.
        case plain
        /// Each call says so.
        case socket
        /// Asks first whether there is room. A pipe that has some takes as much as ``NonblockingOutput/pieceSize``.
        case asking
        /// The same pipe or terminal, opened once more, for us alone.
        case own(Int32)
    }

    private let way: Way
    private let rawValue: Int32
    private let own: FileDescriptor?
    /// Whether it is a pipe to which nobody else writes.
    private let isOwnPipe: Bool

    /// How many bytes are written at once at most: what a pipe takes wholly or not at all (POSIX, `PIPE_BUF`).
    public static let pieceSize = 4096
    /// How much a pipe is made to hold to which nobody else writes, in bytes, if the system allows it.
    private static let ownCapacity: Int32 = 256 << 10

    /// Looks what is behind a descriptor.
    ///
    /// - Parameter isAlone: whether nobody else writes to it; a pipe is then made to hold more.
    public init(_ rawValue: Int32, isAlone: Bool = false) {
        self.rawValue = rawValue
        var facts = stat()
        let kind = unsafe fstat(rawValue, &facts) == 0 ? facts.st_mode & S_IFMT : 0
        var opened: Int32 = -1
        if kind == S_IFIFO || kind == S_IFCHR {
            // Not everybody may look there; then it is asked for room.
            let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
            opened = unsafe "/proc/self/fd/\(rawValue)".withCString { unsafe open($0, flags) }
        }
        own = opened < 0 ? nil : FileDescriptor(owning: opened)
        isOwnPipe = isAlone && kind == S_IFIFO
        if isOwnPipe { onetime_pipe_enlarge(rawValue, Self.ownCapacity) }
        way = opened >= 0 ? .own(opened) : kind == S_IFREG ? .plain : kind == S_IFSOCK ? .socket : .asking
    }

    /// Whether a write waits for nobody, whoever else writes there, and is to no file.
    public var neverWaits: Bool {
        switch way {
        case .own, .socket: true
        case .plain, .asking: false
        }
    }

    /// How many bytes a write may have now and is still taken wholly or not at all: ``pieceSize``, but half of what a pipe holds while
    /// that is empty and nobody else writes to it. Each write wakes the reader, which costs more than to copy what is written.
    public var wholeCount: Int {
        var waiting: Int32 = 0
        guard isOwnPipe else { return Self.pieceSize }
        let capacity = unsafe onetime_pipe_capacity(rawValue, &waiting)
        return waiting == 0 ? max(Self.pieceSize, Int(capacity) / 2) : Self.pieceSize
    }

    /// Writes as much as there is room for, at most ``pieceSize`` bytes or as many as it may be. Returns how many bytes were taken, nil
    /// when there is no room right now.
    public func write(_ bytes: Span<UInt8>, upTo most: Int = pieceSize) throws(Errno) -> Int? {
        let piece = bytes.extracting(first: most)
        do throws(Errno) {
            switch way {
            case .plain: return try Self.write(piece, to: rawValue)
            case .own(let descriptor): return try Self.write(piece, to: descriptor)
            case .asking: return waitForRoom(milliseconds: 0) ? try Self.write(piece, to: rawValue) : nil
            case .socket:
                let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                return try SystemCalls.retrying {
                    unsafe piece.withUnsafeBytes { unsafe Glibc.send(rawValue, $0.baseAddress, $0.count, flags) }
                }
            }
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    /// Waits until there is room, for so long at most. Returns whether there is. The corresponding C function is `poll`.
    public func waitForRoom(milliseconds: Int) -> Bool {
        var wanted = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&wanted, 1, Int32(clamping: milliseconds)) == 1
    }

    /// Writes all of it, and waits for room for so long at most. Returns whether all was taken.
    public func writeAll(_ bytes: Span<UInt8>, within milliseconds: UInt64) -> Bool {
        let deadline = BootClock.milliseconds() + milliseconds
        var written = 0
        while written < bytes.count {
            do throws(Errno) {
                if let count = try write(bytes.extracting(droppingFirst: written)) {
                    written += count
                    continue
                }
            } catch {
                return false
            }
            let now = BootClock.milliseconds()
            guard now < deadline, waitForRoom(milliseconds: Int(deadline - now)) else { return false }
        }
        return true
    }

    private static func write(_ bytes: Span<UInt8>, to descriptor: Int32) throws(Errno) -> Int {
        try SystemCalls.retrying {
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}
