// `onetime-lite serve`: wires the rooms together, runs, and wipes at the end.
import Audit
import HTTPServer
import Kernel
import Log
import Rules
import Sealing
import SecureMemory
import Service
import TLS
import Vault

enum ServeCommand {
    /// What is kept for as long as the server runs, such as random bytes and keys of tickets. It has a place of its own, or it would
    /// break up a block that requests need whole.
    private static let permanentBytes = 8192

    /// Serves until a signal ends it. Returns the exit status.
    static func run(_ configuration: Configuration, hardening: ProcessHardening) -> Int32 {
        FileDescriptor.holdStandardOnes()
        let arena: SecureArena
        let inputs: SecureArena
        let shares: ShareTable
        let records: LockedRegion?
        do {
            arena = try SecureArena(
                capacity: configuration.lockedMemory / 8 * 5 + permanentBytes,
                allowsSecretMemory: configuration.usesSecretMemory)
            inputs = try SecureArena(
                capacity: configuration.lockedMemory / 8, allowsSecretMemory: configuration.usesSecretMemory)
            records = try protectRecords(configuration)
            shares = try ShareTable(
                capacity: configuration.vault.secrets, lockedCapacity: configuration.vault.lockedShares,
                allowsSecretMemory: configuration.usesSecretMemory)
        } catch {
            Console.failure("there is not enough memory to start")
            return 1
        }
        var protection = weaker(weaker(arena.protection, inputs.protection), shares.protection)
        if let records { protection = weaker(protection, records.protection) }
        defer { records?.wipe() }
        var status: Int32 = 1
        do {
            status = try serve(configuration, arena, inputs, shares, protection, hardening)
            arena.wipeAll()
            inputs.wipeAll()
            return status
        } catch let error as TLSError {
            Console.failure(error.advice)
        } catch let error as UsageError {
            Console.failure(error.text)
            status = 2
        } catch let error as Errno {
            let address = configuration.listen.map { "\($0)" } ?? ""
            Console.failure("cannot serve on \(address): \(error)")
        } catch {
            Console.failure("cannot start: OpenSSL or the protected memory failed")
        }
        arena.wipeAll()
        inputs.wipeAll()
        return status
    }

    private static func serve(
        _ configuration: Configuration, _ arena: SecureArena, _ inputs: SecureArena, _ shares: consuming ShareTable,
        _ protection: MemoryProtection, _ hardening: ProcessHardening
    ) throws -> Int32 {
        guard let wanted = configuration.listen else { return 2 }
        let listener = try Socket.listening(on: wanted)
        let address = listener.localAddress ?? wanted
        var metricsListener: Socket?
        var metricsAddress: SocketAddress?
        if let wanted = configuration.metrics.listen {
            do throws(Errno) {
                let listener = try Socket.listening(on: wanted)
                metricsAddress = listener.localAddress ?? wanted
                metricsListener = consume listener
            } catch {
                Console.failure("cannot show figures on \(wanted): \(error)")
                return 1
            }
        }
        let log = LogStream(configuration.log)
        Library.prepare()
        let suite = try CipherSuite(arena: arena)
        var settings = configuration.service
        var ownerName: String?
        let credential = try takeCredential(&ownerName, suite, arena)
        let keys = KeyBook(configuration.keys.all, ownerName: ownerName, isInUse: configuration.keys.isInUse)
        let loop = try EventLoop()
        loop.adoptCurrentThread()
        let workers = WorkerPool(loop: loop, threads: configuration.workers, queueLimit: configuration.workerQueue)
        let touchShares = shares.toucher()
        let vault = Vault(executor: loop, limits: configuration.vault, shares: shares, now: .now)
        settings.fallbackURL = "\(configuration.tls.isOn ? "https" : "http")://\(reachable(address))"
        settings.healthReport =
            ",\"version\":\"\(Help.version)\",\"memory\":\"\(protection.rawValue)\","
            + "\"wiped_on_free\":\(hardening.wipesFreedHeap)"
        let proof = try Proof(configuration.audit, arena, listening: address, protection, hardening, now: .now)
        let meter = ServerMeter(isOn: configuration.metrics.isOn || configuration.log.hasRequests)
        let observation = observation(configuration.metrics, configuration.log, meter, log, inputs, protection)
        let service = try OnetimeService(
            settings: settings, arena: arena, suite: suite, workers: workers, credential: credential, keys: keys,
            audit: proof.log,
            observation: observation,
            onIncident: { tell($0, log) }
        ) { count in
            log.event("wiped \(count) secrets", .info, [("event.action", "wipe")])
            proof.noteWipe(count)
        }
        let (tls, fingerprint) = try secure(configuration.tls, address, arena)
        let reload = Reload(
            started: configuration, service: service, tls: tls, keys: keys, proof: proof, log: log)
        let server = try Server(
            handler: service, listener: listener, limits: configuration.server, arena: arena, inputs: inputs,
            loop: loop, workers: workers, metricsListener: metricsListener, meter: meter, tls: tls, reload: reload.run)
        let outgoing = try Outgoing(configuration.outbound, arena: arena, log: log)
        defer { outgoing.stop() }
        observation.senders = outgoing.figures
        if let audit = proof.log {
            try outgoing.attach(to: audit)
            proof.noteConfiguration(configuration.given)
        }
        service.certificate = { tally, held, now in
            (try? proof.certificate(tally, held: held, isFinal: false, now: now))?.line(at: now)
        }
        Heap.releaseCode()
        // A failure only means that the first requests wait for their pages.
        try? Process.startThread(named: "onetime-touch") {
            arena.touch()
            inputs.touch()
            touchShares()
        }
        announce(log, address, settings, protection, hardening)
        for warning in configuration.warnings { log.event("warning: \(warning)", .warning) }
        if let fingerprint { announce(fingerprint, log) }
        if let metricsAddress {
            log.event(
                "figures on http://\(metricsAddress)/metrics", .info,
                [("event.action", "start"), ("onetime.metrics.address", "\(metricsAddress)")])
        }
        try proof.announce(log)
        let running = Running(server: server, proof: proof, outgoing: outgoing, log: log)
        try vault.assumeIsolated { vault in
            try running.run(isolation: vault)
        }
        return 0
    }

    private static func observation(
        _ metrics: MetricsSettings, _ settings: LogSettings, _ meter: ServerMeter, _ log: LogStream,
        _ inputs: SecureArena, _ protection: MemoryProtection
    ) -> Observation {
        var observed = Observation.Settings()
        observed.showsMetrics = metrics.isOnMainPort && metrics.listen == nil
        observed.tellsSource = settings.hasSource
        observed.version = "\(Help.version)"
        observed.memory = protection.rawValue
        return Observation(observed, meter: meter, log: log, logsRequests: settings.hasRequests, inputs: inputs)
    }

    private static func announce(
        _ log: LogStream, _ address: SocketAddress, _ settings: ServiceSettings, _ protection: MemoryProtection,
        _ hardening: ProcessHardening
    ) {
        let url = settings.publicURL ?? settings.fallbackURL
        if log.isText {
            log.event("onetime-lite \(Help.version)  \(url)/")
            log.event("listening on \(address); secrets move through \(describe(protection))")
        } else {
            log.event(
                "listening", .info,
                [
                    ("event.action", "start"), ("service.version", "\(Help.version)"), ("url.full", url),
                    ("server.address", "\(address)"), ("onetime.memory", protection.rawValue),
                ])
        }
        if protection == .unlockedMemory {
            log.event("warning: memory cannot be locked here and may be swapped; raise the memlock limit", .warning)
        }
        for (name, holds) in [
            ("no core dumps", hardening.hasNoCore), ("not dumpable", hardening.isNotDumpable),
            ("no new privileges", hardening.hasNoNewPrivileges), ("wiped heap", hardening.wipesFreedHeap),
        ] where !holds {
            log.event("warning: this protection is not in force: \(name)", .warning)
        }
    }

    private static func describe(_ protection: MemoryProtection) -> String {
        switch protection {
        case .secretMemory: "memory that not even root can read (memfd_secret)"
        case .lockedMemory: "locked memory (mlock; this kernel has no memfd_secret, or it was switched off)"
        case .unlockedMemory: "UNLOCKED memory"
        }
    }

    private static func weaker(_ left: MemoryProtection, _ right: MemoryProtection) -> MemoryProtection {
        if left == .unlockedMemory || right == .unlockedMemory { return .unlockedMemory }
        return left == .lockedMemory ? left : right
    }

    /// An address that a browser on this machine can open.
    private static func reachable(_ address: SocketAddress) -> String {
        address.isUnspecified ? "127.0.0.1:\(address.port)" : "\(address)"
    }

    /// Hashes the API key of the environment and wipes it there.
    private static func takeCredential(
        _ ownerName: inout String?, _ suite: CipherSuite, _ arena: SecureArena
    ) throws -> CredentialHash? {
        guard let name = Environment.value("ONETIME_USER"), !name.isEmpty,
            let token = Environment.takeSecret("ONETIME_APITOKEN", into: arena),
            var credential = arena.allocate(name.utf8.count + 1 + token.count)
        else { return nil }
        credential.append(name.utf8Span.span)
        credential.append(UInt8(ascii: ":"))
        credential.append(token.span)
        ownerName = name
        return try CredentialHash(of: credential.span, suite: suite, arena: arena)
    }
}
