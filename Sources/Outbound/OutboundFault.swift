// Why something did not arrive.
public import Kernel
public import TLS

/// Why a message could not be handed over to its receiver.
public enum OutboundFault: Error, Equatable, Sendable {
    /// Nobody knows an address of the name.
    case unknownHost
    /// All its addresses are such that nothing may be sent there.
    case refusedAddress
    /// The same, unless the webhook may go to this machine and to private networks.
    case privateAddress
    /// The kernel cannot reach it, or it broke off.
    case unreachable(Errno)
    /// It took too long.
    case timedOut
    /// Its certificate is not good.
    case badCertificate(CertificateProblem)
    /// It speaks no TLS that we do.
    case noHandshake
    /// It ended TLS with an alert (RFC 8446, section 6).
    case refusedTLS(alert: Int)
    /// It ended the connection.
    case closed
    /// It answered something that is no HTTP.
    case notHTTP
    /// It answered with another status than 2xx; redirects are not followed. `pause`: for how many seconds it asks not to be called.
    case status(Int, pause: UInt64? = nil)
    /// OpenSSL has no memory or no randomness.
    case libraryFailure

    /// Whether the same thing may go well a moment later.
    var mayPass: Bool {
        switch self {
        case .refusedAddress, .privateAddress: false
        case .status(let status, _): status >= 500 || status == 408 || status == 425 || status == 429
        default: true
        }
    }
}

extension OutboundFault: CustomStringConvertible {
    /// In the operator's words.
    public var description: String {
        switch self {
        case .unknownHost: "no address is known of its name"
        case .refusedAddress: "its address is one that nothing may be sent to"
        case .privateAddress: "its address is one that nothing may be sent to without --webhook-allow-private"
        case .unreachable(let error): "\(error)"
        case .timedOut: "it took too long"
        case .badCertificate(.unknownAuthority):
            "its certificate comes from no authority that is believed; --ca-file names others"
        case .badCertificate(.expired): "its certificate is not good at this time"
        case .badCertificate(.otherName): "its certificate is for another name"
        case .badCertificate(.other(let number)): "its certificate is not good (OpenSSL's error \(number))"
        case .noHandshake: "it speaks no TLS 1.2 or 1.3"
        case .refusedTLS(let alert) where alert == 116 || alert == 40 || alert == 42:
            "it refused TLS with alert \(alert); it may want a client's certificate, which it gets from nobody here"
        case .refusedTLS(let alert): "it refused TLS with alert \(alert)"
        case .closed: "it ended the connection"
        case .notHTTP: "it answered something that is no HTTP"
        case .status(let status, _): "it answered \(status)"
        case .libraryFailure: "OpenSSL failed"
        }
    }
}

/// What a sender counts, from its start on.
public struct OutboundCounts: Sendable, Equatable {
    /// Messages that arrived, as far as a receiver says so.
    public var delivered: UInt64 = 0
    /// Messages that were given up: they were tried in vain, or their receiver wants none any more.
    public var failed: UInt64 = 0
    /// Messages that were never tried: they were too long, or there was no room for them, or not for newer ones besides.
    public var dropped: UInt64 = 0
    /// Bytes that wait now.
    public var queuedBytes = 0
}

/// What a sender has to tell. Each is told once, until its contrary is.
public enum OutboundNews: Equatable, Sendable {
    /// Messages begin to fail.
    case fails(OutboundFault)
    /// Messages arrive again.
    case works
    /// The receiver wants no more messages, and gets none.
    case isUnwanted
    /// More comes than the receiver takes: the oldest of what waits begins to go, or nothing newer is taken.
    case overflows
    /// Nothing has to go any more. `dropped`: how many messages went.
    case keepsUp(dropped: UInt64)
}

/// Told the news on a sender's own thread, or on that which hands lines over when the queue overflows.
public typealias OutboundReport = @Sendable (OutboundNews) -> Void
