// From a field's name to what the parser does with it.

/// What the parser does with a field line, decided by its name.
enum FieldRole {
    case known(KnownField)
    case host
    case contentLength
    case transferEncoding
    case connection
    case expect
    case other

    /// The role of the name in `lower..<upper`, compared without case. Length and first letter leave one candidate.
    @inline(__always)
    init(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int) {
        let first = bytes[lower] | 0x20
        let candidate: (StaticString, FieldRole)
        switch (upper - lower, first) {
        case (4, 0x68): candidate = ("host", .host)
        case (6, 0x61): candidate = ("accept", .known(.accept))
        case (6, 0x63): candidate = ("cookie", .known(.cookie))
        case (6, 0x65): candidate = ("expect", .expect)
        case (6, 0x6F): candidate = ("origin", .known(.origin))
        case (7, 0x72): candidate = ("referer", .known(.referer))
        case (9, 0x66): candidate = ("forwarded", .known(.forwarded))
        case (9, 0x78): candidate = ("x-real-ip", .known(.xRealIP))
        case (10, 0x63): candidate = ("connection", .connection)
        case (10, 0x75): candidate = ("user-agent", .known(.userAgent))
        case (12, 0x63): candidate = ("content-type", .known(.contentType))
        case (12, 0x78): candidate = ("x-request-id", .known(.xRequestID))
        case (13, 0x61): candidate = ("authorization", .known(.authorization))
        case (13, 0x69): candidate = ("if-none-match", .known(.ifNoneMatch))
        case (14, 0x63): candidate = ("content-length", .contentLength)
        case (14, 0x73):
            switch bytes[upper - 1] | 0x20 {
            case 0x74: candidate = ("sec-fetch-dest", .known(.secFetchDest))
            default:
                candidate =
                    bytes[upper - 4] | 0x20 == 0x6D
                    ? ("sec-fetch-mode", .known(.secFetchMode)) : ("sec-fetch-site", .known(.secFetchSite))
            }
        case (15, 0x61): candidate = ("accept-language", .known(.acceptLanguage))
        case (15, 0x78): candidate = ("x-forwarded-for", .known(.xForwardedFor))
        case (16, 0x78): candidate = ("x-forwarded-host", .known(.xForwardedHost))
        case (17, 0x74): candidate = ("transfer-encoding", .transferEncoding)
        case (17, 0x78): candidate = ("x-forwarded-proto", .known(.xForwardedProto))
        default:
            self = .other
            return
        }
        self = bytes.matchesToken(candidate.0, lower, upper) ? candidate.1 : .other
    }
}
