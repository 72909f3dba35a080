// What the server asks of whoever answers requests. It knows nothing about what they mean.
public import HTTPWire
public import Kernel

/// A request whose head has come, to look at. It is good for one call: the bytes lie in the loop's buffer.
public struct Request: ~Escapable {
    /// The parsed head.
    public let head: RequestHead
    /// The bytes that the head's ranges point into.
    public let bytes: Span<UInt8>
    /// Names the request for a ``WorkerPool``.
    public let ticket: Ticket
    /// Where the connection comes from: its own address, or the one that a proxy's header names.
    public let peer: SocketAddress
    /// Whether it came by TLS.
    public let isSecure: Bool
    /// Whether it came to the port that shows figures and nothing else.
    public let isOnMetricsPort: Bool

    @_lifetime(copy bytes)
    init(
        head: RequestHead, bytes: Span<UInt8>, ticket: Ticket, peer: SocketAddress, isSecure: Bool,
        isOnMetricsPort: Bool = false
    ) {
        self.head = head
        self.bytes = bytes
        self.ticket = ticket
        self.peer = peer
        self.isSecure = isSecure
        self.isOnMetricsPort = isOnMetricsPort
    }

    /// The path of the target.
    public var path: Span<UInt8> {
        @_lifetime(copy self)
        get { head.path.span(in: bytes) }
    }

    /// The value of a header field, or nil where it is absent.
    @_lifetime(copy self)
    public func value(of field: KnownField) -> Span<UInt8>? {
        guard let range = head.range(of: field) else { return nil }
        return range.span(in: bytes)
    }
}

/// What a handler wants of a request's body.
public struct BodyPlan: Sendable {
    /// How many bytes of body it takes at most.
    public var limit: Int
    /// The request is answered without its body; the connection ends after that if there is one.
    public var isRefused = false
    /// What ``RequestReport/label`` will be.
    public var label: UInt8 = 0
}

/// Whom a request counts as.
public struct RequestOrigin: Sendable {
    /// The client's address; where nobody knows it, that of the proxy behind which he is.
    public let address: InternetAddress
    /// Whether it is the client's.
    public let isKnown: Bool

    /// An origin.
    public init(_ address: InternetAddress, isKnown: Bool = true) {
        self.address = address
        self.isKnown = isKnown
    }
}

/// Why a client is turned away without being heard.
public enum TurnedAway: Sendable {
    /// It has as many connections as one may have.
    case connections
    /// It sent as many requests as one may send.
    case requests
    /// What it sent is no request, or broke off.
    case malformed
    /// Its connection did not begin as that of a proxy has to.
    case proxyHeader(ProxyHeaderFailure)
}

/// How a connection began that had to begin with a header of the PROXY protocol, version 2.
public enum ProxyHeaderFailure: UInt8, CaseIterable, Sendable {
    /// With something else.
    case missing
    /// With one of version 1.
    case version1
    /// With one that is none: its version, its family or its length.
    case broken
    /// With a part of one.
    case incomplete

    /// What figures and logs call it.
    public var name: StaticString {
        switch self {
        case .missing: "missing"
        case .version1: "version-1"
        case .broken: "broken"
        case .incomplete: "incomplete"
        }
    }
}

/// How far an answer got.
public enum Outcome: Sendable {
    /// It is written in full.
    case complete
    /// Its first part is written; `produce` goes on.
    case partial
    /// `produce` has nothing more to write for now, and wrote nothing. It goes on once ``RequestHandler/takeAwakened(isolation:)``
    /// names the request; ``ServerLimits/dormantTimeout`` ends the answer before.
    case dormant
    /// Nothing is written: a worker has to finish first. `resume` follows.
    case waiting
}

/// Answers requests. All calls come on the loop's thread, isolated to the actor that the handler works for.
///
/// A request is `begin`, any number of `receive`, `respond`; then `resume` if it waited, and `produce` if it was partial.
public protocol RequestHandler: AnyObject {
    /// The actor that the handler's calls are isolated to.
    associatedtype Isolation: Actor
    /// What the handler remembers of a request under way.
    associatedtype Exchange

    /// Whom a request counts as: the client, where the peer is a proxy that is believed. Asked before `begin`, and only
    /// where requests are counted.
    func origin(of request: borrowing Request) -> RequestOrigin

    /// Somebody was turned away before anything was asked of the handler. What is malformed comes from the peer, who may be a proxy.
    func turnedAway(_ client: RequestOrigin, for reason: TurnedAway)

    /// A head has come: decides what is to be done with the body, before any of it is read.
    ///
    /// - Parameter isWhole: the body is there too. Otherwise the exchange takes all the memory that it will hold until `respond`
    ///   here and now, and leaves ``ServerLimits/requestReserve``.
    /// - Returns: nil where there is no memory for it now. It is begun anew when there may be.
    func begin(
        _ request: borrowing Request, isWhole: Bool, plan: inout BodyPlan, now: Moment, isolation: isolated Isolation
    ) -> Exchange?

    /// Bytes of the body, which may be changed in place. What is not consumed is handed in again with more behind it.
    ///
    /// - Parameter isLast: no more will come; what is not consumed now never is.
    /// - Returns: how many bytes were consumed.
    @_lifetime(body: copy body)
    func receive(
        _ body: inout MutableSpan<UInt8>, isLast: Bool, exchange: inout Exchange, isolation: isolated Isolation
    ) -> Int

    /// The body turned out to be larger than planned; `respond` follows, and the connection ends.
    func bodyIsTooLarge(exchange: inout Exchange, isolation: isolated Isolation)

    /// Answers the request.
    func respond(
        _ request: borrowing Request, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation: isolated Isolation
    ) -> Outcome

    /// Answers a request whose work is done.
    func resume(
        _ request: borrowing Request, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation: isolated Isolation
    ) -> Outcome

    /// A request that waited for a worker will not be resumed, or an answer that was dormant not go on: nobody is there to get
    /// it, there is no memory for it, or its time is over.
    func abandon(_ exchange: Exchange, now: Moment, isolation: isolated Isolation)

    /// Writes the next part of a partial answer: `.partial` if more follows, `.complete` if it was the last, `.dormant` if there
    /// is none yet, nil if it cannot go on and the connection has to break off.
    ///
    /// - Parameter again: the same part once more, to the byte: the client did not take all of it, and nothing is kept for one
    ///   who is slow.
    func produce(
        again: Bool, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation: isolated Isolation
    ) -> Outcome?

    /// The requests whose dormant answers have something to say; none of them is named again before it was dormant again.
    func takeAwakened(isolation: isolated Isolation) -> [Ticket]

    /// Does what is due by now, within a budget. Returns whether there is more.
    func expire(now: Moment, isolation: isolated Isolation) -> Bool

    /// When `expire` should be called next, in milliseconds of the monotonic clock.
    func nextExpiry(isolation: isolated Isolation) -> UInt64?

    /// Everything of this turn is done. The last call before the loop waits.
    func turnEnds(now: Moment, isolation: isolated Isolation)

    /// A request was answered to its end, or never will be. Only where ``ServerMeter/isOn`` says so.
    func ended(_ report: RequestReport, isolation: isolated Isolation)

    /// The process got SIGUSR1.
    func userSignal(now: Moment, isolation: isolated Isolation)

    /// The process got SIGUSR2.
    func lockSignal(now: Moment, isolation: isolated Isolation)
}
