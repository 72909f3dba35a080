// Lines that wait for their reader, and how they are written.
internal import Kernel

/// The buffer of a log, with the way out of it.
struct LogLines: ~Copyable, Sendable {
    private let output: NonblockingOutput
    private let capacity: Int
    let isText: Bool
    private let isTerminal: Bool
    let isColoured: Bool
    var bytes: [UInt8] = []
    private var taken = 0
    /// How many lines were dropped.
    private(set) var droppedCount: UInt64 = 0
    private var untold: UInt64 = 0
    /// The second that was written last, and how.
    private var second: Int64 = -1
    private var timestamp: [UInt8] = []

    /// How long a reader without room is left alone, in milliseconds.
    private static var pause: UInt64 { 50 }
    /// How many pieces leave in one go at most: the loop has other things to do.
    private static var piecesAtOnce: Int { 16 }
    /// No line of a request is longer, in bytes.
    private static var longestRequestLine: Int { 1024 }

    init(output: consuming NonblockingOutput, capacity: Int, isText: Bool, isTerminal: Bool, isColoured: Bool) {
        self.output = output
        self.capacity = capacity
        self.isText = isText
        self.isTerminal = isTerminal
        self.isColoured = isColoured
    }

    mutating func addEvent(_ message: String, _ level: LogLevel, _ fields: [(name: String, value: String)]) {
        let time = WallClock.timestamp(WallClock.seconds())
        if isText {
            let isMarked = isColoured && level.rawValue <= LogLevel.warning.rawValue
            let message = isMarked ? "\u{1b}[33m\(message)\u{1b}[0m" : message
            return add(isTerminal ? message + "\n" : "\(time) \(level.name) \(message)\n")
        }
        var line = "{\"@timestamp\":\"\(time)\",\"log.level\":\"\(level.name)\","
        line +=
            "\"ecs.version\":\"8.17.0\",\"service.name\":\"onetime-lite\",\"message\":\"\(LogStream.escaped(message))\""
        for field in fields { line += ",\"\(field.name)\":\"\(LogStream.escaped(field.value))\"" }
        add(line + "}\n")
    }

    mutating func add(_ text: String) {
        guard makeRoom(for: text.utf8.count) else { return drop() }
        bytes.append(contentsOf: text.utf8)
    }

    mutating func addRequest(_ request: RequestLine, _ level: LogLevel) {
        guard makeRoom(for: Self.longestRequestLine) else { return drop() }
        if isText { writeText(request, level) } else { writeJSON(request, level) }
    }

    /// Makes room for so many bytes. Returns false when those before them wait still.
    private mutating func makeRoom(for byteCount: Int) -> Bool {
        guard bytes.count + byteCount > capacity else { return true }
        guard bytes.count - taken + byteCount <= capacity else { return false }
        bytes.removeFirst(taken)
        taken = 0
        return true
    }

    private mutating func drop() {
        droppedCount += 1
        untold += 1
    }

    // MARK: Sending

    /// Sends what waits, as far as the reader takes it. Returns when to try again; nil when nothing waits.
    mutating func flush(now: UInt64) -> UInt64? {
        let again = send(now)
        guard untold > 0, bytes.count - taken <= capacity / 2 else { return again }
        let count = untold
        untold = 0
        addEvent(
            "\(count) lines were dropped: nobody read them in time", .warning,
            [("event.action", "drop"), ("onetime.log.dropped", "\(count)")])
        return send(now)
    }

    private mutating func send(_ now: UInt64) -> UInt64? {
        var pieces = Self.piecesAtOnce
        do throws(Errno) {
            while taken < bytes.count {
                guard pieces > 0, let count = try Self.send(bytes, from: taken, to: output) else {
                    return now + (pieces > 0 ? Self.pause : 1)
                }
                taken += count
                pieces -= 1
            }
        } catch {
            // Nobody is listening any more; that is no reason to end.
        }
        bytes.removeAll(keepingCapacity: true)
        taken = 0
        return nil
    }

    /// Sends whole lines where that can be: others may write to the same pipe.
    private static func send(
        _ bytes: borrowing [UInt8], from start: Int, to output: borrowing NonblockingOutput
    ) throws(Errno) -> Int? {
        var end = min(bytes.count, start + NonblockingOutput.pieceSize)
        while end > start, bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
        let piece = bytes.span.extracting(start..<(end > start ? end : bytes.count))
        return try output.write(piece)
    }

    borrowing func waitForRoom(milliseconds: Int) -> Bool { output.waitForRoom(milliseconds: milliseconds) }

    // MARK: Pieces of lines

    /// Appends a moment as RFC 3339 writes it, with milliseconds.
    mutating func appendTimestamp() {
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
    mutating func append(digits number: UInt64, width: Int = 1) {
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

    mutating func append(_ text: StaticString) {
        // A StaticString is bytes that live as long as the program; the pointer is how it shows them.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
