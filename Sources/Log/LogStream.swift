// The log: lines into a bounded buffer, and from there to a reader for whom nobody waits.
internal import Kernel

/// The lines that the program writes to its operator. One thread uses it.
///
/// A line goes into a buffer at once and leaves when the reader takes it. One who reads too slowly, or not at all, holds nobody up: lines
/// for which there is no room are dropped, counted, and told of once there is room again.
public final class LogStream {
    /// Whether lines are words for people.
    public let isText: Bool
    /// Whether they have colours.
    let isColoured: Bool
    private let isTerminal: Bool
    private let level: LogLevel
    private let capacity: Int
    private let output: NonblockingOutput
    var bytes: [UInt8] = []
    private var taken = 0
    /// How many lines were dropped.
    public private(set) var droppedCount: UInt64 = 0
    private var untold: UInt64 = 0
    /// When ``flush(now:)`` should be called again, in milliseconds of the monotonic clock; nil while nothing waits.
    public private(set) var flushesAgainAt: UInt64?
    /// The second that was written last, and how.
    private var second: Int64 = -1
    private var timestamp: [UInt8] = []

    /// How long a reader without room is left alone, in milliseconds.
    private static var pause: UInt64 { 50 }
    /// How many pieces leave in one go at most: the loop has other things to do.
    private static var piecesAtOnce: Int { 16 }
    /// No line of a request is longer, in bytes.
    static var longestRequestLine: Int { 1024 }
    /// The smallest buffer, in bytes.
    public static var leastBuffer: Int { 16 << 10 }

    /// A log that goes to a descriptor.
    ///
    /// - Parameter allowsColour: whether a terminal gets colours.
    public init(_ settings: LogSettings, to descriptor: Int32, allowsColour: Bool) {
        level = settings.level
        capacity = max(settings.buffer, Self.leastBuffer)
        isTerminal = FileDescriptor.isTerminal(descriptor)
        isText = settings.format == .text || settings.format == .automatic && isTerminal
        isColoured = isText && isTerminal && allowsColour
        output = NonblockingOutput(descriptor)
    }

    /// Whether lines of this level are written.
    public func takes(_ level: LogLevel) -> Bool { level.rawValue <= self.level.rawValue }

    /// Says that something happened, and sends it as far as that goes.
    ///
    /// - Parameter fields: what a machine should know about it; people are not shown them.
    public func event(_ message: String, _ level: LogLevel = .info, _ fields: [(name: String, value: String)] = []) {
        guard takes(level) else { return }
        add(line(message, level, fields))
        flush(now: BootClock.milliseconds())
    }

    /// Shows people something that is no line, such as a picture made of characters. A reader of JSON gets nothing.
    public func show(_ text: String) {
        guard isText, takes(.info) else { return }
        add(text)
        flush(now: BootClock.milliseconds())
    }

    private func line(_ message: String, _ level: LogLevel, _ fields: [(name: String, value: String)]) -> String {
        let time = WallClock.timestamp(WallClock.seconds())
        if isText {
            let message =
                isColoured && level.rawValue <= LogLevel.warning.rawValue ? "\u{1b}[33m\(message)\u{1b}[0m" : message
            return isTerminal ? message + "\n" : "\(time) \(level.name) \(message)\n"
        }
        var line = "{\"@timestamp\":\"\(time)\",\"log.level\":\"\(level.name)\","
        line += "\"service.name\":\"onetime-lite\",\"message\":\"\(Self.escaped(message))\""
        for field in fields { line += ",\"\(field.name)\":\"\(Self.escaped(field.value))\"" }
        return line + "}\n"
    }

    private func add(_ line: String) {
        guard makeRoom(for: line.utf8.count) else { return drop() }
        bytes.append(contentsOf: line.utf8)
    }

    // MARK: The buffer

    /// Makes room for so many bytes. Returns false when those before them wait still.
    func makeRoom(for byteCount: Int) -> Bool {
        guard bytes.count + byteCount > capacity else { return true }
        guard bytes.count - taken + byteCount <= capacity else { return false }
        bytes.removeFirst(taken)
        taken = 0
        return true
    }

    func drop() {
        droppedCount += 1
        untold += 1
    }

    /// Whether something waits to be sent.
    public var hasLines: Bool { taken < bytes.count }

    /// Sends what waits, unless its reader had no room a moment ago.
    public func flushInTurn(now: UInt64) {
        if let flushesAgainAt, now < flushesAgainAt { return }
        flush(now: now)
    }

    /// Sends what waits, as far as the reader takes it, and never waits itself.
    public func flush(now: UInt64) {
        send(now)
        guard untold > 0, bytes.count - taken <= capacity / 2 else { return }
        let count = untold
        untold = 0
        add(
            line(
                "\(count) lines were dropped: nobody read them in time", .warning,
                [("event.action", "drop"), ("onetime.log.dropped", "\(count)")]))
        send(now)
    }

    private func send(_ now: UInt64) {
        var pieces = Self.piecesAtOnce
        do throws(Errno) {
            while taken < bytes.count {
                guard pieces > 0, let count = try sendPiece() else {
                    flushesAgainAt = now + (pieces > 0 ? Self.pause : 1)
                    return
                }
                taken += count
                pieces -= 1
            }
        } catch {
            // Nobody is listening any more; that is no reason to end.
        }
        bytes.removeAll(keepingCapacity: true)
        taken = 0
        flushesAgainAt = nil
    }

    private func sendPiece() throws(Errno) -> Int? { try Self.send(bytes, from: taken, to: output) }

    /// Sends whole lines where that can be: others may write to the same pipe.
    private static func send(
        _ bytes: borrowing [UInt8], from start: Int, to output: borrowing NonblockingOutput
    ) throws(Errno) -> Int? {
        var end = min(bytes.count, start + NonblockingOutput.pieceSize)
        while end > start, bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
        let piece = bytes.span.extracting(start..<(end > start ? end : bytes.count))
        return try output.write(piece)
    }

    /// Sends what waits, and waits for the reader for so long at most. For the end of the process.
    public func finish(patience milliseconds: Int) {
        let start = BootClock.milliseconds()
        flush(now: start)
        while flushesAgainAt != nil {
            let waited = Int(BootClock.milliseconds() - start)
            guard waited < milliseconds, output.waitForRoom(milliseconds: milliseconds - waited) else { return }
            flush(now: start)
        }
    }

    /// Appends a moment as RFC 3339 writes it, with milliseconds.
    func appendTimestamp() {
        let now = WallClock.milliseconds()
        if now / 1000 != second {
            second = now / 1000
            timestamp = Array(WallClock.timestamp(second).utf8.dropLast())
        }
        bytes.append(contentsOf: timestamp)
        bytes.append(UInt8(ascii: "."))
        append(digits: UInt64(now % 1000), width: 3)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Appends a number, with zeros before it up to a width.
    func append(digits number: UInt64, width: Int = 1) {
        var unit: UInt64 = 1
        var count = 1
        while count < width || number / unit >= 10 {
            unit *= 10
            count += 1
        }
        var rest = number
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
            unit /= 10
        }
    }

    func append(_ text: StaticString) {
        // A StaticString is bytes that live as long as the program; the pointer is how it shows them.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
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
