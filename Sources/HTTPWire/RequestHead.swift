// The head of one request, understood: offsets into its bytes, and what they mean for framing.

/// How many bytes of body follow a head (RFC 9112, section 6.3).
public enum BodyFraming: BitwiseCopyable, Equatable, Sendable {
    /// Neither Content-Length nor Transfer-Encoding: there is no body.
    case none
    /// So many bytes, as Content-Length says. May be 0.
    case length(UInt64)
    /// Chunks until the last one says so.
    case chunked
}

/// A parsed request head: a few hundred bytes of offsets, no copies and no references. All ranges are
/// relative to the span that was parsed.
///
/// RFC 9112, sections 3 to 7; RFC 9110, sections 5 to 9.
public struct RequestHead: BitwiseCopyable, Sendable {
    /// The method.
    public internal(set) var method = RequestMethod.get
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    public internal(set) var minorVersion: UInt8 = 1
    /// True if the connection may carry another request after this one.
    public internal(set) var keepsAlive = true
    /// True if the client waits for `100 Continue` before it sends the body. Only with a body in HTTP/1.1.
    public internal(set) var expectsContinue = false
    /// True if the target was `*` (only with OPTIONS).
    public internal(set) var isAsterisk = false
    /// True if the target named scheme and authority.
    public internal(set) var isAbsolute = false
    /// The path, beginning with a slash, not decoded: its percent escapes are well formed and untouched. If an
    /// absolute target has no path, the range is that of a slash within it; for an asterisk, of the asterisk.
    public internal(set) var path = ByteRange.empty
    /// What follows the first question mark; nil if there is none, empty if nothing follows it.
    public internal(set) var query: ByteRange?
    /// Host and optional port that the request is for: from an absolute target if there is one, else from
    /// the Host field. Empty only in HTTP/1.0 without Host.
    public internal(set) var host = ByteRange.empty
    /// How the body is delimited.
    public internal(set) var framing = BodyFraming.none

    /// Offset 0 means absent: a field value can't be there.
    var fields = InlineArray<18, ByteRange>(repeating: .empty)
    var repeated: UInt32 = 0

    init() {}

    /// The value of a field without the white space around it, or nil if the request doesn't have it. If there are
    /// several lines, the first one; of Forwarded and X-Forwarded-For the last one, which the nearest proxy wrote.
    public func range(of field: KnownField) -> ByteRange? {
        let range = fields[Int(field.rawValue)]
        return range.offset == 0 ? nil : range
    }

    /// True if the field came in more than one line. Authorization, Content-Type, Origin, Sec-Fetch-* and
    /// X-Forwarded-Host, X-Forwarded-Proto, X-Real-IP never do: such a request is refused.
    public func isRepeated(_ field: KnownField) -> Bool {
        repeated & (1 << UInt32(field.rawValue)) != 0
    }

    /// True if a body of at least one byte, or one of unknown length, follows.
    public var hasBody: Bool { framing != .none && framing != .length(0) }

    mutating func note(_ field: KnownField, _ range: ByteRange) throws(RequestFault) {
        let index = Int(field.rawValue)
        if fields[index].offset != 0 {
            if field.isSingleton { throw .duplicateField }
            repeated |= 1 << UInt32(field.rawValue)
            if !field.keepsLast { return }
        }
        fields[index] = range
    }
}
