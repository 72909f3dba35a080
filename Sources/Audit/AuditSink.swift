// Where lines of the log go besides memory, and how an option names it.
internal import Kernel
internal import Synchronization

/// A receiver of the log's lines. It is called on one thread of its own and may block there, and nobody else waits for it.
public protocol AuditSink: AnyObject, Sendable {
    /// What it is called in the log when it was too slow, such as `stdout` or `syslog`.
    var name: StaticString { get }
    /// The number of the descriptor that it writes to, which stands behind the name; nil where there is none, or the name says it.
    var descriptor: Int32? { get }

    /// Takes lines on: one or several whole ones, each with its line feed, together at most ``AuditLog/batchBound`` bytes.
    ///
    /// - Returns: false where they could not be handed on. The same bytes are then offered again after a while, until it
    ///   works, and meanwhile the queue fills and newer lines are dropped and counted.
    func write(_ lines: Span<UInt8>) -> Bool
}

extension AuditSink {
    /// None.
    public var descriptor: Int32? { nil }
}

/// A receiver that only queues the log's lines for others to send. It waits for nobody, so the loop's thread hands them over, and as many
/// as there are at one time.
public protocol AuditQueueSink: AnyObject, Sendable {
    /// What it is called in the log when it had no room, such as `syslog`.
    var name: StaticString { get }

    /// Takes as many of several whole lines, each with its line feed, as there is room for. Returns how many bytes these are; the others
    /// are offered again.
    func take(_ lines: Span<UInt8>) -> Int

    /// Told how many lines it was not given for want of room. The log itself says so, too.
    func missed(_ count: UInt64)
}

/// A descriptor that somebody else opened, and that may keep whoever writes to it waiting. Where it is no file, 4096 bytes at most
/// (`PIPE_BUF`) are written at a time, so that lines are never torn apart by what others write to the same pipe.
public final class DescriptorSink: AuditSink {
    /// `stdout`, `stderr` or `fd:`, the last with the number: two files of one server each tell of their own gaps.
    public let name: StaticString
    private let rawValue: Int32
    private let isFile: Bool
    /// How many bytes of what was offered last are written already.
    private let written = Mutex(0)

    /// A sink on a descriptor that stays the caller's.
    public init(_ rawValue: Int32) {
        self.rawValue = rawValue
        isFile = FileDescriptor.isFile(rawValue)
        name = rawValue == 1 ? "stdout" : rawValue == 2 ? "stderr" : "fd:"
    }

    /// The number, where the name does not say it.
    public var descriptor: Int32? { rawValue > 2 ? rawValue : nil }

    /// Writes on where it had to stop, if it is offered the same bytes again.
    public func write(_ lines: Span<UInt8>) -> Bool {
        written.withLock { written in
            do throws(Errno) {
                while written < lines.count {
                    let rest = lines.extracting(droppingFirst: written)
                    let whole = isFile ? rest.count : AuditLog.wholeLines(of: rest, within: NonblockingOutput.pieceSize)
                    written += try FileDescriptor.writeOnce(rest.extracting(first: whole), to: rawValue)
                }
            } catch {
                return false
            }
            written = 0
            return true
        }
    }
}

/// Where the log goes, as `--audit` says it.
public enum AuditTarget: Equatable, Sendable {
    /// Into memory alone.
    case memory
    /// To an open descriptor.
    case descriptor(Int32)

    /// Reads `memory`, `stdout`, `stderr` or `fd:N`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "memory": self = .memory
        case "stdout": self = .descriptor(1)
        case "stderr": self = .descriptor(2)
        default:
            guard text.hasPrefix("fd:"), let number = Int32(text.dropFirst(3)), (1...65535).contains(number) else {
                return nil
            }
            self = .descriptor(number)
        }
    }

    /// As it is given.
    public var text: String {
        switch self {
        case .memory: "memory"
        case .descriptor(1): "stdout"
        case .descriptor(2): "stderr"
        case .descriptor(let number): "fd:\(number)"
        }
    }

    /// What is allowed.
    public static let allowed = "memory, stdout, stderr or fd:N with N from 1 to 65535"
}
