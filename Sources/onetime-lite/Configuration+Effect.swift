// What options do to each other: values that others limit, and what is told of that.
import Audit
import HTTPServer
import Kernel
import Log
import Service

extension Configuration {
    /// Says of an option that its value is another one than was said, or where nothing was said, and why.
    mutating func note(_ flag: String, _ reason: String) {
        notes[flag] = given[flag].map { "\(reason), from \($0.text)" } ?? reason
    }

    /// Lowers a value to what another option, or the machine, allows.
    mutating func lower(
        _ flag: String, _ path: WritableKeyPath<Configuration, Int>, to bound: Int, _ reason: String
    ) {
        guard self[keyPath: path] > bound else { return }
        self[keyPath: path] = bound
        note(flag, reason)
    }

    /// Settles how long secrets may live.
    mutating func settleLifetimes() {
        let (shortest, longest) = (service.minimumTimeToLive, service.maximumTimeToLive)
        if shortest > longest { errors.append("--min-ttl has to be at most --max-ttl") }
        lower("max-anonymous-ttl", \.service.maximumAnonymousTimeToLive, to: longest, "limited by max-ttl")
        if service.defaultTimeToLive < shortest {
            service.defaultTimeToLive = shortest
            note("default-ttl", "raised by min-ttl")
        }
        lower("default-ttl", \.service.defaultTimeToLive, to: longest, "limited by max-ttl")
        let anonymous = service.maximumAnonymousTimeToLive
        if service.defaultTimeToLive > anonymous {
            let reason = "without an API key limited by max-anonymous-ttl"
            notes["default-ttl"] = notes["default-ttl"].map { "\($0); \(reason)" } ?? reason
        }
        if anonymous < shortest && !service.requiresKey {
            warnings.append(
                "--max-anonymous-ttl is less than --min-ttl: without an API key secrets live shorter than that")
        }
        // What the form offers, whoever looks at it.
        let choices = service.timeToLiveChoices
        let offered = choices.filter { $0 >= shortest && $0 <= anonymous }
        guard offered.count < choices.count else { return }
        let reasons = [
            choices.contains { $0 < shortest } ? "min-ttl" : nil, choices.contains { $0 > longest } ? "max-ttl" : nil,
            choices.contains { $0 > anonymous && $0 <= longest } ? "max-anonymous-ttl" : nil,
        ].compactMap(\.self)
        service.timeToLiveChoices = offered
        note("ttl-options", "limited by " + reasons.joined(separator: " and "))
        guard given["ttl-options"] != nil else { return }
        let names = reasons.map { "--" + $0 }.joined(separator: " and ")
        warnings.append("the page does not offer all of --ttl-options: \(names) do not allow it")
    }

    /// Settles how many connections there are, which the machine limits, too.
    mutating func settleConnections() {
        // Some descriptors are the server's own.
        lower(
            "max-connections", \.server.connections, to: max(Process.raiseOpenFileLimit() - 32, 16),
            "limited by the files that a process may open")
        server.sparesLoopback = connectionsPerAddress < 0
        if connectionsPerAddress < 0 { connectionsPerAddress = max(server.connections / 4, 1) }
        lower(
            "max-connections-per-address", \.connectionsPerAddress, to: server.connections, "limited by max-connections"
        )
        server.connectionsPerAddress = connectionsPerAddress
    }

    /// Settles what is told of the server, and to whom.
    mutating func settleObservation() {
        if log.hasSource && !log.hasRequests { errors.append("--log-source needs --log-requests") }
        if metrics.isOnMainPort && metrics.listen != nil {
            metrics.isOnMainPort = false
            note("metrics", "they are at metrics-listen")
        }
        if let listen, let figures = metrics.listen, Self.collide(listen, figures) {
            errors.append("--metrics-listen \(figures) is where --listen \(listen) listens; it has to be another port")
        }
        // What is sent out are lines of the log, so there has to be one.
        if outbound.webhook != nil || outbound.syslog != nil, audit.targets.isEmpty {
            audit.targets = [.memory]
            note("audit", "webhook and syslog need it")
        }
        if audit.ringBytes > 0 && audit.ringBytes < AuditLog.lineBound {
            audit.ringBytes = 0
            note("audit-size", "too little for a line")
        }
    }

    /// Settles where links point to.
    mutating func settleLinks() {
        if service.publicURL == nil, let publicHost {
            service.publicURL = (publicHostIsSecure ? "https://" : "http://") + publicHost
            note("public-url", "by host and ssl")
        }
        // Links would begin with http: although somebody asked for https:.
        if publicHostIsSecure && !(service.publicURL ?? "").hasPrefix("https://") {
            errors.append("--ssl needs --host, or a --public-url that begins with https:")
        }
    }

    /// Whether two sockets cannot listen on these at the same time: `[::]` takes IPv4, too.
    private static func collide(_ one: SocketAddress, _ other: SocketAddress) -> Bool {
        guard one.port == other.port, one.port != 0 else { return false }
        return one == other || one.isUnspecified && (!one.isIPv4 || other.isIPv4)
            || other.isUnspecified && (!other.isIPv4 || one.isIPv4)
    }

    /// Judges what the starter of the program has opened. Before the program opens anything that stays open, which could have one of
    /// those numbers.
    mutating func judgeDescriptors() {
        let targets = audit.targets.compactMap { if case .descriptor(let number) = $0 { number } else { nil } }
        let wanted =
            targets.map { (flag: "audit", $0) }
            + [audit.certificate.descriptor].compactMap { $0.map { ("certificate", $0) } }
        for (flag, number) in wanted where !FileDescriptor.isWritable(number) {
            errors.append("--\(flag) \(AuditTarget.descriptor(number).text): it is not open for writing")
        }
        // On a terminal nobody checks the chain.
        let output = Console.standardOutput
        let isShared = targets.contains {
            $0 == output || !FileDescriptor.isTerminal(output) && FileDescriptor.areSame($0, output)
        }
        if log.format == .text && isShared {
            errors.append(
                "--log-format text on the same output as --audit: verify refuses lines between that are no JSON")
        }
    }
}
