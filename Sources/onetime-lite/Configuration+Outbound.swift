// What the server sends out by itself, as the operator asked for it: a webhook, and syslog.
import Audit
import Kernel
import Outbound

/// Where events go, and how. Times are in seconds.
struct OutboundSettings {
    var webhook: WebhookSettings.Target?
    var events: [String] = []
    /// A file with the key; `WEBHOOK_SECRET` holds it itself.
    var secretFile: String?
    var allowsPrivate = false
    var tries = 5
    var webhookTimeout = 10
    var patience = 120
    var threads = 2
    var webhookQueue = 256 << 10
    var syslog: SyslogSettings.Transport?
    /// An index into ``SyslogSettings/facilities``.
    var facility = 16
    var syslogTimeout = 10
    var syslogQueue = 1 << 20
    /// Authorities that are believed, in PEM form; nil leaves that to OpenSSL.
    var authorityFile: String?
    var nameServer: SocketAddress?
    var drain = 2

    /// What of it the webhook goes by.
    func wanted(_ target: WebhookSettings.Target) -> WebhookSettings {
        var wanted = WebhookSettings(target)
        wanted.events = events
        wanted.allowsPrivate = allowsPrivate
        wanted.tries = tries
        wanted.timeout = UInt64(webhookTimeout) * 1000
        wanted.patience = UInt64(patience) * 1000
        wanted.threads = threads
        wanted.queueBytes = webhookQueue
        return wanted
    }

    /// Whether a receiver has to show a certificate.
    var needsTLS: Bool {
        if case .tls = syslog { return true }
        return webhook?.isSecure == true
    }
}

extension Configuration {
    static var outbounds: [Option] { webhooks + syslogs + outsides }

    private static var webhooks: [Option] {
        [
            Option(
                flag: "webhook", variable: "WEBHOOK", value: "URL",
                help:
                    "where events of the audit trail go, each as a signed POST; https, or http where private targets are allowed"
            ) { (text, configuration) throws(Option.Refused) in
                guard let target = WebhookSettings.Target(text) else {
                    throw Option.Refused(allowed: "https://host[:port][/path][?query]")
                }
                configuration.outbound.webhook = target
            }.secret,
            Option(
                flag: "webhook-events", variable: "WEBHOOK_EVENTS", value: "LIST",
                help: "which ones, by their event.action, such as reveal,burn,expire,refused,lockdown (all)",
                show: { $0.outbound.events.isEmpty ? "all" : $0.outbound.events.joined(separator: ",") }
            ) { (text, configuration) throws(Option.Refused) in
                guard text != "all" else {
                    configuration.outbound.events = []
                    return
                }
                let events = text.split(separator: ",").map { $0.filter { $0 != " " } }
                let names = AuditAction.allCases.map(\.name)
                guard !events.isEmpty, events.allSatisfy(names.contains) else {
                    throw Option.Refused(
                        allowed: "some of " + names.joined(separator: ",") + ", with commas between them")
                }
                configuration.outbound.events = events
            },
            Option(
                flag: "webhook-secret-file", variable: "WEBHOOK_SECRET_FILE", value: "FILE",
                help: "the key of the signatures, 16 to 512 bytes or whsec_ and Base64; WEBHOOK_SECRET holds it itself"
            ) { (text, configuration) throws(Option.Refused) in
                configuration.outbound.secretFile = text
            },
            .toggle(
                "webhook-allow-private", "WEBHOOK_ALLOW_PRIVATE",
                "the webhook may go to this machine and to private networks", \.outbound.allowsPrivate),
            .number("webhook-tries", "WEBHOOK_TRIES", "N", 1...100, "tries of each message (5)", \.outbound.tries),
            .time("webhook-timeout", "WEBHOOK_TIMEOUT", 1...300, "for one try (10)", \.outbound.webhookTimeout),
            .time(
                "webhook-give-up", "WEBHOOK_GIVE_UP", 1...86400, "for all tries of a message (2m)", \.outbound.patience),
            .number(
                "webhook-threads", "WEBHOOK_THREADS", "N", 1...16, "messages under way at a time (2)",
                \.outbound.threads),
            .size(
                "webhook-queue", "WEBHOOK_QUEUE", (16 << 10)...(64 << 20),
                "messages that wait; the oldest go when it is full (256k)", \.outbound.webhookQueue),
        ]
    }

    private static var syslogs: [Option] {
        [
            Option(
                flag: "syslog", variable: "SYSLOG", value: "URL",
                help:
                    "where the audit trail goes, too: syslog+udp://host[:port], syslog+tcp://, syslog+tls:// or"
                    + " syslog+unix:/dev/log"
            ) { (text, configuration) throws(Option.Refused) in
                guard let transport = SyslogSettings.Transport(text) else {
                    throw Option.Refused(
                        allowed:
                            "syslog+udp://host:port, syslog+tcp://host:port, syslog+tls://host:port or syslog+unix:/path"
                    )
                }
                configuration.outbound.syslog = transport
            }.secret,
            Option(
                flag: "syslog-facility", variable: "SYSLOG_FACILITY", value: "NAME",
                help: "as what: daemon, auth, authpriv, audit, local0 to local7 and so on (local0)",
                show: { SyslogSettings.facilities[$0.outbound.facility] }
            ) { (text, configuration) throws(Option.Refused) in
                guard let index = SyslogSettings.facilities.firstIndex(of: text) else {
                    throw Option.Refused(allowed: "one of " + SyslogSettings.facilities.joined(separator: ", "))
                }
                configuration.outbound.facility = index
            },
            .time(
                "syslog-timeout", "SYSLOG_TIMEOUT", 1...300, "to connect, or to take one message (10)",
                \.outbound.syslogTimeout),
            .size(
                "syslog-queue", "SYSLOG_QUEUE", (16 << 10)...(1 << 30),
                "messages that wait; none is taken while it is full (1M)", \.outbound.syslogQueue),
        ]
    }

    private static var outsides: [Option] {
        [
            Option(
                flag: "ca-file", variable: "CA_FILE", value: "FILE",
                help: "whose certificates webhook and syslog believe, in PEM form (those that OpenSSL finds)"
            ) { (text, configuration) throws(Option.Refused) in
                configuration.outbound.authorityFile = text
            },
            Option(
                flag: "name-server", variable: "NAME_SERVER", value: "ADDRESS:PORT",
                help: "who knows names of webhook and syslog (those of /etc/resolv.conf)"
            ) { (text, configuration) throws(Option.Refused) in
                guard let address = SocketAddress(text) else {
                    throw Option.Refused(allowed: "an address and a port, such as 192.0.2.53:53")
                }
                configuration.outbound.nameServer = address
            },
            .time(
                "outbound-drain", "OUTBOUND_DRAIN", 0...60, "for webhook and syslog at the end (2)", \.outbound.drain),
        ]
    }

    /// Settles what the webhook needs.
    ///
    /// - Parameter hasSecret: the environment holds the key.
    mutating func settleOutbound(hasSecret: Bool) {
        guard let webhook = outbound.webhook else { return }
        if !webhook.isSecure && !outbound.allowsPrivate {
            errors.append("--webhook with http: needs --webhook-allow-private: nothing protects what is sent there")
        } else if outbound.wanted(webhook).refusesTarget {
            errors.append(
                outbound.allowsPrivate
                    ? "--webhook with http: goes to private addresses only, and never to those of nobody or of many"
                    : "--webhook to an address of this machine or a private network needs --webhook-allow-private")
        }
        if hasSecret && outbound.secretFile != nil { notes["WEBHOOK_SECRET"] = "webhook-secret-file is stronger" }
        if !hasSecret && outbound.secretFile == nil {
            errors.append("--webhook needs a key to sign with: --webhook-secret-file or WEBHOOK_SECRET")
        }
    }
}
