// The header fields that a server looks at, each found once while the head is parsed.

/// A field whose place `RequestHead` remembers. Framing fields (Host, Content-Length, Transfer-Encoding, Connection,
/// Expect) are not here: their meaning is in the head's own properties.
public enum KnownField: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case accept
    case acceptLanguage
    case authorization
    case contentType
    case cookie
    case forwarded
    case ifNoneMatch
    case origin
    case referer
    case secFetchDest
    case secFetchMode
    case secFetchSite
    case userAgent
    case xForwardedFor
    case xForwardedHost
    case xForwardedProto
    case xRealIP
    case xRequestID

    /// The field's name in lower case.
    public var name: StaticString {
        switch self {
        case .accept: "accept"
        case .acceptLanguage: "accept-language"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .forwarded: "forwarded"
        case .ifNoneMatch: "if-none-match"
        case .origin: "origin"
        case .referer: "referer"
        case .secFetchDest: "sec-fetch-dest"
        case .secFetchMode: "sec-fetch-mode"
        case .secFetchSite: "sec-fetch-site"
        case .userAgent: "user-agent"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xRealIP: "x-real-ip"
        case .xRequestID: "x-request-id"
        }
    }

    /// True if a second line of the field makes the request ambiguous, so that it is refused.
    var isSingleton: Bool {
        switch self {
        case .authorization, .contentType, .origin, .secFetchDest, .secFetchMode, .secFetchSite: true
        case .xForwardedHost, .xForwardedProto, .xRealIP: true
        default: false
        }
    }

    /// True if of several lines the last one counts: proxies append, and the nearest one is last.
    var keepsLast: Bool { self == .forwarded || self == .xForwardedFor }
}
