// Options of figures and of the log.
import Kernel
import Log
import SecureMemory
import Service

/// Where figures are to be seen.
struct MetricsSettings: Sendable {
    /// On the main port, by everybody who reaches it.
    var isOnMainPort = false
    /// On a port of their own.
    var listen: SocketAddress?

    var isOn: Bool { isOnMainPort || listen != nil }
}

extension Configuration {
    static var observation: [Option] {
        [
            .toggle(
                "metrics", "METRICS", "GET /metrics on the main port, open to everybody who reaches it",
                \.metrics.isOnMainPort),
            Option(
                flag: "metrics-listen", variable: "METRICS_LISTEN", value: "ADDRESS:PORT",
                help: "/metrics and /health, without TLS, on a port of their own, and then not on the main one",
                show: { $0.metrics.listen.map { "\($0)" } ?? "" }
            ) { (text, configuration) throws(Option.Refused) in
                guard let address = SocketAddress(text) else {
                    throw Option.Refused(allowed: "an address and a port, such as 127.0.0.1:9143 or [::1]:9143")
                }
                configuration.metrics.listen = address
            },
            Option(
                flag: "log-level", variable: "LOG_LEVEL", value: "error|warn|info|debug",
                help: "how much is logged (info)",
                show: { "\($0.log.level.name)" }
            ) { (text, configuration) throws(Option.Refused) in
                for level in LogLevel.allCases where "\(level.name)" == text {
                    configuration.log.level = level
                    return
                }
                throw Option.Refused(allowed: "error, warn, info or debug")
            },
            Option(
                flag: "log-format", variable: "LOG_FORMAT", value: "json|text",
                help: "how it looks (text on a terminal, else json); NO_COLOR takes the colours away",
                show: { $0.log.isText(on: Console.standardOutput) ? "text" : "json" }
            ) { (text, configuration) throws(Option.Refused) in
                switch text {
                case "json": configuration.log.format = .json
                case "text": configuration.log.format = .text
                default: throw Option.Refused(allowed: "json or text")
                }
            },
            .toggle(
                "log-requests", "LOG_REQUESTS",
                "a line for each request; those of the page's files, /health and /metrics only at level debug",
                \.log.hasRequests),
            .toggle("log-source", "LOG_SOURCE", "with the address that it came from", \.log.hasSource),
            .size(
                "log-buffer", "LOG_BUFFER", LogStream.leastBuffer...(64 << 20),
                "what waits for a slow reader; lines beyond it are dropped and counted (64k)", \.log.buffer),
        ]
    }
}

extension LogStream {
    /// The log of a server, on standard output.
    convenience init(_ settings: LogSettings) {
        // https://no-color.org: set and not empty, whatever it says.
        let isPlain = Environment.value("NO_COLOR").map { !$0.isEmpty } ?? false
        self.init(
            settings, to: Console.standardOutput, allowsColour: !isPlain && Environment.value("TERM") != "dumb")
    }
}
