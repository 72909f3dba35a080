// Lines on their way to one connection: as messages, many in one piece, and which of them went.
internal import HTTPWire
internal import Kernel

/// Lines, the messages that are made of as many of them as are sent at one time, and how far that got.
///
/// Where a connection breaks, what went whole is gone, and the message that was cut is the first of those made anew for the next one.
struct SyslogBatch {
    /// How messages are told from each other on the way.
    enum Framing { case datagram, counted, lines }

    /// For how many bytes of messages no further one is added.
    static let enough = 64 << 10

    private let form: SyslogMessage
    /// What is left of the lines begins here.
    private(set) var place = 0
    /// Where each line ends that became a message, behind its line feed.
    private var lineEnds: [Int] = []
    /// How many messages went whole.
    private var gone = 0
    /// How many bytes of the messages went.
    private var sent = 0
    /// The lines, each with its line feed.
    private(set) var lines: [UInt8] = []
    /// The messages, one behind the other.
    private(set) var wire: [UInt8] = []
    /// Where each of them ends.
    private(set) var ends: [Int] = []

    init(_ form: SyslogMessage) {
        self.form = form
        wire.reserveCapacity(Self.enough + LineQueue.maximumLine + SyslogMessage.longestHeader + 8)
        lines.reserveCapacity(Self.enough)
    }

    /// Has the lines be others, if somebody has some: nothing is left of those before.
    mutating func refill(_ next: (inout [UInt8]) -> Bool) -> Bool {
        (place, gone, sent) = (0, 0, 0)
        wire.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        lineEnds.removeAll(keepingCapacity: true)
        return next(&lines)
    }

    /// Has lines be sent, or sent once more, before what is left.
    mutating func putBack(_ older: (inout [UInt8]) -> Void) {
        let rest = lines
        lines.removeAll(keepingCapacity: true)
        older(&lines)
        if place < rest.count {
            lines.append(addingCapacity: rest.count - place) { $0.append(copying: rest.span.extracting(place...)) }
        }
        place = 0
    }

    /// Whether all lines went or were given up.
    var isEmpty: Bool { place >= lines.count }

    /// The lines from a place up to what is left.
    @_lifetime(borrow self)
    borrowing func gone(from start: Int) -> Span<UInt8> { lines.span.extracting(start..<min(place, lines.count)) }

    /// Whether all messages went that were made.
    var hasGone: Bool { gone == ends.count }

    /// The number of the first message that did not go.
    var first: Int { gone }

    /// The bytes that did not go.
    var rest: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { wire.span.extracting(droppingFirst: sent) }
    }

    /// Makes messages of the next lines. Those before have gone, or are made anew.
    mutating func frame(_ framing: Framing) {
        (gone, sent) = (0, 0)
        wire.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        lineEnds.removeAll(keepingCapacity: true)
        var next = place
        let lines = lines
        var header: [UInt8] = []
        header.reserveCapacity(SyslogMessage.longestHeader)
        while next < lines.count, wire.count < Self.enough {
            let end = lines.span.firstIndex(of: 0x0a, from: next) ?? lines.count
            let line = lines.span.extracting(next..<end)
            header.removeAll(keepingCapacity: true)
            form.writeHeader(of: line, into: &header)
            let size = header.count + line.count
            wire.append(addingCapacity: size + 8) { output in
                if framing == .counted {
                    output.append(copying: DecimalDigits(UInt64(size)).span)
                    output.append(0x20)
                }
                output.append(copying: header.span)
                output.append(copying: line)
                if framing == .lines { output.append(0x0a) }
            }
            next = end + 1
            ends.append(wire.count)
            lineEnds.append(next)
        }
    }

    /// So many further bytes of the messages went. Returns how many further messages went whole by that.
    @discardableResult
    mutating func went(bytes: Int) -> Int {
        sent += bytes
        let before = gone
        while gone < ends.count, ends[gone] <= sent { gone += 1 }
        if gone > before { place = lineEnds[gone - 1] }
        return gone - before
    }

    /// So many further messages went, each by itself.
    mutating func went(messages: Int) {
        guard messages > 0 else { return }
        gone += messages
        (sent, place) = (ends[gone - 1], lineEnds[gone - 1])
    }

    /// Gives up the first line that did not go, or all. Returns how many.
    mutating func giveUp(all: Bool) -> Int {
        var count = 0
        while place < lines.count, all || count == 0 {
            place = (lines.span.firstIndex(of: 0x0a, from: place) ?? lines.count) + 1
            count += 1
        }
        return count
    }
}
