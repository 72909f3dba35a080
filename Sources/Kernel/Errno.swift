// The kernel's error numbers as a type.
internal import Glibc

/// An error number of a failed system call.
public struct Errno: RawRepresentable, Error, Equatable, Sendable, CustomStringConvertible {
    /// The number, as `errno(3)` lists them.
    public let rawValue: Int32

    /// An error by its number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The error of the system call that this thread made last.
    static var last: Errno { Errno(rawValue: errno) }

    /// The call was interrupted by a signal (`EINTR`).
    public static let interrupted = Errno(rawValue: EINTR)
    /// Nothing to read, or no room to write, right now (`EAGAIN`).
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    /// The process has no file descriptor left (`EMFILE`).
    public static let tooManyOpenFiles = Errno(rawValue: EMFILE)
    /// The machine has no file descriptor left (`ENFILE`).
    public static let tooManyOpenFilesInSystem = Errno(rawValue: ENFILE)
    /// The peer reset the connection (`ECONNRESET`).
    public static let connectionReset = Errno(rawValue: ECONNRESET)
    /// A connection was aborted before it could be accepted (`ECONNABORTED`).
    public static let connectionAborted = Errno(rawValue: ECONNABORTED)
    /// Errors of a connection that failed before it was accepted.
    static let ofPendingConnection = [
        ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM,
    ].map(Errno.init)
    /// The peer no longer reads (`EPIPE`).
    public static let brokenPipe = Errno(rawValue: EPIPE)
    /// The address is in use (`EADDRINUSE`).
    public static let addressInUse = Errno(rawValue: EADDRINUSE)
    /// The arguments make no sense to the kernel (`EINVAL`).
    public static let invalidArgument = Errno(rawValue: EINVAL)
    /// A connection is under way and not there yet (`EINPROGRESS`).
    public static let inProgress = Errno(rawValue: EINPROGRESS)
    /// The socket at the other end is of another kind (`EPROTOTYPE`).
    public static let wrongKind = Errno(rawValue: EPROTOTYPE)
    /// Nobody listens there (`ECONNREFUSED`).
    public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    /// A message is larger than one may be (`EMSGSIZE`).
    public static let messageTooLarge = Errno(rawValue: EMSGSIZE)
    /// A file has more bytes than it may (`EFBIG`).
    public static let fileTooLarge = Errno(rawValue: EFBIG)
    /// A pipe or a device has nothing to be read (`ENODATA`).
    public static let noData = Errno(rawValue: ENODATA)
    /// The end did not come in time (`ETIME`).
    public static let timerExpired = Errno(rawValue: ETIME)

    /// The kernel's own words for it, such as "Address already in use".
    public var description: String {
        guard let text = unsafe strerror(rawValue) else { return "error \(rawValue)" }
        return unsafe String(cString: text)
    }
}
