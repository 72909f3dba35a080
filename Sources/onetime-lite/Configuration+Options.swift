// The table of options.
import HTTPServer
import HTTPWire
import Kernel
import Service
import Vault

extension Configuration {
    static var options: [Option] {
        file + listening + (links + brands + secrets + rules + places).reloadable + proxies + keys.reloadable
            + outbounds + limits
            + machine + observation
            + auditing
    }

    private static var file: [Option] {
        [
            Option(
                flag: "config", variable: "CONFIG_FILE", value: "FILE",
                help: "lines of the form name = value; names are those of options without --, which are stronger"
            ) { (_, _) throws(Option.Refused) in }
        ]
    }

    private static var listening: [Option] {
        [
            Option(
                flag: "listen", variable: "LISTEN", value: "ADDRESS:PORT",
                help: "where to listen (127.0.0.1:7143); PORT alone is a variable too",
                show: { $0.listen.map { "\($0)" } ?? "" }
            ) { (text, configuration) throws(Option.Refused) in
                guard let address = SocketAddress(text) else {
                    throw Option.Refused(allowed: "an address and a port, such as 127.0.0.1:7143 or [::]:7143")
                }
                configuration.listen = address
                configuration.port = nil
                configuration.given["port"] = nil
            },
            Option(
                flag: "port", variable: "PORT", value: "PORT", help: "the port alone"
            ) { (text, configuration) throws(Option.Refused) in
                guard let port = Int(text), (0...65535).contains(port) else {
                    throw Option.Refused(allowed: "a port from 0 to 65535")
                }
                configuration.port = port
            },
            Option(
                flag: "hsts", variable: "HSTS", value: "SECONDS",
                help: "how long browsers shall come by TLS only (31536000 with certificate files, else 0: not said)",
                show: { "\($0.server.strictTransportSeconds)" }
            ) { (text, configuration) throws(Option.Refused) in
                guard let seconds = Int(text), (0...63_072_000).contains(seconds) else {
                    throw Option.Refused(allowed: "a whole number of seconds from 0 to 63072000")
                }
                configuration.tls.strictTransportSeconds = seconds
            },
        ]
    }

    private static var links: [Option] {
        [
            Option(
                flag: "tls", variable: "TLS", value: "self-signed|CERT,KEY",
                help:
                    "speak TLS, with a certificate made at the start or PEM files (KEY may be in CERT); several by name, with"
                    + " semicolons between them or the option given again; SIGHUP reads the files anew",
                separator: ";"
            ) { (text, configuration) throws(Option.Refused) in
                let items = text.split(separator: ";")
                guard !items.isEmpty else { throw Option.Refused(allowed: allowedTLS) }
                for item in items {
                    if item == "self-signed" {
                        configuration.tls.isSelfSigned = true
                        continue
                    }
                    let paths = item.split(separator: ",").map(String.init)
                    guard let certificate = paths.first, paths.count <= 2 else {
                        throw Option.Refused(allowed: allowedTLS)
                    }
                    configuration.tls.files.append((certificate, paths.count == 2 ? paths[1] : certificate))
                }
            },
            Option(
                flag: "public-url", variable: "PUBLIC_URL", value: "URL",
                help:
                    "what links begin with, such as https://secrets.example (the host that a request names, where that is"
                    + " loopback or private)",
                show: { $0.service.publicURL ?? "" }
            ) { (text, configuration) throws(Option.Refused) in
                configuration.service.publicURL = try url(text)
            },
            Option(
                flag: "host", variable: "HOST", value: "HOST",
                help: "the host, with port, that links point to; --public-url is stronger"
            ) { (text, configuration) throws(Option.Refused) in
                guard isHost(text) else { throw Option.Refused(allowed: "a host with an optional port") }
                configuration.publicHost = text
            },
            .toggle("ssl", "SSL", "links to --host begin with https", \.publicHostIsSecure),
            Option(
                flag: "allow-host", variable: "ALLOWED_HOSTS", value: "HOST",
                help: "another host that links may point to when a request names it; several with commas",
                separator: ","
            ) { (text, configuration) throws(Option.Refused) in
                let hosts = text.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }
                guard !hosts.isEmpty, hosts.allSatisfy(isHost) else {
                    throw Option.Refused(allowed: "hosts with optional ports, with commas between them")
                }
                configuration.service.allowedHosts += hosts
            },
            .toggle("no-ui", "UI_ENABLED", to: false, "no pages", \.service.hasPages),
            .toggle("no-api", "API_ENABLED", to: false, "no API", \.service.hasAPI),
            Option(
                flag: "locale", variable: "I18N_DEFAULT_LOCALE", value: ServiceSettings.locales.joined(separator: "|"),
                help: "the language of those whose browser asks for no other (en)",
                show: { $0.service.locale }
            ) { (text, configuration) throws(Option.Refused) in
                guard ServiceSettings.locales.contains(text) else {
                    throw Option.Refused(allowed: "one of " + ServiceSettings.locales.joined(separator: ", "))
                }
                configuration.brand.locale = text
            },
        ]
    }

    private static let allowedTLS = "self-signed, or a certificate, a comma and a key"
    private static let month = 30 * 86400

    private static var secrets: [Option] {
        [
            .time("default-ttl", "DEFAULT_TTL", 1...month, "how long a secret lives (1h)", \.service.defaultTimeToLive),
            .time("min-ttl", "MIN_TTL", 1...month, "the shortest life of a secret (60)", \.service.minimumTimeToLive),
            .time("max-ttl", "MAX_TTL", 1...month, "the longest life of a secret (30d)", \.service.maximumTimeToLive),
            .time(
                "max-anonymous-ttl", "TTL_MAX_ANONYMOUS", 1...month, "the longest life without an API key (7d)",
                \.service.maximumAnonymousTimeToLive),
            Option(
                flag: "ttl-options", variable: "TTL_OPTIONS", value: "SECONDS", help: "the lives that the page offers",
                show: { $0.service.timeToLiveChoices.map { "\($0)" }.joined(separator: ",") }
            ) { (text, configuration) throws(Option.Refused) in
                let choices = text.split(whereSeparator: { $0 == "," || $0 == " " }).map { Int($0) ?? 0 }
                guard !choices.isEmpty, choices.count <= 20, choices.allSatisfy({ (1...month).contains($0) }) else {
                    throw Option.Refused(allowed: "1 to 20 numbers of seconds up to \(month), with commas or spaces")
                }
                configuration.service.timeToLiveChoices = choices
            },
            .size(
                "max-content", "SECRET_MAX_LENGTH", 1...(64 << 20), "the largest secret (16M)", \.service.maximumContent
            ),
            .toggle(
                "passphrase-required", "PASSPHRASE_REQUIRED", "no secret without a passphrase",
                \.service.requiresPassphrase),
            .number(
                "passphrase-min-length", "PASSPHRASE_MIN_LENGTH", "N", 1...128, "the shortest passphrase (4)",
                \.service.minimumPassphrase),
            .number(
                "generated-length", "PASSWORD_GEN_LENGTH", "N", 4...128, "the length of generated passwords (12)",
                \.service.generatedLength),
            .toggle(
                "v1-viewed-state", "V1_VIEWED_STATE", "receipts that were looked at say so, as upstream's did",
                \.service.tellsViewed),
        ]
    }

    private static var limits: [Option] {
        [
            .number(
                "max-attempts", "MAX_ATTEMPTS", "N", 1...100, "wrong passphrases until a secret burns (5)", \.attempts),
            .number("max-secrets", "MAX_SECRETS", "N", 1...64_000_000, "secrets at a time (1100000)", \.vault.secrets),
            .size("max-bytes", "MAX_BYTES", (64 << 10)...(1 << 40), "bytes of all secrets (by memory)", \.vaultBytes),
            .number(
                "max-gone-receipts", "MAX_GONE_RECEIPTS", "N", 0...1_000_000,
                "receipts remembered of secrets that are gone (8192)", \.vault.goneReceipts),
            .number(
                "max-connections", "MAX_CONNECTIONS", "N", 1...1_000_000, "connections at a time (16384)",
                \.server.connections),
            .number(
                "max-connections-per-address", "MAX_CONNECTIONS_PER_ADDRESS", "N", 0...1_000_000,
                "of one IPv4 address or IPv6 /64, 0 for any number (a quarter of all; no limit for loopback)",
                \.connectionsPerAddress),
            .number(
                "max-requests-per-address", "MAX_REQUESTS_PER_ADDRESS", "N", 0...1_000_000,
                "a second from one address, as many at once after a second; 0 for any number (0)",
                \.server.requestsPerAddress),
            .size("max-head", "MAX_HEAD", 1024...32768, "the head of a request (16k)", \.server.head.maxHeadBytes),
            .time("head-timeout", "HEAD_TIMEOUT", 1...3600, "for a head to arrive (10)", \.headTimeout),
            .time(
                "body-timeout", "BODY_TIMEOUT", 1...3600, "for a body beyond what its rate allows (20)", \.bodyTimeout),
            .size(
                "body-rate", "BODY_RATE", 1...(1 << 30), "bytes a second that a body has to come with (8k)", \.bodyRate),
            .time("idle-timeout", "IDLE_TIMEOUT", 1...86400, "between two requests (60)", \.idleTimeout),
            .time(
                "follow-timeout", "FOLLOW_TIMEOUT", 1...86400, "until a page that follows its receipt asks anew (45)",
                \.followTimeout),
            .time(
                "write-timeout", "WRITE_TIMEOUT", 1...3600, "to take an answer, beyond what the rate allows (30)",
                \.writeTimeout),
            .size(
                "write-rate", "WRITE_RATE", 1...(1 << 30), "bytes a second of an answer that a client has to take (1k)",
                \.writeRate),
            .time("drain-timeout", "DRAIN_TIMEOUT", 0...3600, "for what is in flight at the end (5)", \.drainTimeout),
            .number("workers", "WORKERS", "N", 1...64, "passphrases checked at a time (by memory)", \.workers),
            .number(
                "worker-queue", "WORKER_QUEUE", "N", 1...1024, "passphrases that wait for that (16)", \.workerQueue),
        ]
    }

    private static var machine: [Option] {
        [
            .size(
                "locked-memory", "LOCKED_MEMORY", (1 << 20)...(1 << 30), "protected memory for requests and keys (2M)",
                \.lockedMemory),
            .toggle(
                "no-memfd-secret", "MEMFD_SECRET", to: false, "mlock instead, on a machine that has to hibernate",
                \.usesSecretMemory),
        ]
    }

    private static func url(_ text: String) throws(Option.Refused) -> String {
        var url = text
        while url.hasSuffix("/") { url.removeLast() }
        let prefix = ["http://", "https://"].first { url.hasPrefix($0) }
        guard let prefix, isHost(String(url.dropFirst(prefix.count))) else {
            throw Option.Refused(
                allowed: "http:// or https:// and a host, with a port up to 65535 or none, and without a path")
        }
        return url
    }

    /// Whether a text can stand as host and port in a link.
    private static func isHost(_ text: String) -> Bool {
        // An IPv6 address stands in brackets, and nothing else does.
        let bracket = text.lastIndex(of: "]")
        let colon = text[(bracket ?? text.startIndex)...].lastIndex(of: ":")
        if let colon {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else {
                return false
            }
        }
        let name = text[..<(colon ?? text.endIndex)]
        if name.utf8.contains(UInt8(ascii: "[")) || bracket != nil {
            return name.hasPrefix("[") && name.hasSuffix("]") && SocketAddress(name + ":0") != nil
        }
        return (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
