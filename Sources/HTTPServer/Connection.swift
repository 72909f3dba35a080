// One connection: where it stands, and what it keeps between two turns.
internal import HTTPWire
internal import Kernel
internal import SecureMemory
internal import TLS

/// A client's connection. It holds protected memory only while a request is in flight or an answer is not yet taken.
final class Connection<Exchange> {
    /// Where a connection stands.
    enum Phase {
        /// Between requests, or within a head.
        case head
        /// A head has come, its body not wholly.
        case body
        /// A worker has the request.
        case waiting
        /// An answer goes out part by part.
        case streaming
        /// An answer goes on once the handler has more to say.
        case dormant
        /// Answered; closes once all is sent.
        case closing
        /// Answered and half closed; what still comes is thrown away.
        case lingering
    }

    let socket: Socket
    let ticket: Ticket
    /// Where it comes from; once the header of a proxy has come, where that says.
    var peer: SocketAddress
    /// The network whose connections it is counted among.
    var network: ClientNetwork
    /// A proxy's, or this machine's, for which no limit of an address holds.
    var speaksForMany: Bool
    /// Came in on the port that shows figures, which speaks no TLS.
    let isOnMetricsPort: Bool
    /// What has come of a proxy's header; nil when it is complete, or none is expected.
    var preface: ProxyPreface?
    /// The connection's TLS, once its first byte came; nil without.
    var session: TLSSession?
    /// Speaks plain HTTP to a port that speaks TLS.
    var isMisdirected = false
    /// What TLS received has to be answered by something before it can be read.
    var receivesWhenWritable = false
    /// Stands among those that are read in the next turn.
    var isQueuedToRead = false
    /// Stands among those whose handshake begins or goes on.
    var isQueuedToShake = false
    var phase = Phase.head
    /// What is waited for at present.
    var interest = Readiness.readable
    /// Ends the connection when it passes, unless it was moved: milliseconds on the monotonic clock.
    var deadline: UInt64 = 0
    /// The tick at which the wheel looks at the deadline.
    var armedTick: UInt32 = 0
    /// A worker was done while an earlier answer was still on its way.
    var isResumable = false
    var peerFinished = false
    /// An answer came before the request was wholly read.
    var leavesRequestUnread = false

    /// Where it stands among those that wait for memory or hold some.
    var place = Lineup.Place()

    /// What was received and not consumed: the request under way from its first byte on, and what follows it. Empty, but there,
    /// for a request that was promised memory to go on with.
    var input: SecureBytes?
    /// An answer leaves at the end of this turn.
    var isInOutbox = false
    /// What was written and not sent.
    var output: SecureBytes?
    /// How much of the output, or of the part under way, was sent.
    var sentCount = 0
    /// The part under way was not wholly sent; the rest of it is produced again.
    var hasUnsentPart = false
    /// When an answer that the kernel did not take at once began, and how much of it was taken since; 0 when there is none.
    var answerBegan: UInt64 = 0
    var answerCount: UInt64 = 0
    /// A block that only this connection's answer may take, until it is all sent.
    var reserve: SecureBytes?

    // The request under way; offsets count from its first byte.
    var scanner: HeadScanner
    var head: RequestHead?
    var headStart = 0
    var headEnd = 0
    var decoder: BodyDecoder?
    /// Decoded body that the handler has not consumed: `bodyStart..<bodyEnd`.
    var bodyStart = 0
    var bodyEnd = 0
    var rawStart = 0
    /// When the part under way, head or body, began to come; 0 before its first byte.
    var began: UInt64 = 0
    var bodyCount: UInt64 = 0
    var exchange: Exchange?
    /// What the report of the request under way will say.
    var notes = ReportNotes()
    /// How the answer that goes out part by part is framed.
    var form = ResponseWriter.Form()

    init(
        socket: consuming Socket, peer: SocketAddress, speaksForMany: Bool, isOnMetricsPort: Bool, ticket: Ticket,
        limits: HeadLimits
    ) {
        self.socket = socket
        self.peer = peer
        self.speaksForMany = speaksForMany
        self.isOnMetricsPort = isOnMetricsPort
        network = ClientNetwork(peer)
        self.ticket = ticket
        scanner = HeadScanner(limits: limits)
    }

    /// Whether nothing of a request has come and no answer is owed.
    var isIdle: Bool { phase == .head && began == 0 && output == nil }

    /// Makes ready for the next request.
    func endRequest() {
        scanner = HeadScanner(limits: scanner.limits)
        head = nil
        decoder = nil
        exchange = nil
        headStart = 0
        headEnd = 0
        bodyStart = 0
        bodyEnd = 0
        rawStart = 0
        bodyCount = 0
        began = 0
        notes = ReportNotes()
        phase = .head
    }
}
