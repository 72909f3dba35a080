// Sends the lines of its input to a webhook or to syslog, for the suite that plays the receivers: `send-lines URL [NAME=VALUE]...`.
// Says on its output when sending fails or loses lines, and when that is over; at the end of its input it stops and says what it counted.
import Kernel
import Outbound
import SecureMemory
import TLS

@main
struct SendLines {
    static func main() throws {
        Process.ignoreFailedWrites()
        var values: [String: String] = [:]
        for argument in CommandLine.arguments.dropFirst(2) {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            values[parts[0]] = parts[1]
        }
        let url = CommandLine.arguments[1]
        let within = UInt64(values["within"] ?? "5000") ?? 5000
        var resolver = Resolver()
        resolver.server = values["server"].flatMap { SocketAddress($0) }
        let client = try TLSClient(authorityFile: values["authorities"])
        let report: OutboundReport = { news in
            switch news {
            case .fails(let fault): say("fails: \(fault)")
            case .works: say("works")
            case .isUnwanted: say("unwanted")
            case .overflows: say("overflows")
            case .keepsUp(let dropped): say("keeps up: \(dropped) dropped")
            }
        }
        if let transport = SyslogSettings.Transport(url) {
            var settings = SyslogSettings(transport)
            settings.hostName = "unit.example"
            settings.processID = "7"
            settings.timeout = UInt64(values["timeout"] ?? "2000") ?? 2000
            settings.firstPause = 50
            settings.proof = UInt64(values["proof"] ?? "200") ?? 200
            settings.queueBytes = Int(values["queue"] ?? "65536") ?? 65536
            settings.resolver = resolver
            let sink = try SyslogSink(settings, client: client, report: report)
            hand { if sink.take($0) == 0 { sink.missed(1) } }
            sink.stop(within: within)
            return tell(sink.counts)
        }
        guard let target = WebhookSettings.Target(url) else { return say("no such target") }
        var settings = WebhookSettings(target)
        settings.allowsPrivate = values["private"] == "yes"
        settings.events = values["events"]?.split(separator: ",").map(String.init) ?? []
        settings.tries = Int(values["tries"] ?? "5") ?? 5
        settings.timeout = UInt64(values["timeout"] ?? "2000") ?? 2000
        settings.threads = Int(values["threads"] ?? "2") ?? 2
        settings.queueBytes = Int(values["queue"] ?? "65536") ?? 65536
        settings.firstPause = 50
        settings.resolver = resolver
        let arena = try SecureArena(capacity: 65536)
        guard let text = Environment.takeSecret("WEBHOOK_SECRET", into: arena), let secret = WebhookSecret(text) else {
            return say("no such secret")
        }
        let webhook = try Webhook(settings, secret: secret, client: client, report: report)
        hand { _ = webhook.write($0) }
        webhook.stop(within: within)
        tell(webhook.counts)
    }

    /// Hands over the input line by line; says how many microseconds 9 of 10 of these calls took at most, and the longest.
    private static func hand(_ write: (Span<UInt8>) -> Void) {
        var times: [UInt64] = []
        while let line = readLine(strippingNewline: false) {
            let bytes = Array(line.utf8)
            let start = BootClock.microseconds()
            write(bytes.span)
            times.append(BootClock.microseconds() - start)
        }
        times.sort()
        say("most \(times.isEmpty ? 0 : times[times.count * 9 / 10])")
        say("longest \(times.last ?? 0)")
    }

    private static func tell(_ counts: OutboundCounts) {
        say("delivered \(counts.delivered)")
        say("failed \(counts.failed)")
        say("dropped \(counts.dropped)")
        say("queued \(counts.queuedBytes)")
    }

    private static func say(_ text: String) {
        try? FileDescriptor.write((text + "\n").utf8Span.span, to: 1)
    }
}
