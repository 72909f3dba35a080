// What is noted of requests, for figures and for the log.
public import HTTPServer
internal import HTTPWire
internal import Kernel
public import Log
public import SecureMemory

/// What a service counts and tells. It is used on the loop's thread.
public final class Observation {
    /// What is to be seen, and where.
    public struct Settings: Sendable {
        /// Whether everybody who reaches the main port may see the figures there.
        public var showsMetrics = false
        /// Whether a request's line tells its address.
        public var tellsSource = false
        /// The version of the program.
        public var version = ""
        /// What protects the memory.
        public var memory = ""

        /// Nothing to be seen.
        public init() {}
    }

    /// Somebody who sends lines of the audit log elsewhere.
    public struct Sender: Sendable {
        /// How many messages arrived, were given up after they were tried, and were never tried.
        public typealias Counts = (delivered: UInt64, failed: UInt64, dropped: UInt64)

        /// A word for the label.
        public let name: StaticString
        /// What there is to count; asked on the loop's thread.
        public let counts: @Sendable () -> Counts

        /// A sender by its name.
        public init(name: StaticString, counts: @escaping @Sendable () -> Counts) {
            (self.name, self.counts) = (name, counts)
        }
    }

    let settings: Settings
    /// Those who send lines elsewhere, for the figures.
    public var senders: [Sender] = []
    /// Counts of the server.
    let meter: ServerMeter
    /// Takes the lines of requests, and is emptied at the end of each turn.
    let log: LogStream
    let logsRequests: Bool
    /// The memory in which beginnings of requests wait.
    let inputs: SecureArena
    /// When the process began, in seconds since 1970.
    let started: Int64
    /// How many connections without a proxy's header were not told of yet, and when they may be, in milliseconds of the monotonic clock.
    private var untoldProxyHeaders = 0
    private var nextProxyHeaderLine: UInt64 = 0
    var requests: RequestCounts
    /// How many requests were refused for which reason; a reason is there from its first time on.
    private(set) var refusals: [(reason: StaticString, count: UInt64)] = []

    /// Observes with these.
    public init(
        _ settings: Settings, meter: ServerMeter, log: LogStream, logsRequests: Bool, inputs: SecureArena
    ) {
        self.settings = settings
        self.meter = meter
        self.log = log
        self.logsRequests = logsRequests
        self.inputs = inputs
        started = WallClock.seconds()
        requests = RequestCounts(isUsed: meter.isOn)
        refusals.reserveCapacity(32)
    }

    /// Tells of a connection that did not begin with a proxy's header, at most once a minute, and how many there were.
    func noteProxyHeader(_ failure: ProxyHeaderFailure) {
        untoldProxyHeaders += 1
        let now = BootClock.milliseconds()
        guard now >= nextProxyHeaderLine else { return }
        log.event(
            "\(untoldProxyHeaders) connections did not begin with a header of the PROXY protocol, version 2; the last one: \(failure.name)",
            .warning,
            [
                ("event.action", "proxy-header"), ("event.outcome", "failure"), ("event.reason", "\(failure.name)"),
                ("onetime.count", "\(untoldProxyHeaders)"),
            ])
        (untoldProxyHeaders, nextProxyHeaderLine) = (0, now + 60_000)
    }

    /// Counts a refusal.
    func noteRefusal(_ reason: StaticString) {
        // A StaticString is bytes that live as long as the program; the pointer is how it shows them.
        let name = unsafe Span(
            _unsafeElements: UnsafeBufferPointer(start: reason.utf8Start, count: reason.utf8CodeUnitCount))
        for index in refusals.indices where name.equals(refusals[index].reason) {
            refusals[index].count += 1
            return
        }
        refusals.append((reason, 1))
    }

    /// Counts a request that ended, and writes its line.
    func note(_ report: RequestReport) {
        requests.add(report)
        guard logsRequests, let group = RouteGroup(rawValue: report.label) else { return }
        let level = Self.level(of: report, group)
        guard log.takes(level) else { return }
        log.request(
            RequestLine(
                method: report.method?.name ?? "-", path: group.template, status: Int(report.status),
                microseconds: report.microseconds, requestBytes: report.requestBytes,
                responseBytes: report.responseBytes, minorVersion: report.minorVersion,
                isComplete: report.isComplete, source: settings.tellsSource ? Self.source(of: report.origin) : nil),
            level)
    }

    private static func source(of origin: RequestOrigin) -> RequestLine.Source {
        origin.isKnown ? .address("\(origin.address)") : .unknown
    }

    private static func level(of report: RequestReport, _ group: RouteGroup) -> LogLevel {
        if report.status == 500 { return .error }
        if report.status > 500 { return .warning }
        return group.isRoutine && report.status < 400 ? .debug : .info
    }
}

/// Counts of requests by route, method and class of status, and how long they took by route. All names come from tables.
struct RequestCounts {
    /// The methods with a name of their own; the others share one.
    static let methods: [StaticString] = ["GET", "HEAD", "POST", "OPTIONS", "other"]
    /// The classes of status, by the first digit; `none` is for answers that were never begun.
    static let statuses: [StaticString] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]

    private static let perRoute = 30

    /// By route, then method, then status.
    private(set) var counts: [UInt64]
    /// By route.
    private(set) var durations: [Histogram]
    /// Requests whose answer did not come to its end.
    private(set) var brokenOff: UInt64 = 0

    init(isUsed: Bool) {
        let routes = isUsed ? RouteGroup.allCases.count : 0
        counts = Array(repeating: 0, count: routes * Self.perRoute)
        durations = Array(repeating: Histogram(), count: routes)
    }

    mutating func add(_ report: RequestReport) {
        let route = Int(report.label)
        let status = min(Int(report.status / 100), 5)
        counts[route * Self.perRoute + Self.index(of: report.method) * 6 + status] &+= 1
        durations[route].add(microseconds: report.microseconds)
        if !report.isComplete { brokenOff += 1 }
    }

    private static func index(of method: RequestMethod?) -> Int {
        switch method {
        case .get: 0
        case .head: 1
        case .post: 2
        case .options: 3
        default: 4
        }
    }
}
