// Requests in, answers out: which route does what.
public import Audit
public import HTTPServer
internal import HTTPWire
public import Kernel
internal import Log
internal import Pages
public import Rules
public import Sealing
public import SecureMemory
public import Vault

/// Answers requests out of the vault: the API of Onetime Secret, and pages.
///
/// All of it runs isolated to the vault, so a call to the vault is a plain call and nothing comes between looking and taking.
public final class OnetimeService: RequestHandler {
    /// The actor that all calls are isolated to.
    public typealias Isolation = Vault

    /// A request under way.
    public struct Exchange {
        enum Stage {
            /// Needs no body.
            case plain(Route)
            /// Its fields are read, and then acted on.
            case draft(Draft)
            /// Its content goes out.
            case reveal(Reveal)
            /// Its receipt's changes are told as they come.
            case follow(ReceiptFollower)
            /// Figures go out.
            case metrics(MetricsText)
            /// Answered without its body.
            case refused(Route, Refusal)
            /// It names a host that is not the server's.
            case misdirected
            /// The path is known, the method is not.
            case wrongMethod(Route)
        }

        var stage: Stage
    }

    let context: ServiceContext
    /// Makes a certificate of what the vault did so far, with how many secrets it holds; nil where there is nothing to sign with.
    public var certificate: (VaultTally, Int, Moment) -> String? = { _, _, _ in nil }
    let observation: Observation
    private let isObserving: Bool
    /// The observation's, looked at in every turn.
    let log: LogStream
    /// Who waits for news of a receipt.
    var followers = ReceiptFollowers()
    private let onUserSignal: (Int) -> Void
    let onIncident: (IncidentEvent) -> Void

    /// A service.
    ///
    /// - Parameters:
    ///   - credential: the hash of the environment's own key, if there is one.
    ///   - keys: all keys. The caller may change them between two calls of this service.
    ///   - audit: where what happens is written down.
    ///   - observation: notes what happens, for figures and the log.
    ///   - onIncident: told what an operator did.
    ///   - onUserSignal: told how many secrets were wiped when SIGUSR1 came.
    public init(
        settings: ServiceSettings, arena: SecureArena, suite: CipherSuite, workers: WorkerPool,
        credential: consuming CredentialHash?, keys: KeyBook = KeyBook(), audit: AuditLog? = nil,
        observation: Observation,
        onIncident: @escaping (IncidentEvent) -> Void = { _ in },
        onUserSignal: @escaping (Int) -> Void
    ) throws(SealingError) {
        self.observation = observation
        log = observation.log
        isObserving = observation.meter.isOn
        context = try ServiceContext(
            settings: settings, arena: arena, suite: suite, workers: workers, credential: credential, keys: keys,
            audit: audit)
        self.onUserSignal = onUserSignal
        self.onIncident = onIncident
    }

    /// Puts other settings in force, between two requests. What the start found out, and what the vault was made with, stays.
    public func replaceSettings(_ settings: ServiceSettings) {
        var settings = settings
        settings.fallbackURL = context.settings.fallbackURL
        settings.healthReport = context.settings.healthReport
        settings.passphraseAttempts = context.settings.passphraseAttempts
        if settings.rates != context.settings.rates { context.rates = RateTable(settings.rates) }
        context.links.limit = settings.maximumCreationLinks
        context.settings = settings
    }

    // MARK: A request comes

    /// Settles the route, and refuses what need not be read.
    public func begin(
        _ request: borrowing Request, isWhole: Bool, plan: inout BodyPlan, now: Moment, isolation vault: isolated Vault
    ) -> Exchange? {
        let route = route(of: request)
        if isObserving { plan.label = route.group.rawValue }
        let method = request.head.method
        plan.limit = Self.smallBody
        // Whoever may reach the port for figures may have them, by whatever name.
        let isForClients = !route.isHealth && !request.isOnMetricsPort
        if !context.servesEveryHost, isForClients, !context.serves(request.head.host.span(in: request.bytes)) {
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .misdirected)
        }
        if context.places != nil, isForClients, let refusal = context.placeRefusal(request) {
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .refused(route, .rule(.place(refusal))))
        }
        if route.isUnknown && method != .options {
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .refused(route, .unknownSecret))
        }
        guard route.allows(method) else {
            if method == .options { return Exchange(stage: .plain(route)) }
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .wrongMethod(route))
        }
        let looksAtKeys = context.keys.isInUse && route.looksAtKeys
        // Before anything is looked up: what a page makes its visitors' browsers guess is not their guess, nor is a key that they keep
        // used for it.
        if route.takesToken || looksAtKeys, request.isEmbeddedElsewhere {
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .refused(route, .foreignOrigin))
        }
        // Whoever was wrong too often is not heard, right or wrong.
        if looksAtKeys, request.value(of: .authorization) != nil,
            let limited = rateRefusal(.failedKey, request, now)
        {
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .refused(route, limited))
        }
        guard method == .post else { return Exchange(stage: .plain(route)) }
        let takesContent: Bool
        switch route {
        case .create, .homePage, .conceal: takesContent = true
        default: takesContent = false
        }
        if takesContent { plan.limit = ServiceSettings.bodyLimit(maximumContent: context.settings.maximumContent) }
        var refusal: Refusal?
        if case .length(let length) = request.head.framing, length > UInt64(plan.limit) {
            refusal = .bodyTooLarge
        } else if takesContent, context.lockDown.contains(.creation) {
            refusal = .lockedDown
        } else if takesContent {
            context.freeBytes = vault.freeBytes
            let declared = min(request.head.declaredLength, context.settings.maximumContent)
            if vault.refusal(forContentOf: context.uploadBytes + declared) != nil { refusal = .vaultFull }
        }
        // A page of another site may make a browser send a form here; clients that are no browsers send no such field.
        if route.isInAPI, let site = request.value(of: .secFetchSite), site.equals("cross-site") {
            refusal = .foreignOrigin
        }
        if takesContent, refusal == nil { refusal = rateRefusal(.creation, request, now) }
        let draft = Draft(route: route, context: context, takesContent: takesContent)
        if looksAtKeys {
            let caller = context.caller(request, now)
            draft.rights = Rights(caller: caller, began: now)
            if refusal == nil, route.isInAPI {
                refusal = caller.refusal
                if caller.key != nil, context.isForeignForm(request) { refusal = .foreignOrigin }
                // A link comes with the form; a client of the API has nothing else to show.
                if takesContent, refusal == nil, context.settings.requiresKey { refusal = draft.refusalToCreate(now) }
            }
            if takesContent, refusal == nil { refusal = creationRefusal(of: caller.key, request, now) }
        }
        if let refusal {
            countFailure(of: draft.caller, request, now)
            plan.isRefused = request.head.hasBody
            return Exchange(stage: .refused(route, refusal))
        }
        guard context.arena.hasRoom(for: ServerLimits.requestReserve) else { return nil }
        draft.setFormat(request)
        guard isWhole || draft.takeMemory() else { return nil }
        countFailure(of: draft.caller, request, now)
        draft.readQuery(request)
        return Exchange(stage: .draft(draft))
    }

    /// The largest body of a request that brings no content, in bytes.
    private static let smallBody = 64 * 1024

    @inline(__always)
    private func route(of request: borrowing Request) -> Route {
        let route = Route(request)
        if request.isOnMetricsPort { return route.isForWatchers ? route : .unknownInAPI }
        if route.isInAPI { return context.settings.hasAPI ? route : .unknownInAPI }
        switch route {
        case .homePage, .linkPage, .conceal, .claim, .commit, .secretPage, .destroyPage, .receiptPage, .receiptEvents,
            .burnPage, .operatorPage,
            .asset, .brandPart:
            return context.settings.hasPages ? route : .unknown
        case .metrics: return observation.settings.showsMetrics ? route : .unknown
        default: return route
        }
    }

    /// Reads fields as they come.
    @_lifetime(body: copy body)
    public func receive(
        _ body: inout MutableSpan<UInt8>, isLast: Bool, exchange: inout Exchange, isolation: isolated Vault
    ) -> Int {
        guard case .draft(let draft) = exchange.stage else { return body.count }
        return draft.read(&body, isLast: isLast)
    }

    /// Notes that a body without announced length became too long.
    public func bodyIsTooLarge(exchange: inout Exchange, isolation: isolated Vault) {
        guard case .draft(let draft) = exchange.stage else { return }
        exchange.stage = .refused(draft.route, .bodyTooLarge)
    }

    // MARK: The answer

    /// Answers.
    public func respond(
        _ request: borrowing Request, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation vault: isolated Vault
    ) -> Outcome {
        if case .misdirected = exchange.stage {
            refuseHost(request, &response)
            return .complete
        }
        if case .refused(let route, let refusal) = exchange.stage {
            refuse(refusal, route, request, &response)
            return .complete
        }
        if request.head.method == .options {
            response.begin(.noContent)
            switch exchange.stage {
            case .plain(let route), .wrongMethod(let route): response.field("Allow", route.methods)
            default: break
            }
            return .complete
        }
        switch exchange.stage {
        case .plain(.receiptEvents(let key)):
            return follow(key, request, &exchange, &response, now, vault)
        case .plain(.metrics):
            exchange.stage = .metrics(writeMetrics(&response, vault))
            return .partial
        case .plain(let route):
            look(route, request, &response, now, vault)
            return .complete
        case .wrongMethod(let route):
            refuseMethod(route, request, &response)
            return .complete
        case .draft(let draft):
            return act(on: draft, request, &exchange, &response, now, vault)
        case .reveal, .follow, .metrics, .misdirected, .refused:
            return .complete
        }
    }

    /// A worker is done with a passphrase.
    public func resume(
        _ request: borrowing Request, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation vault: isolated Vault
    ) -> Outcome {
        guard case .draft(let draft) = exchange.stage, let stretching = draft.stretching else { return .complete }
        response.isSensitive = true
        judgeAgain(draft, request, now)
        if let refusal = keyRefusal(draft) {
            if let id = draft.attempt { vault.withdrawAttempt(id, now: now) }
            refuse(refusal, draft.route, request, &response, draft)
            return .complete
        }
        switch draft.route {
        case .create, .generate, .homePage, .conceal:
            conceal(draft, stretching, request, &response, now, vault)
            return .complete
        case .reveal(let key), .secretPage(let key), .claim(let key):
            return reveal(key, draft, stretching, request, &exchange, &response, now, vault)
        case .burn(let key), .burnPage(let key):
            burn(key, draft, stretching, request, &response, now, vault)
            return .complete
        default:
            return .complete
        }
    }

    /// A passphrase that nobody waits for any more was not tried: its outcome is told to nobody, and consumes nothing.
    public func abandon(_ exchange: Exchange, now: Moment, isolation vault: isolated Vault) {
        switch exchange.stage {
        case .draft(let draft):
            if let id = draft.attempt { vault.withdrawAttempt(id, now: now) }
        case .follow(let follower):
            followers.remove(follower, vault)
        default: break
        }
    }

    /// Writes the next part of a content, or the next change of a receipt.
    public func produce(
        again: Bool, exchange: inout Exchange, response: inout ResponseWriter, now: Moment,
        isolation vault: isolated Vault
    ) -> Outcome? {
        switch exchange.stage {
        case .reveal(let reveal): return reveal.writeNext(again: again, &response)
        case .follow(let follower): return tellNext(follower, again: again, &response, now, vault)
        case .metrics(let text): return text.writeNext(again: again, &response)
        default: return nil
        }
    }

    /// Those who follow a receipt that changed.
    public func takeAwakened(isolation vault: isolated Vault) -> [Ticket] {
        followers.isEmpty ? [] : followers.take(thoseOf: vault.takeNews(), vault)
    }

    /// GET and HEAD: looks, and changes nothing.
    private func look(
        _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        if refusesGuess(route, request, &response, now) { return }
        switch route {
        case .health: writeHealth(&response)
        case .status(let version): writeStatus(version: version, request, &response, now)
        case .authcheck: writeAuthCheck(request, &response, now)
        case .receipt(let key): showReceipt(key, judge(request, now), request, &response, now, vault)
        case .recent: listRecent(request, &response, now, vault)
        case .listKeys: listKeys(request, &response, now)
        case .audit: showAudit(request, &response, now)
        case .state, .report: tell(route, request, &response, now, vault)
        case .operatorPage: showOperatorPage(request, &response, now, vault)
        case .homePage, .linkPage, .secretPage, .destroyPage, .receiptPage, .burnPage:
            showPage(route, request, &response, now, vault)
        case .asset(.icon) where context.brand(request).writeIcon(to: &response): break
        case .asset(let asset): asset.write(to: &response)
        case .brandPart(let part, let digest):
            let isThere = context.brand(request).write(part, digest: digest.span(in: request.bytes), to: &response)
            if !isThere { refuse(.unknownSecret, .unknown, request, &response) }
        default: refuse(.unknownSecret, route, request, &response)
        }
    }

    /// POST: acts on what was said.
    private func act(
        on draft: Draft, _ request: borrowing Request, _ exchange: inout Exchange, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        response.isSensitive = true
        judgeAgain(draft, request, now)
        if refusesGuess(draft.route, request, &response, now, draft) { return .complete }
        switch draft.route {
        case .create, .generate, .homePage, .conceal:
            return create(draft, request, &response, now, vault)
        case .certificate:
            certify(draft, request, &response, now, vault)
            return .complete
        case .commit(let key):
            commit(key, draft, request, &response, now, vault)
            return .complete
        case .destroyPage(let key):
            destroyUnread(key, draft, request, &response, now, vault)
            return .complete
        case .reveal(let key), .secretPage(let key), .claim(let key):
            return reveal(key, draft, request, &exchange, &response, now, vault)
        case .receipt(let key):
            showReceipt(key, draft.caller, request, &response, now, vault)
            return .complete
        case .burn(let key), .burnPage(let key):
            return burn(key, draft, request, &response, now, vault)
        case .burnMany, .lockDown:
            act(onIncident: draft, request, &response, now, vault)
            return .complete
        case .operatorPage:
            actOnOperatorPage(draft, request, &response, now, vault)
            return .complete
        case .rotateKey, .revokeKey, .makeLink:
            changeKeys(draft, request, &response, now)
            return .complete
        default:
            showPage(draft.route, request, &response, now, vault)
            return .complete
        }
    }

    // MARK: Time and signals

    /// Destroys what is due.
    public func expire(now: Moment, isolation vault: isolated Vault) -> Bool {
        if let log = context.audit { return expire(vault, now, log) }
        let more = vault.expire(now: now, budget: 1024)
        if vault.hasFinishedBurnings { tellFinishedBurnings(vault) }
        return more
    }

    /// The same where it is written down.
    private func expire(_ vault: isolated Vault, _ now: Moment, _ log: AuditLog) -> Bool {
        vault.keepsEnds = true
        let more = vault.expire(now: now, budget: 1024)
        for end in vault.takeEnds() {
            var event = AuditEvent(.expire)
            (event.secret, event.receipt) = (end.secret, end.receipt)
            log.record(event, now: now)
        }
        log.tellRepeated(by: now.milliseconds, now: now)
        if vault.hasFinishedBurnings { tellFinishedBurnings(vault) }
        return more
    }

    /// When the next secret is due.
    public func nextExpiry(isolation vault: isolated Vault) -> UInt64? {
        let due = min(log.flushesAgainAt ?? .max, context.audit?.nextDue ?? .max)
        guard due < .max else { return vault.nextExpiry }
        return min(due, vault.nextExpiry ?? .max)
    }

    /// SIGUSR1: wipes everything and goes on.
    public func userSignal(now: Moment, isolation vault: isolated Vault) {
        let count = vault.count
        vault.wipe(now: now)
        onUserSignal(count)
    }

    /// SIGUSR2: stops creating and revealing, or lets both go on where both were stopped.
    public func lockSignal(now: Moment, isolation vault: isolated Vault) {
        context.lockDown = context.lockDown == .all ? [] : .all
        note(.lockedDown(context.lockDown, by: nil))
    }
}
