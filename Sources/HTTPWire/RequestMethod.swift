// The methods that this grammar knows.

/// A request method (RFC 9110, section 9; PATCH: RFC 5789). CONNECT never gets this far.
public enum RequestMethod: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case patch
    case trace

    /// The method's name as it stands in a request line and in an Allow field.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        }
    }

    /// The method that `bytes[0..<end]`, a token, spells. Methods are case-sensitive.
    init(token bytes: Span<UInt8>, end: Int) throws(RequestFault) {
        for method in Self.allCases where bytes.equals(method.name, 0, end) {
            self = method
            return
        }
        throw bytes.equals("CONNECT", 0, end) ? .connectUnsupported : .unknownMethod
    }
}
