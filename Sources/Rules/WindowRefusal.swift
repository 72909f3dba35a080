// Why a secret cannot be had yet, and when it can.

/// A refusal because of the time: by the hours of the server or of the secret, or because the secret's time has not come.
public struct WindowRefusal: Equatable, Sendable {
    /// Which rule refuses. Where several do, the first of these.
    public enum Rule: Sendable {
        /// The secret may not be read before a moment.
        case notBefore
        /// The hours of the server.
        case serverHours
        /// The hours of the secret.
        case secretHours
    }

    /// The rule.
    public let rule: Rule
    /// The first moment at which all rules allow, in seconds since 1970. Nil if there is none within four weeks of openings,
    /// at most 128 of them: the hours of server and secret do not meet.
    public let opens: Int64?

    /// Whether the time refuses; nil if it does not.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - server: the server's hours.
    ///   - secret: the secret's.
    ///   - notBefore: when the secret's time comes, in seconds since 1970.
    public init?(
        at now: Int64, server: TimeWindows? = nil, secret: TimeWindows? = nil, notBefore: Int64? = nil
    ) {
        if let notBefore, now < notBefore {
            rule = .notBefore
        } else if let server, !server.isOpen(at: now) {
            rule = .serverHours
        } else if let secret, !secret.isOpen(at: now) {
            rule = .secretHours
        } else {
            return nil
        }
        opens = Self.opening(from: max(now, notBefore ?? now), server, secret)
    }

    /// The first moment at which both are open.
    private static func opening(from: Int64, _ server: TimeWindows?, _ secret: TimeWindows?) -> Int64? {
        var moment = from
        // Each turn goes on to an opening of one of the two.
        for _ in 0..<128 where moment - from <= 28 * 86_400 {
            var next = moment
            for hours in [server, secret] {
                guard let hours else { continue }
                guard let opening = hours.nextOpening(after: next) else { return nil }
                next = opening
            }
            if next == moment { return moment }
            moment = next
        }
        return nil
    }

    /// Seconds until it opens, for `Retry-After`; nil where it does not.
    public func retryAfter(now: Int64) -> Int64? { opens.map { max($0 - now, 1) } }
}
