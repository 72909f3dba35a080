// The event loop: one thread, one turn after the other.
public import Kernel
public import SecureMemory
public import TLS
internal import TimerWheel

/// An HTTP/1.1 server on one thread: connections, timeouts, drain. What requests mean is the handler's business.
public final class Server<Handler: RequestHandler> {
    typealias Peer = Connection<Handler.Exchange>

    let handler: Handler
    let limits: ServerLimits
    let arena: SecureArena
    /// Lends the blocks in which requests wait that have not come wholly.
    let inputs: SecureArena
    let loop: EventLoop
    let workers: WorkerPool
    let tls: TLSServer?
    let meter: ServerMeter
    /// The meter's, looked at in every turn.
    let isMeasuring: Bool
    private let reload: () -> Void
    let queue: EventQueue
    private let alarm: Alarm
    private let signals: SignalQueue

    var listener: Socket?
    var isListening = false
    /// Listens for those who ask for figures.
    var metricsListener: Socket?
    var isListeningForMetrics = false
    /// How many of the open connections came from there.
    var metricsCount = 0
    var connections: [Peer?] = []
    var freeSlots: [Int] = []
    var openCount = 0
    var addresses = AddressBook()
    var requestBudget: RequestBudget
    var generation: UInt32 = 0
    var timeouts: TimerWheel
    let wheelStart: UInt64
    /// The time of this turn.
    var now: Moment

    /// Connections that TLS holds bytes of, beyond what there was room for.
    var holdingMore: [UInt64] = []
    /// Connections whose handshakes begin or go on after all else, in this turn or a later one.
    var newHandshakes: [UInt64] = []
    var begunHandshakes: [UInt64] = []
    /// How much time of this turn went into handshakes of one kind.
    var handshakesTook: UInt64 = 0

    /// What came in one go; empty between two events.
    var scratch: SecureBytes?
    /// Takes what was read and cannot be kept otherwise; without it nothing more is read than can be served.
    var spare: SecureBytes?
    /// Those that wait for memory, and those that hold some.
    var waiting = Lineup()
    var waitingLast = Lineup()
    var holding = Lineup()
    /// Whether the connection at hand waited for memory before.
    var isRetrying = false
    var retriedFrom = Lineup.Kind.waiting
    /// When to look again for those who are too slow to keep what others wait for.
    var pressesAgainAt: UInt64 = 0
    var writer: ResponseWriter
    var outbox = Outbox()
    /// Whether answers may wait for the end of this turn's events.
    var isPostponing = false

    private var drainsUntil: UInt64?
    /// When to listen again after the machine had no room for a connection.
    var listensAgainAt: UInt64?
    /// Requests that waited, or were dormant, and will not go on; the handler is told at the end of the turn.
    var abandoned: [Handler.Exchange] = []
    /// Reports of requests that ended where the handler could not be called.
    var lateReports: [RequestReport] = []
    private var alarmedFor: UInt64?
    /// When the alarm should ring.
    private var alarmDue: UInt64 = 0

    static var tickMilliseconds: UInt64 { 100 }

    /// A server on a socket that listens already.
    ///
    /// - Parameters:
    ///   - listener: a socket that listens.
    ///   - arena: lends the memory that requests and answers move through.
    ///   - inputs: lends the blocks in which beginnings of requests wait for the rest; small ones, so they have an arena of their
    ///     own.
    ///   - metricsListener: a socket that listens for those who ask for figures; requests from there say so, and speak no TLS.
    ///   - meter: where the server counts.
    ///   - tls: what connections speak TLS with; nil for plain HTTP.
    ///   - reload: called between two turns when the process got SIGHUP.
    public init(
        handler: Handler, listener: consuming Socket, limits: ServerLimits, arena: SecureArena,
        inputs: SecureArena, loop: EventLoop, workers: WorkerPool, metricsListener: consuming Socket? = nil,
        meter: ServerMeter = ServerMeter(isOn: false), tls: TLSServer? = nil,
        reload: @escaping () -> Void = {}
    ) throws {
        self.handler = handler
        self.tls = tls
        self.meter = meter
        isMeasuring = meter.isOn
        self.reload = reload
        self.limits = limits
        requestBudget = RequestBudget(rate: limits.requestsPerAddress)
        self.arena = arena
        self.inputs = inputs
        self.loop = loop
        self.workers = workers
        queue = try EventQueue()
        alarm = try Alarm()
        signals = try SignalQueue()
        now = .now
        wheelStart = now.milliseconds
        timeouts = TimerWheel(capacity: UInt32(limits.connections + Self.metricsConnections), now: 0)
        guard let scratch = arena.allocate(ResponseWriter.bodyCapacity) else {
            throw SecureMemoryError.outOfMemory(ResponseWriter.bodyCapacity)
        }
        self.scratch = consume scratch
        spare = inputs.allocate(ResponseWriter.bodyCapacity)
        writer = try ResponseWriter(arena: arena)
        self.listener = consume listener
        self.metricsListener = consume metricsListener
        try queue.add(loop.wakeUp.rawValue, for: .readable, token: Token.wakeUp)
        try queue.add(alarm.rawValue, for: .readable, token: Token.alarm)
        try queue.add(signals.rawValue, for: .readable, token: Token.signals)
        resumeListening()
        try listenForMetrics()
    }

    /// Tokens of descriptors that are no connections; those of connections are smaller.
    enum Token {
        static var listener: UInt64 { .max }
        static var wakeUp: UInt64 { .max - 1 }
        static var alarm: UInt64 { .max - 2 }
        static var signals: UInt64 { .max - 3 }
        static var metrics: UInt64 { .max - 4 }
    }

    /// Serves until a signal ends it and what was in flight is done.
    public func run(isolation: isolated Handler.Isolation) throws(Errno) {
        var hasMore = false
        while !isDrained {
            hasMore = try turn(hasMore, isolation)
        }
    }

    /// One turn: wait, readiness, what is due, answers of workers.
    private func turn(_ hasMore: Bool, _ isolation: isolated Handler.Isolation) throws(Errno) -> Bool {
        try setAlarm(isolation)
        let ready = try queue.wait(milliseconds: hasMore || !holdingMore.isEmpty || hasHandshakesLeft ? 0 : nil)
        now = .now
        if isMeasuring { meter.beginTurn() }
        handshakesTook = 0
        readHeldBytes(isolation)
        isPostponing = ready >= Outbox.fewestReady
        for index in 0..<ready {
            let event = queue.event(at: index)
            switch event.token {
            case Token.listener: _ = acceptConnections()
            case Token.wakeUp: loop.wakeUp.acknowledge()
            case Token.alarm:
                alarm.acknowledge()
                if alarmDue <= now.milliseconds {
                    meter.alarmLag.add(microseconds: (now.milliseconds - alarmDue) * 1000)
                }
            case Token.metrics: acceptMetricsConnections()
            case Token.signals: handleSignals(isolation)
            default: handle(event.token, event.readiness, isolation)
            }
        }
        isPostponing = false
        sendOutbox()
        shakeHands(isolation)
        loop.runJobs()
        for ticket in workers.takeCompleted() { resume(ticket, isolation) }
        let more = handler.expire(now: now, isolation: isolation)
        let hasTimedOut = endTimedOut(isolation)
        let isResuming = resumeWaiting(isolation)
        let awakened = handler.takeAwakened(isolation: isolation)
        for ticket in awakened { awaken(ticket, isolation) }
        while let exchange = abandoned.popLast() { handler.abandon(exchange, now: now, isolation: isolation) }
        if !lateReports.isEmpty { tellLateReports(isolation) }
        if let again = listensAgainAt, now.milliseconds >= again { resumeListening() }
        handler.turnEnds(now: now, isolation: isolation)
        if isMeasuring { meter.endTurn() }
        // What follows an answer that went on may be news in its turn.
        return hasTimedOut || isResuming || more || !awakened.isEmpty
    }

    private func handle(_ token: UInt64, _ readiness: Readiness, _ isolation: isolated Handler.Isolation) {
        guard let connection = connection(token) else { return }
        if !readiness.isDisjoint(with: .broken) { return close(connection) }
        if isShaking(connection) { return lineUp(connection) }
        // While a worker has the request this is all that is waited for: whoever hangs up gets no secret, and loses none.
        if readiness.contains(.peerFinished) {
            if connection.phase == .waiting { return close(connection) }
            if connection.phase == .dormant {
                connection.peerFinished = true
                endDormant(connection, isolation)
                return
            }
        }
        if readiness.contains(.writable), !continueTransport(connection, isolation) { writable(connection, isolation) }
        if readiness.contains(.readable), isOpen(connection) {
            readable(connection, hasEnded: readiness.contains(.peerFinished), isolation)
        }
    }

    // MARK: Time

    private func setAlarm(_ isolation: isolated Handler.Isolation) throws(Errno) {
        var next = handler.nextExpiry(isolation: isolation)
        if let tick = timeouts.nextDeadline {
            next = min(next ?? .max, wheelStart + UInt64(tick) * Self.tickMilliseconds)
        }
        if let drainsUntil { next = min(next ?? .max, drainsUntil) }
        if let listensAgainAt { next = min(next ?? .max, listensAgainAt) }
        if hasWaiting { next = min(next ?? .max, max(pressesAgainAt, now.milliseconds + 1)) }
        guard next != alarmedFor else { return }
        alarmedFor = next
        alarmDue = max(next ?? 0, now.milliseconds)
        try alarm.set(to: next)
    }

    // MARK: The end

    private func handleSignals(_ isolation: isolated Handler.Isolation) {
        // Whoever's answer waits is no idle connection.
        sendOutbox()
        isPostponing = false
        while let signal = signals.next() {
            switch signal {
            case .user1:
                handler.userSignal(now: now, isolation: isolation)
                // Whoever asks for a wipe gets all of it.
                scrubRegistersAndStack()
            case .user2: handler.lockSignal(now: now, isolation: isolation)
            case .hangup: reload()
            case .interrupt, .quit, .terminate:
                // The second one does not wait for anybody.
                if drainsUntil != nil { drainsUntil = now.milliseconds } else { drain(isolation) }
            }
        }
    }

    /// Whether the server is to end: each answer is the last of its connection.
    var isDraining: Bool { drainsUntil != nil }

    private var isDrained: Bool {
        guard let drainsUntil else { return false }
        return openCount == 0 || now.milliseconds >= drainsUntil
    }

    private func drain(_ isolation: isolated Handler.Isolation) {
        // Who was there before the signal is served: in the kernel's queue, or with a request that was not read yet.
        while acceptConnections() {}
        drainsUntil = now.milliseconds + limits.drainTimeout
        pauseListening()
        listener = nil
        stopMetrics()
        for case let connection? in connections where connection.phase == .dormant { endDormant(connection, isolation) }
        for case let connection? in connections where connection.isIdle {
            readable(connection, isolation)
            if isOpen(connection) && connection.isIdle { close(connection) }
        }
    }
}
