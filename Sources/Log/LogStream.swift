// The log: lines into a bounded buffer, and from there to a reader for whom nobody waits.
internal import Kernel
internal import Synchronization

/// The lines that the program writes to its operator. Any thread may use it; the loop's sends what had to wait.
///
/// A line goes into a buffer at once and leaves when the reader takes it. One who reads too slowly, or not at all, holds nobody up: lines
/// for which there is no room are dropped, counted, and told of once there is room again.
public final class LogStream: Sendable {
    /// Whether lines are words for people.
    public let isText: Bool
    private let level: LogLevel
    private let lines: Mutex<LogLines>
    /// Whether something waits, and when to try again, to be looked at in every turn without the lock.
    private let waits = Atomic<Bool>(false)
    private let tryAgainAt = Atomic<UInt64>(0)

    /// The smallest buffer, in bytes.
    public static var leastBuffer: Int { 16 << 10 }

    /// A log that goes to a descriptor.
    ///
    /// - Parameter allowsColour: whether a terminal gets colours.
    public init(_ settings: LogSettings, to descriptor: Int32, allowsColour: Bool) {
        level = settings.level
        let isTerminal = FileDescriptor.isTerminal(descriptor)
        isText = settings.isText(on: descriptor)
        lines = Mutex(
            LogLines(
                output: NonblockingOutput(descriptor), capacity: max(settings.buffer, Self.leastBuffer), isText: isText,
                isTerminal: isTerminal, isColoured: isText && isTerminal && allowsColour))
    }

    /// Whether lines of this level are written.
    public func takes(_ level: LogLevel) -> Bool { level.rawValue <= self.level.rawValue }

    /// Says that something happened, and sends it as far as that goes.
    ///
    /// - Parameter fields: what a machine should know about it; people are not shown them.
    public func event(_ message: String, _ level: LogLevel = .info, _ fields: [(name: String, value: String)] = []) {
        guard takes(level) else { return }
        lines.withLock {
            $0.addEvent(message, level, fields)
            send(&$0, BootClock.milliseconds())
        }
    }

    /// Shows people something that is no line, such as a picture made of characters. A reader of JSON gets nothing.
    public func show(_ text: String) {
        guard isText, takes(.info) else { return }
        lines.withLock {
            $0.add(text)
            send(&$0, BootClock.milliseconds())
        }
    }

    /// Writes the line of a request. It leaves at the next ``flush(now:)``. Takes no memory but for a source.
    public func request(_ request: RequestLine, _ level: LogLevel) {
        guard takes(level) else { return }
        lines.withLock { $0.addRequest(request, level) }
        waits.store(true, ordering: .relaxed)
    }

    // MARK: Sending

    /// How many lines were dropped.
    public var droppedCount: UInt64 { lines.withLock { $0.droppedCount } }

    /// Whether something waits to be sent.
    public var hasLines: Bool { waits.load(ordering: .relaxed) }

    /// When ``flush(now:)`` should be called again, in milliseconds of the monotonic clock; nil while nothing waits for its reader.
    public var flushesAgainAt: UInt64? {
        let moment = tryAgainAt.load(ordering: .relaxed)
        return moment == 0 ? nil : moment
    }

    /// Sends what waits, as far as the reader takes it, and never waits itself.
    public func flush(now: UInt64) {
        lines.withLock { send(&$0, now) }
    }

    /// Sends what waits, unless its reader had no room a moment ago.
    public func flushInTurn(now: UInt64) {
        if let flushesAgainAt, now < flushesAgainAt { return }
        flush(now: now)
    }

    private func send(_ lines: inout LogLines, _ now: UInt64) {
        let again = lines.flush(now: now)
        waits.store(again != nil, ordering: .relaxed)
        tryAgainAt.store(again ?? 0, ordering: .relaxed)
    }

    /// Sends what waits, and waits for the reader for so long at most. For the end of the process.
    public func finish(patience milliseconds: Int) {
        let start = BootClock.milliseconds()
        flush(now: start)
        while hasLines {
            let left = milliseconds - Int(BootClock.milliseconds() - start)
            guard left > 0, lines.withLock({ $0.waitForRoom(milliseconds: left) }) else { return }
            flush(now: start)
        }
    }

    /// A text as it stands between the quotation marks of JSON.
    public static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1f}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
