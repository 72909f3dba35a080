// What the operator decided about the log.
internal import Kernel

/// How much a line matters. A level takes in those before it.
public enum LogLevel: UInt8, Sendable, CaseIterable {
    /// Something failed that the server answers for.
    case error
    /// Something is not as it should be.
    case warning
    /// What happens.
    case info
    /// What happens all the time.
    case debug

    /// Its name in a line and as an option.
    public var name: StaticString {
        switch self {
        case .error: "error"
        case .warning: "warn"
        case .info: "info"
        case .debug: "debug"
        }
    }
}

/// How lines look.
public enum LogFormat: UInt8, Sendable {
    /// Text on a terminal, JSON elsewhere.
    case automatic
    /// One JSON object for each line, with the field names of the Elastic Common Schema.
    case json
    /// Words for people.
    case text
}

/// Which lines are written, and how.
public struct LogSettings: Sendable {
    /// Lines that matter less are not written.
    public var level = LogLevel.info
    /// How they look.
    public var format = LogFormat.automatic
    /// Whether each request has a line.
    public var hasRequests = false
    /// Whether that line tells the address it came from.
    public var hasSource = false
    /// How many bytes wait for whoever reads them; lines beyond that are dropped and counted.
    public var buffer = 64 << 10

    /// The standard settings.
    public init() {}

    /// Whether lines that go to a descriptor are words for people.
    public func isText(on descriptor: Int32) -> Bool {
        format == .text || format == .automatic && FileDescriptor.isTerminal(descriptor)
    }
}
