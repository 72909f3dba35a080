// Status codes and their phrases.

/// A status of a response (RFC 9110, section 15; 428, 429, 431: RFC 6585).
public struct ResponseStatus: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// The three-digit code.
    public let code: UInt16

    /// The status of a code between 100 and 999; other codes stop the process.
    public init(_ code: UInt16) {
        precondition(code >= 100 && code <= 999)
        self.code = code
    }

    /// The phrase that follows the code in a status line; empty if the code is not known here, which is legal.
    public var reasonPhrase: StaticString {
        switch code {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 423: "Locked"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: ""
        }
    }

    /// True if a response with this status has neither body nor Content-Length (RFC 9110, sections 6.4.1 and 8.6).
    public var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }
}

extension ResponseStatus {
    /// 100: the client may send the body that it announced.
    public static let `continue` = ResponseStatus(100)
    /// 200.
    public static let ok = ResponseStatus(200)
    /// 201.
    public static let created = ResponseStatus(201)
    /// 204: success, without body.
    public static let noContent = ResponseStatus(204)
    /// 303: see elsewhere, with GET.
    public static let seeOther = ResponseStatus(303)
    /// 304: what the client has is still right.
    public static let notModified = ResponseStatus(304)
    /// 307: the same request elsewhere, for now.
    public static let temporaryRedirect = ResponseStatus(307)
    /// 400.
    public static let badRequest = ResponseStatus(400)
    /// 401: credentials are missing or wrong.
    public static let unauthorized = ResponseStatus(401)
    /// 403.
    public static let forbidden = ResponseStatus(403)
    /// 404.
    public static let notFound = ResponseStatus(404)
    /// 405: goes with an Allow field.
    public static let methodNotAllowed = ResponseStatus(405)
    /// 406.
    public static let notAcceptable = ResponseStatus(406)
    /// 408: the request took too long to arrive.
    public static let requestTimeout = ResponseStatus(408)
    /// 409.
    public static let conflict = ResponseStatus(409)
    /// 410.
    public static let gone = ResponseStatus(410)
    /// 413.
    public static let contentTooLarge = ResponseStatus(413)
    /// 415.
    public static let unsupportedMediaType = ResponseStatus(415)
    /// 421.
    public static let misdirectedRequest = ResponseStatus(421)
    /// 422.
    public static let unprocessableContent = ResponseStatus(422)
    /// 429.
    public static let tooManyRequests = ResponseStatus(429)
    /// 500.
    public static let internalServerError = ResponseStatus(500)
    /// 503.
    public static let serviceUnavailable = ResponseStatus(503)
    /// 507: no room for what the request wants kept.
    public static let insufficientStorage = ResponseStatus(507)
}
