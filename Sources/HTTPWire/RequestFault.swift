// Every way in which a request can break the rules of HTTP/1.1, each with the status that answers it.

/// A rule of HTTP/1.1 that a request broke. After any of them the connection closes: where the next request
/// would begin is no longer certain.
///
/// RFC 9110, RFC 9112.
public enum RequestFault: Error, Equatable, Hashable, Sendable, CaseIterable {
    // Bytes and lines.
    case controlCharacter
    case bareLineFeed
    case bareCarriageReturn
    case tooManyEmptyLines
    case obsoleteLineFolding
    case incompleteHead

    // The request line.
    case malformedRequestLine
    case malformedMethod
    case unknownMethod
    case connectUnsupported
    case malformedTarget
    case malformedTargetEscape
    case targetTooLong
    case malformedVersion
    case unsupportedVersion

    // Fields.
    case headTooLarge
    case tooManyFields
    case malformedFieldName
    case malformedFieldLine
    case duplicateField

    // Host.
    case missingHost
    case duplicateHost
    case malformedHost

    // Framing.
    case malformedContentLength
    case duplicateContentLength
    case contentLengthOverflow
    case malformedTransferEncoding
    case duplicateTransferEncoding
    case unsupportedTransferCoding
    case transferEncodingInHTTP10
    case lengthWithTransferEncoding
    case unsupportedExpectation

    // Body.
    case bodyTooLarge
    case malformedChunkSize
    case malformedChunkExtension
    case chunkOverheadTooLarge
    case malformedChunkEnd
    case malformedTrailer
    case trailersTooLarge
}

extension RequestFault {
    /// The status code of the response that reports the fault (RFC 9110, section 15.5 and 15.6).
    public var status: UInt16 {
        switch self {
        case .contentLengthOverflow, .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedExpectation: 417
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .unknownMethod, .connectUnsupported, .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// One plain sentence: what was wrong and what is allowed.
    public var reason: StaticString {
        switch self {
        case .controlCharacter: "The head holds a byte that is not allowed there; only visible text is."
        case .bareLineFeed: "A line ends with LF alone; lines end with CR LF."
        case .bareCarriageReturn: "A CR stands alone; lines end with CR LF."
        case .tooManyEmptyLines: "More than two empty lines come before the request line."
        case .obsoleteLineFolding: "A field line begins with white space; folded lines are not allowed."
        case .incompleteHead: "The head ends before its empty line."
        case .malformedRequestLine: "The request line is not: method, one space, target, one space, version."
        case .malformedMethod: "The method is not a token."
        case .unknownMethod: "This method is not implemented here."
        case .connectUnsupported: "CONNECT is not implemented; this server is not a proxy."
        case .malformedTarget: "The request target is neither a path nor an http or https address in legal characters."
        case .malformedTargetEscape: "A percent sign in the path is not followed by two hexadecimal digits."
        case .targetTooLong: "The request target is too long."
        case .malformedVersion: "The version is not HTTP/1.1 or HTTP/1.0."
        case .unsupportedVersion: "This version of HTTP is not spoken here; HTTP/1.1 and HTTP/1.0 are."
        case .headTooLarge: "The head of the request is too large."
        case .tooManyFields: "The request has too many header fields."
        case .malformedFieldName: "A field name is not a token directly followed by a colon."
        case .malformedFieldLine: "A field line has no colon."
        case .duplicateField: "A field that may come once comes twice."
        case .missingHost: "The Host field is missing."
        case .duplicateHost: "The Host field comes twice."
        case .malformedHost: "The host is not a name or an IP address with an optional port."
        case .malformedContentLength: "Content-Length is not one number in decimal digits."
        case .duplicateContentLength: "Content-Length comes twice."
        case .contentLengthOverflow: "Content-Length is too large to count."
        case .malformedTransferEncoding: "Transfer-Encoding is not exactly: chunked."
        case .duplicateTransferEncoding: "Transfer-Encoding comes twice."
        case .unsupportedTransferCoding: "This transfer coding is not implemented; only chunked is."
        case .transferEncodingInHTTP10: "Transfer-Encoding is not allowed in HTTP/1.0."
        case .lengthWithTransferEncoding: "Content-Length and Transfer-Encoding come together; only one may."
        case .unsupportedExpectation: "This expectation can't be met; only 100-continue can."
        case .bodyTooLarge: "The body is larger than allowed."
        case .malformedChunkSize: "A chunk size is not 1 to 16 hexadecimal digits."
        case .malformedChunkExtension: "A chunk extension is malformed."
        case .chunkOverheadTooLarge: "Chunk extensions are too long."
        case .malformedChunkEnd: "A chunk does not end with CR LF."
        case .malformedTrailer: "A trailer field is malformed."
        case .trailersTooLarge: "The trailer fields are too large."
        }
    }
}
