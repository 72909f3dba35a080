// The line of a request: what was asked for by kind, never by name.

/// What a line tells of a request. Nothing in it comes from the request itself but numbers.
public struct RequestLine {
    /// The method, of those that are known.
    public var method: StaticString
    /// The template of its path, such as `/secret/{key}`; nil where there was none.
    public var path: StaticString?
    /// The status of its answer; 0 where there was none.
    public var status: Int
    /// From its first byte to its answer.
    public var microseconds: UInt64
    /// The size of its body, decoded, as far as it was read.
    public var requestBytes: UInt64
    /// The size of the answer's body.
    public var responseBytes: UInt64
    /// The version of HTTP is 1 and this.
    public var minorVersion: UInt8
    /// Whether the answer was given to its end.
    public var isComplete: Bool
    /// Where it came from, where that may be told.
    public var source: Source?

    /// Where a request came from.
    public enum Source {
        /// The client's address.
        case address(String)
        /// A proxy that is believed does not say whose request it is.
        case unknown
    }

    /// A line.
    public init(
        method: StaticString, path: StaticString?, status: Int, microseconds: UInt64, requestBytes: UInt64,
        responseBytes: UInt64, minorVersion: UInt8, isComplete: Bool, source: Source?
    ) {
        self.method = method
        self.path = path
        self.status = status
        self.microseconds = microseconds
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
        self.minorVersion = minorVersion
        self.isComplete = isComplete
        self.source = source
    }
}

extension LogLines {
    mutating func writeJSON(_ request: RequestLine, _ level: LogLevel) {
        append("{\"@timestamp\":\"")
        appendTimestamp()
        append("\",\"log.level\":\"")
        append(level.name)
        append("\",\"ecs.version\":\"8.17.0\",\"service.name\":\"onetime-lite\",\"message\":\"")
        writeSummary(request)
        append(
            "\",\"event.kind\":\"event\",\"event.category\":[\"web\"],\"event.type\":[\"access\"],\"event.action\":\"request\",\"event.outcome\":\""
        )
        append(request.isComplete && request.status < 400 ? "success" : "failure")
        append("\",\"event.duration\":")
        append(digits: request.microseconds)
        append("000,\"http.request.method\":\"")
        append(request.method)
        append("\",\"http.request.body.bytes\":")
        append(digits: request.requestBytes)
        if let path = request.path {
            append(",\"url.path\":\"")
            append(path)
            append("\"")
        }
        if request.status > 0 {
            append(",\"http.response.status_code\":")
            append(digits: UInt64(request.status))
        }
        append(",\"http.response.body.bytes\":")
        append(digits: request.responseBytes)
        append(",\"http.version\":\"1.")
        append(digits: UInt64(request.minorVersion))
        switch request.source {
        case .address(let address):
            append("\",\"source.ip\":\"")
            bytes.append(contentsOf: address.utf8)
        case .unknown: append("\",\"source.address\":\"unknown")
        case nil: break
        }
        append("\"}\n")
    }

    private mutating func writeSummary(_ request: RequestLine) {
        append(request.method)
        append(" ")
        append(request.path ?? "-")
        append(" ")
        if request.status > 0 { append(digits: UInt64(request.status)) } else { append("-") }
    }

    mutating func writeText(_ request: RequestLine, _ level: LogLevel) {
        appendTimestamp()
        append(" ")
        append(level.name)
        append(" ")
        append(request.method)
        append(" ")
        append(request.path ?? "-")
        append(" ")
        if isColoured { append(Self.colour(of: request.status)) }
        if request.status > 0 { append(digits: UInt64(request.status)) } else { append("-") }
        if isColoured { append("\u{1b}[0m") }
        append(" ")
        append(digits: request.microseconds / 1000)
        append(".")
        append(digits: request.microseconds % 1000, width: 3)
        append(" ms ")
        append(digits: request.responseBytes)
        append(" B")
        if !request.isComplete { append(" broken off") }
        switch request.source {
        case .address(let address):
            append(" ")
            bytes.append(contentsOf: address.utf8)
        case .unknown: append(" unknown")
        case nil: break
        }
        append("\n")
    }

    private static func colour(of status: Int) -> StaticString {
        switch status {
        case 200..<300: "\u{1b}[32m"
        case 300..<400: "\u{1b}[36m"
        case 400..<500: "\u{1b}[33m"
        default: "\u{1b}[31m"
        }
    }
}
