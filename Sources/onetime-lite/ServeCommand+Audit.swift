// The audit log and the certificate while the server runs.
import Audit
import HTTPServer
import Kernel
import Log
import Sealing
import SecureMemory
import Service
import Vault

/// What the server can prove: its log, and the key of its certificates. Belongs to the loop's thread.
final class Proof {
    /// The log; nil where none was asked for.
    let log: AuditLog?
    private let certifier: Certifier?
    private let target: Int32?
    private let memory: MemoryProtection
    private let hardening: ProcessHardening

    /// How long receivers have at the end to take what waits for them, in milliseconds.
    private static let patience: UInt64 = 2000

    init(
        _ options: AuditOptions, _ arena: SecureArena, listening address: SocketAddress, _ memory: MemoryProtection,
        _ hardening: ProcessHardening, now: Moment
    ) throws {
        self.memory = memory
        self.hardening = hardening
        target = options.certificate.descriptor
        guard target != nil || !options.targets.isEmpty else {
            log = nil
            certifier = nil
            return
        }
        let certifier = try Certifier(arena: arena, now: now)
        self.certifier = certifier
        guard !options.targets.isEmpty else {
            log = nil
            return
        }
        let start = AuditStart(version: "\(Help.version)", memory: memory.rawValue, listening: "\(address)")
        let log = try AuditLog(
            settings: options.settings, start: start, key: certifier.publicKey, arena: arena, now: now)
        for case .descriptor(let number) in options.targets {
            try log.attach(descriptor: number, queueBytes: options.queueBytes)
        }
        self.log = log
    }

    /// Tells the operator the key by which he can check certificates.
    func announce(_ operatorLog: LogStream) throws {
        guard let certifier else { return }
        if target != nil { certifier.prepare() }
        let key = certifier.publicKey.text
        let fingerprint = try certifier.publicKey.fingerprint()
        if operatorLog.isText {
            operatorLog.event("certificates are signed by \(key) (fingerprint \(fingerprint))")
        } else {
            operatorLog.event(
                "certificates are signed by \(key)", .info,
                [("onetime.public_key", key), ("onetime.fingerprint.key", fingerprint)])
        }
    }

    /// A certificate of what was done so far; nil where neither a log nor certificates were asked for.
    func certificate(_ tally: VaultTally, held: Int, isFinal: Bool, now: Moment) throws(SealingError) -> Certificate? {
        guard let certifier else { return nil }
        var facts = CertificateFacts()
        facts.isFinal = isFinal
        facts.version = Help.version
        facts.created = tally.created
        facts.revealed = tally.revealed
        facts.burned = tally.burned
        facts.expired = tally.expired
        facts.wiped = tally.wiped
        facts.held = UInt64(held)
        if let log {
            facts.audit = (log.count, log.head)
            facts.newestLine = log.newestLine
        }
        facts.memory = memory.rawValue
        if hardening.hasNoCore { facts.protections.append("no core dumps") }
        if hardening.isNotDumpable { facts.protections.append("not dumpable") }
        if hardening.hasNoNewPrivileges { facts.protections.append("no new privileges") }
        if hardening.refusesExecutableMemory { facts.protections.append("no new executable memory") }
        if hardening.wipesFreedHeap { facts.protections.append("wiped heap") }
        return try certifier.certify(facts, now: now)
    }

    /// Notes that everything was wiped while the server goes on.
    func noteWipe(_ count: Int) {
        guard let log else { return }
        var event = AuditEvent(.wipe)
        event.count = UInt64(count)
        log.record(event, now: .now)
    }

    /// Writes down what is in force of what was set, and where that was, in as many lines as it takes. Each says how many they are.
    ///
    /// - Parameters:
    ///   - given: what was set, by the flags.
    ///   - late: the flags of what was changed and needs a restart, in lines of their own.
    func noteConfiguration(_ given: [String: Configuration.Given], needingRestart late: [String] = []) {
        guard let log else { return }
        let options = Configuration.options.sorted { $0.flag < $1.flag }
        let texts = options.compactMap { option in
            given[option.flag].map {
                "\(option.flag)=\(option.isSecret ? Option.mask : $0.text) (\($0.origin))"
            }
        }
        var lines = AuditLog.messages(of: texts).map { AuditDetail.message($0) }
        if !late.isEmpty { lines += AuditLog.messages(of: late).map { AuditDetail.needsRestart($0) } }
        var event = AuditEvent(.configuration)
        event.count = UInt64(lines.count)
        for line in lines { log.record(event, detail: line, now: .now) }
        // At the start, the loop's first turn begins with waiting.
        log.publish(now: Moment.now.milliseconds)
    }

    /// Writes down that settings were read anew and nothing is changed, as they were wrong.
    func noteFailedReload() {
        log?.record(AuditEvent(.configuration, .failure), now: .now)
    }

    /// Ends the log and states what became of all secrets. Everything is wiped already. Whoever does not take his part is waited for no
    /// longer than ``patience``, and the operator's log says so: a stalled reader would have the process never end.
    fileprivate func end(_ tally: VaultTally, wiped: Int, now: Moment, _ operatorLog: LogStream) {
        if let log {
            log.tellRepeated(by: .max, now: now)
            var event = AuditEvent(.shutdownWipe)
            event.count = UInt64(wiped)
            log.record(event, now: now)
            log.record(AuditEvent(.stop), now: now)
            log.publish(now: now.milliseconds)
        }
        // Sinks take what waits while this is signed.
        let certificate = target == nil ? nil : try? certificate(tally, held: 0, isFinal: true, now: now)
        if let late = log?.close(within: Self.patience), late > 0 {
            operatorLog.event(
                "\(late) receivers of the audit log did not take all of it in time", .warning,
                [("event.action", "stop")])
        }
        guard let target else { return }
        var text = certificate?.line(at: now) ?? ""
        if let certificate, FileDescriptor.isTerminal(target) { text = "\n" + certificate.text + "\n" + text }
        if text.isEmpty || !NonblockingOutput(target).writeAll(text.utf8Span.span, within: Self.patience) {
            let reason = certificate == nil ? "OpenSSL failed" : "it could not be written where it should go"
            operatorLog.event("there is no certificate: \(reason)", .error, [("event.action", "certificate")])
        }
    }
}

/// A server with what it can prove, to be handed to the vault as one.
struct Running {
    let server: Server<OnetimeService>
    let proof: Proof
    let outgoing: Outgoing
    let log: LogStream

    /// How long the reader of the log may keep the end of the process waiting, in milliseconds.
    private static let lastWordsPatience = 1000

    /// Runs the server to its end, wipes everything, and says so.
    func run(isolation vault: isolated Vault) throws {
        try server.run(isolation: vault)
        let wiped = vault.count
        vault.wipeAll(now: .now)
        proof.end(vault.tally, wiped: wiped, now: .now, log)
        outgoing.stop()
        log.event("stopped; everything is wiped", .info, [("event.action", "stop")])
        log.finish(patience: Self.lastWordsPatience)
    }
}
