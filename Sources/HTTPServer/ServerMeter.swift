// What the server counts about itself, and what it tells of each request.
public import HTTPWire
internal import Kernel

/// How often something took how long: counts in fixed buckets.
public struct Histogram: Sendable {
    /// The upper bounds of all buckets but the last, in microseconds.
    public static let bounds: [14 of UInt64] = [
        500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000,
    ]

    /// How often it was at most the bound of the same number and more than the one before; the last is for all that took longer.
    public private(set) var counts: [15 of UInt64] = .init(repeating: 0)
    /// The sum of all times, in microseconds.
    public private(set) var sum: UInt64 = 0

    /// Nothing counted yet.
    public init() {}

    /// Counts one time. Most are short, so the bounds are tried in order.
    @inlinable
    public mutating func add(microseconds: UInt64) {
        var bucket = 0
        while bucket < 14, microseconds > Self.bounds[bucket] { bucket += 1 }
        note(bucket, microseconds)
    }

    @usableFromInline
    mutating func note(_ bucket: Int, _ microseconds: UInt64) {
        counts[bucket] &+= 1
        sum &+= microseconds
    }

    /// How often something was counted.
    public var count: UInt64 {
        var count: UInt64 = 0
        for index in counts.indices { count += counts[index] }
        return count
    }
}

/// What became of one request.
public struct RequestReport {
    /// What ``BodyPlan/label`` was; 0 where the request was not understood.
    public let label: UInt8
    /// Its method; nil where the request was not understood.
    public let method: RequestMethod?
    /// The version of HTTP is 1 and this.
    public let minorVersion: UInt8
    /// The status of the answer; 0 where there was none.
    public let status: UInt16
    /// From its first byte to the end of its answer, as far as that is up to the server: what the kernel has not taken yet of an
    /// answer that is written as a whole is not waited for.
    public let microseconds: UInt64
    /// The size of its body, decoded, as far as it was read.
    public let requestBytes: UInt64
    /// The size of the answer's body.
    public let responseBytes: UInt64
    /// Whether the answer was given to its end.
    public let isComplete: Bool
    /// Where it came from, by ``RequestHandler/origin(of:)``; the connection's own address where the request was not understood.
    public let origin: RequestOrigin
}

/// The server's own counts, all since its start. The loop's thread writes and reads them.
public final class ServerMeter {
    /// Whether each request is told of, and times are taken: that asks the clock once for each request and turn.
    public let isOn: Bool
    /// Connections that were accepted.
    public internal(set) var accepted: UInt64 = 0
    /// Connections that are open.
    public internal(set) var open = 0
    /// Connections that were turned away, as their address had as many as it may have.
    public internal(set) var refusedByAddress: UInt64 = 0
    /// How often nothing was accepted for a while, as there were as many connections as there may be.
    public internal(set) var pausedByLimit: UInt64 = 0
    /// How often nothing was accepted for a while, as the machine had no descriptor or no memory left.
    public internal(set) var pausedByMachine: UInt64 = 0
    /// Connections that were ended because their time was over, idle ones included.
    public internal(set) var timedOut: UInt64 = 0
    /// Handshakes that failed.
    public internal(set) var failedHandshakes: UInt64 = 0
    /// Connections that did not begin with the header of a proxy that they had to begin with, by ``ProxyHeaderFailure``.
    public internal(set) var failedProxyHeaders: [4 of UInt64] = .init(repeating: 0)
    /// Bytes of HTTP that were received; what TLS adds is not counted.
    public internal(set) var received: UInt64 = 0
    /// Bytes of HTTP that were sent.
    public internal(set) var sent: UInt64 = 0
    /// Requests that broke a rule of HTTP.
    public internal(set) var malformed: UInt64 = 0
    /// Requests that did not arrive in time.
    public internal(set) var tooSlow: UInt64 = 0
    /// Requests beyond what an address may send in a second.
    public internal(set) var tooMany: UInt64 = 0
    /// Requests for which there was no memory at all.
    public internal(set) var withoutMemory: UInt64 = 0
    /// How late alarms were.
    public internal(set) var alarmLag = Histogram()
    /// How long turns of the loop took, waiting not included.
    public internal(set) var turns = Histogram()
    /// The longest of them, in microseconds.
    public internal(set) var longestTurn: UInt64 = 0
    /// When the turn at hand began, in microseconds of the monotonic clock; 0 unless times are taken.
    var turnBegan: UInt64 = 0

    /// A meter on which nothing is counted yet.
    public init(isOn: Bool) {
        self.isOn = isOn
    }

    func beginTurn() {
        turnBegan = BootClock.microseconds()
    }

    func endTurn() {
        let took = BootClock.microseconds() - turnBegan
        turns.add(microseconds: took)
        longestTurn = max(longestTurn, took)
    }
}

/// What a connection remembers of the request under way for its report.
struct ReportNotes {
    /// When its first byte was seen, in microseconds of the monotonic clock; 0 where no times are taken.
    var began: UInt64 = 0
    var label: UInt8 = 0
    var status: UInt16 = 0
    var responseBytes: UInt64 = 0
    var origin: RequestOrigin?
    /// The request was begun and was not told of.
    var isOwed = false
}

extension Server {
    /// Something of the next request has come.
    func noteFirstByte(_ connection: Peer) {
        connection.began = now.milliseconds
        connection.notes.began = meter.turnBegan
    }

    /// Tells of a request whose answer is written to its end.
    func report(_ connection: Peer, _ isolation: isolated Handler.Isolation) {
        handler.ended(makeReport(connection, isComplete: true), isolation: isolation)
    }

    /// Tells of it at the end of the turn.
    func reportLater(_ connection: Peer, isComplete: Bool) {
        lateReports.append(makeReport(connection, isComplete: isComplete))
    }

    /// Tells of all that had to wait, in the order in which they ended.
    func tellLateReports(_ isolation: isolated Handler.Isolation) {
        for report in lateReports { handler.ended(report, isolation: isolation) }
        lateReports.removeAll(keepingCapacity: true)
    }

    private func makeReport(_ connection: Peer, isComplete: Bool) -> RequestReport {
        connection.notes.isOwed = false
        let notes = connection.notes
        let end = BootClock.microseconds()
        return RequestReport(
            label: notes.label, method: connection.head?.method, minorVersion: connection.head?.minorVersion ?? 1,
            status: notes.status, microseconds: end - min(notes.began, end), requestBytes: connection.bodyCount,
            responseBytes: notes.responseBytes, isComplete: isComplete,
            origin: notes.origin ?? RequestOrigin(connection.peer.host))
    }

    /// Counts a request that the server itself refused, and tells of it.
    func noteRefusal(_ connection: Peer) {
        switch writer.statusCode {
        case 408: meter.tooSlow += 1
        case 429: meter.tooMany += 1
        case 503: meter.withoutMemory += 1
        case 300..<400: break
        default: meter.malformed += 1
        }
        guard isMeasuring else { return }
        connection.notes.status = writer.statusCode
        connection.notes.responseBytes = UInt64(writer.bodyBytes)
        reportLater(connection, isComplete: true)
    }
}
