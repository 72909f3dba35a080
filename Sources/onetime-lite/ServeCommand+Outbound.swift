// The senders of what the server tells others by itself, from their start to their end.
public import Audit
import Kernel
import Log
public import Outbound
import SecureMemory
import Service
import Synchronization
import TLS

/// Webhook and syslog, where they are wanted. They take lines of the audit trail.
final class Outgoing: Sendable {
    let webhook: Webhook?
    let syslog: SyslogSink?
    private let drain: UInt64
    private let log: LogStream
    private let hasStopped = Atomic(false)

    /// Starts what is wanted; takes the webhook's key out of the environment in any case.
    init(_ settings: OutboundSettings, arena: SecureArena, log: LogStream) throws {
        let variable = Environment.takeSecret("WEBHOOK_SECRET", into: arena)
        let client =
            settings.needsTLS
            ? try TLSClient(authorityFile: settings.authorityFile, patience: FilePatience.atStart) : nil
        var resolver = Resolver()
        resolver.server = settings.nameServer
        drain = UInt64(settings.drain) * 1000
        syslogQueue = settings.syslogQueue
        self.log = log
        if let target = settings.webhook {
            let secret = try Self.secret(settings.secretFile, variable, arena)
            var wanted = settings.wanted(target)
            wanted.resolver = resolver
            wanted.userAgent = "onetime-lite/\(Help.version)"
            webhook = try Webhook(wanted, secret: secret, client: client) { Self.tell("webhook", $0, log) }
        } else {
            webhook = nil
        }
        if let transport = settings.syslog {
            var wanted = SyslogSettings(transport)
            wanted.facility = settings.facility
            wanted.hostName = HostNames.hostName()
            wanted.processID = "\(Process.identity)"
            wanted.timeout = UInt64(settings.syslogTimeout) * 1000
            wanted.queueBytes = settings.syslogQueue
            wanted.resolver = resolver
            syslog = try SyslogSink(wanted, client: client) { Self.tell("syslog", $0, log) }
        } else {
            syslog = nil
        }
    }

    /// What waits at most to be handed to syslog, in bytes: what comes in some milliseconds.
    private static let handedAtOnce = 256 << 10
    private let syslogQueue: Int

    /// Has the audit trail hand its lines to the senders. The queues between are short: theirs are the ones that hold much.
    func attach(to log: AuditLog) throws(Errno) {
        if let webhook { try log.attach(webhook, queueBytes: 16 * AuditLog.lineBound) }
        if let syslog { log.attach(syslog, queueBytes: min(Self.handedAtOnce, syslogQueue)) }
    }

    /// What each sender counts, for the figures.
    var figures: [Observation.Sender] {
        var all: [Observation.Sender] = []
        if let webhook { all.append(Observation.Sender(name: webhook.name) { Self.figures(webhook.counts) }) }
        if let syslog { all.append(Observation.Sender(name: syslog.name) { Self.figures(syslog.counts) }) }
        return all
    }

    private static func figures(_ counts: OutboundCounts) -> Observation.Sender.Counts {
        (counts.delivered, counts.failed, counts.dropped)
    }

    /// Sends what waits, for a bounded time, wipes the webhook's key, and tells what did not arrive. Before the protected memory is
    /// wiped. Nothing more is told of them after that; once is enough.
    func stop() {
        guard !hasStopped.exchange(true, ordering: .relaxed) else { return }
        let end = BootClock.milliseconds() + drain
        webhook?.stop(within: drain)
        let now = BootClock.milliseconds()
        syslog?.stop(within: end > now ? end - now : 0)
        for sender in figures {
            let counts = sender.counts()
            guard counts.failed + counts.dropped > 0 else { continue }
            log.event(
                "the \(sender.name)'s receiver got \(counts.delivered) messages; \(counts.failed) were given up, \(counts.dropped) dropped",
                .warning, [("event.action", "\(sender.name)"), ("event.outcome", "failure")])
        }
    }

    /// What is wrong with the files of these settings, and with the webhook's key, which is taken out of the environment.
    static func faults(_ settings: OutboundSettings) -> [String] {
        var faults: [String] = []
        if settings.authorityFile != nil {
            do throws(TLSError) {
                _ = try TLSClient(authorityFile: settings.authorityFile, patience: FilePatience.atStart)
            } catch {
                faults.append(error.advice)
            }
        }
        if settings.secretFile != nil || settings.webhook != nil && Environment.size(of: "WEBHOOK_SECRET") > 0 {
            guard let arena = try? SecureArena(capacity: 64 << 10) else {
                return faults + ["no memory can be protected"]
            }
            defer { arena.wipeAll() }
            do throws(UsageError) {
                _ = try secret(settings.secretFile, Environment.takeSecret("WEBHOOK_SECRET", into: arena), arena)
            } catch {
                faults.append(error.text)
            }
        }
        return faults
    }

    private static func secret(
        _ file: String?, _ variable: consuming SecureBytes?, _ arena: SecureArena
    ) throws(UsageError) -> WebhookSecret {
        let mistake = "the webhook's key has to be of 16 to 512 bytes, or whsec_ and Base64 of so many"
        guard let file else {
            guard let variable, let secret = WebhookSecret(variable) else { throw UsageError(text: mistake) }
            return secret
        }
        guard var bytes = arena.allocate(1024) else { throw UsageError(text: "--locked-memory is too small") }
        do throws(Errno) {
            var room = bytes.freeSpan
            let count = try File.read(file, into: &room, patience: FilePatience.atStart)
            bytes.commit(count)
        } catch {
            throw UsageError(text: "the webhook's key \(file) cannot be read: \(error)")
        }
        guard let secret = WebhookSecret(bytes) else { throw UsageError(text: "\(file): \(mistake)") }
        return secret
    }

    /// From the sender's thread.
    private static func tell(_ name: String, _ news: OutboundNews, _ log: LogStream) {
        let text: String
        var isGood = false
        switch news {
        case .fails(let fault): text = "nothing: \(fault)"
        case .isUnwanted: text = "nothing until the server is started again: it wants no more, it answered 410"
        case .overflows:
            let which = name == "syslog" ? "the newest" : "the oldest"
            text = "not all: more waits than the queue holds, and \(which) are dropped"
        case .works:
            text = "messages again"
            isGood = true
        case .keepsUp(let dropped):
            text = "all messages again; \(dropped) were dropped"
            isGood = true
        }
        log.event(
            "the \(name)'s receiver gets " + text, isGood ? .info : .warning,
            [("event.action", name), ("event.outcome", isGood ? "success" : "failure")])
    }
}

// It looks for its events in each line, which a thread of its own may do.
extension Webhook: AuditSink {}

extension SyslogSink: AuditQueueSink {}
