// The rules of the server and of each secret, asked in one place: when, from where, how often. A refusal consumes nothing.
internal import Audit
public import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Sealing
internal import Vault

/// A rule that refused.
enum RuleRefusal: Equatable {
    /// It is not open now.
    case time(WindowRefusal)
    /// Not from there.
    case place(PlaceRefusal)
    /// Too often, for so many more seconds.
    case rate(RateKind, seconds: Int)

    /// The rule's name, in the audit log and for senders.
    var name: StaticString {
        switch self {
        case .time(let refusal):
            switch refusal.rule {
            case .notBefore: "not-before"
            case .serverHours, .secretHours: "hours"
            }
        case .place(let refusal): refusal.rule
        case .rate(let kind, _):
            switch kind {
            case .creation: "rate-creations"
            case .miss: "rate-misses"
            case .wrongPassphrase: "rate-wrong-passphrases"
            case .failedKey: "rate-failed-keys"
            }
        }
    }

    /// How the vault keeps it for the sender, and pages name it; 0 is none.
    var code: UInt8 {
        switch self {
        case .time(let refusal): refusal.rule == .notBefore ? 1 : 2
        case .place(let refusal): refusal == .network ? 3 : 4
        case .rate: 5
        }
    }

    /// The name behind a code, for the sender.
    static func name(ofCode code: UInt8) -> StaticString {
        switch code {
        case 1: "not-before"
        case 2: "hours"
        case 3: "network"
        case 4: "country"
        default: "rate"
        }
    }

    /// Seconds until another try may succeed.
    func retryAfter(now: Int64) -> Int? {
        switch self {
        case .time(let refusal): refusal.retryAfter(now: now).map { Int($0) }
        case .place: nil
        case .rate(_, let seconds): seconds
        }
    }
}

extension OnetimeService {
    /// Why a secret may not be read now, from there; nil where it may. What refused is kept for the sender.
    func ruleRefusal(
        _ view: borrowing SecretView, _ id: RecordID, _ request: borrowing Request, _ now: Moment,
        _ vault: isolated Vault
    ) -> Refusal? {
        // Whoever has it already may ask again for as long as his claim lasts.
        guard !view.isRepeat, context.hours != nil || view.hasConditions else { return nil }
        guard let refusal = rulesRefusal(of: view, id, request, now, vault) else { return nil }
        vault.noteRefusal(id, code: refusal.code, now: now)
        return .rule(refusal)
    }

    /// The same without a trace for the sender, for a look.
    @inline(never)
    func rulesRefusal(
        of view: borrowing SecretView, _ id: RecordID, _ request: borrowing Request, _ now: Moment,
        _ vault: isolated Vault
    ) -> RuleRefusal? {
        guard view.hasConditions else { return timeRefusal(nil, now.wallSeconds).map { .time($0) } }
        // It was there when it was looked at, and nothing came between; if it were not, nobody would be who may read it.
        return vault.withConditions(of: id, view) { refusal(by: SecretRules($0), request, now) } ?? .place(.network)
    }

    private func refusal(
        by rules: SecretRules, _ request: borrowing Request, _ now: Moment
    ) -> RuleRefusal? {
        if let refusal = timeRefusal(rules, now.wallSeconds) { return .time(refusal) }
        let client = context.client(of: request)
        if !rules.permitNetwork(of: client) { return .place(.network) }
        guard rules.hasCountries else { return nil }
        return context.countryRefusal(client, request) { rules.permitCountry($0) }.map { .place($0) }
    }

    /// Why the time refuses. Whom it does not refuse costs a look at what the server's hours remember; when all of them open is worked
    /// out for whom it does.
    private func timeRefusal(_ rules: SecretRules?, _ now: Int64) -> WindowRefusal? {
        if context.hours?.isOpen(at: now) ?? true {
            guard let rules else { return nil }
            if rules.isOpen(at: now, &context.zones) { return nil }
        }
        return WindowRefusal(
            at: now, server: context.settings.hours, secret: rules?.hours, notBefore: rules?.notBefore)
    }

    /// Why a client may not even ask: he was wrong too often. Takes nothing.
    func rateRefusal(_ kind: RateKind, _ request: borrowing Request, _ now: Moment, key: APIKey? = nil) -> Refusal? {
        guard !context.rates.isEmpty, context.rates.counts(kind) else { return nil }
        let client = context.rateClient(request, key)
        return context.rates.wait(kind, client, now: now.milliseconds).map {
            .rule(.rate(kind, seconds: $0))
        }
    }

    /// Refuses whoever asked too often for what is not there: he does not learn any more whether something is.
    func refusesGuess(
        _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ draft: Draft? = nil
    ) -> Bool {
        guard route.takesToken || draft?.rights?.hasLink == true, let refusal = rateRefusal(.miss, request, now) else {
            return false
        }
        refuse(refusal, route, request, &response, draft)
        return true
    }

    /// Counts what a client did.
    func countRate(_ kind: RateKind, _ request: borrowing Request, _ now: Moment, key: APIKey? = nil) {
        guard context.rates.counts(kind) else { return }
        _ = context.rates.take(kind, context.rateClient(request, key), now: now.milliseconds)
    }

    /// Takes a wrong passphrase off those that a client may try, before it is known to be one; or says why he may not.
    func beginTry(_ draft: Draft, _ request: borrowing Request, _ now: Moment) -> Refusal? {
        guard context.rates.counts(.wrongPassphrase) else { return nil }
        let client = context.rateClient(request)
        if let seconds = context.rates.beginTry(client, now: now.milliseconds) {
            return .rule(.rate(.wrongPassphrase, seconds: seconds))
        }
        draft.trier = client
        return nil
    }

    /// Counts a passphrase that was tried and was wrong, and writes it down before anything comes of it: whatever became of the secret
    /// meanwhile, and however the one who tried is answered.
    func countWrongPassphrase(on id: RecordID, _ draft: Draft, _ request: borrowing Request, _ now: Moment) {
        draft.endTry()
        countRate(.wrongPassphrase, request, now)
        audit(.wrongPassphrase, request, now, outcome: .failure, secret: id, rule: "passphrase")
        draft.isWrittenDown = true
    }

    /// What is wrong with the rules of a secret that is to be made: hours that never come, its own or the server's, or no place to read
    /// it from.
    func refusal(ofRules rules: DraftRules?, _ draft: Draft, _ now: Moment) -> Refusal? {
        guard let rules else { return context.hours == nil ? nil : refusalByHours(draft, now) }
        if let fault = rules.fault { return fault }
        if !rules.places.countries.isEmpty, !context.tellsCountries {
            let rule: SecretRule = rules.places.countries.allowed.isEmpty ? .denyCountries : .allowCountries
            return .malformedRule(
                rule, allowed: "absent: this server cannot tell countries", wrong: rules.texts[rule])
        }
        if let refusal = refusal(ofPlaces: rules) ?? refusalByHours(draft, now) { return refusal }
        guard rules.hours != nil || rules.notBefore != nil else { return nil }
        guard
            let refusal = WindowRefusal(
                at: now.wallSeconds, server: context.settings.hours, secret: rules.hours, notBefore: rules.notBefore)
        else { return nil }
        let seconds = Int64(timeToLive(draft))
        if let opens = refusal.opens, opens < now.wallSeconds + seconds { return nil }
        let comesTooLate = rules.notBefore.map { $0 >= now.wallSeconds + seconds } ?? false
        return .neverOpen(rules.hours == nil || comesTooLate ? .notBefore : .hours)
    }

    /// Whether a secret would be gone before the server's hours come, whatever its own rules are.
    private func refusalByHours(_ draft: Draft, _ now: Moment) -> Refusal? {
        if context.hours?.isOpen(at: now.wallSeconds) ?? true { return nil }
        let opens = WindowRefusal(at: now.wallSeconds, server: context.settings.hours)?.opens
        if let opens, opens < now.wallSeconds + Int64(timeToLive(draft)) { return nil }
        return .serverClosed(opens: opens)
    }

    /// The rule because of which there is nowhere to read a secret from, with the server's own rules.
    private func refusal(ofPlaces rules: DraftRules) -> Refusal? {
        let (networks, countries) = (rules.places.networks, rules.places.countries)
        let server = context.places?.rule ?? PlaceRule()
        let rule: SecretRule
        if !networks.isEmpty, !networks.meets(server.networks) {
            let isByDenial = NetworkRule(allowed: networks.allowed).meets(server.networks)
            rule = isByDenial ? .denyNetworks : .allowNetworks
        } else if !countries.isEmpty, !countries.meets(server.countries) {
            let isByDenial = CountryRule(allowed: countries.allowed).meets(server.countries)
            rule = isByDenial ? .denyCountries : .allowCountries
        } else {
            return nil
        }
        return .nowhereOpen(rule, wrong: rules.texts[rule])
    }

    // MARK: Audit

    /// Writes down what happened, where a log is kept; elsewhere it costs a branch.
    @inline(__always)
    func audit(
        _ action: AuditAction, _ request: borrowing Request, _ now: Moment, outcome: AuditEvent.Outcome = .success,
        secret: RecordID? = nil, receipt: RecordID? = nil, key: APIKey? = nil, rule: StaticString? = nil,
        detail: @autoclosure () -> AuditDetail = .none
    ) {
        guard let log = context.audit else { return }
        write(action, request, now, outcome, secret, receipt, key, rule, detail(), to: log)
    }

    /// Out of line: an event is large, and would make the stack of everybody who might write one deep.
    @inline(never)
    private func write(
        _ action: AuditAction, _ request: borrowing Request, _ now: Moment, _ outcome: AuditEvent.Outcome,
        _ secret: RecordID?, _ receipt: RecordID?, _ key: APIKey?, _ rule: StaticString?,
        _ detail: AuditDetail, to log: AuditLog
    ) {
        var event = AuditEvent(action, outcome)
        event.secret = secret
        event.receipt = receipt
        event.rule = rule
        event.userID = key?.id.packed
        tell(request, &event)
        log.record(event, keyName: key?.name, detail: detail, now: now)
    }

    /// Writes down that somebody looked at a receipt, unless he did so within the minute before: then it is counted.
    func auditLook(
        _ receipt: RecordID, _ view: ReceiptView, _ request: borrowing Request, _ now: Moment, key: APIKey? = nil
    ) {
        guard let log = context.audit else { return }
        var event = AuditEvent(.receiptLook)
        event.secret = view.secretID
        event.receipt = receipt
        event.userID = key?.id.packed
        tell(request, &event)
        log.recordLook(event, keyName: key?.name, now: now)
    }

    /// Writes down that the holder of a key looked at something that is no receipt, as often.
    @inline(never)
    func auditLook(_ action: AuditAction, _ request: borrowing Request, _ now: Moment, key: APIKey?) {
        guard let log = context.audit else { return }
        var event = AuditEvent(action)
        event.userID = key?.id.packed
        tell(request, &event)
        log.recordLook(event, keyName: key?.name, now: now)
    }

    /// From where a request came.
    func tell(_ request: borrowing Request, _ event: inout AuditEvent) {
        let client = context.client(of: request)
        // The address of a proxy is nobody's who is behind it: it would make a stranger look like somebody from here.
        if client.isKnown { event.address = client.isForwarded ? client.address.bytes : request.peer.bytes }
        event.isFromUnknown = !client.isKnown
        if let country = context.country(of: client, request) {
            event.country = AuditEvent.countryCode(country.first, country.second)
        }
    }

    /// Of refusals of one kind, how many a minute have a line each; the others are counted. Budgets tell in their first one all that
    /// there is to know.
    private static let linesOfRefusals = 8

    /// Writes down what was refused, and by which rule.
    @inline(never)
    func auditRefusal(
        _ refusal: Refusal, _ route: Route, _ request: borrowing Request, _ subject: RecordID?, _ draft: Draft?
    ) {
        guard let log = context.audit, !route.isUnknown else { return }
        var event = AuditEvent.refusal(refusal.ruleName)
        event.secret = subject
        tell(request, &event)
        var limit = Self.linesOfRefusals
        var key = draft?.caller.key
        switch refusal {
        // Written down where it was judged.
        case .key(.unknown): return
        case .key(let refusal) where refusal.isOfKey:
            // Not kept meanwhile: whoever is not refused would pay for it.
            if case .link(_, let link) = draft?.right { key = link.maker } else { key = context.shownKey(request) }
        case .rule(.rate): limit = 1
        default: break
        }
        event.userID = key?.id.packed
        log.recordRefusal(event, keyName: key?.name, upTo: limit, now: .now)
    }

    /// Writes down what was refused before anything was known but who asked.
    @inline(never)
    func auditRefusal(
        by rule: StaticString, _ request: borrowing Request, as action: AuditAction = .refused, key: APIKey? = nil
    ) {
        guard let log = context.audit else { return }
        var event = AuditEvent.refusal(rule, action)
        event.userID = key?.id.packed
        tell(request, &event)
        log.recordRefusal(event, keyName: key?.name, upTo: Self.linesOfRefusals, now: .now)
    }

    /// Writes down whom the server turned away before it asked.
    @inline(never)
    public func turnedAway(_ client: RequestOrigin, for reason: TurnedAway) {
        if case .proxyHeader(let failure) = reason { observation.noteProxyHeader(failure) }
        guard let log = context.audit else { return }
        var event: AuditEvent
        var limit = 1
        switch reason {
        case .connections: event = .refusal("rate-connections")
        case .requests: event = .refusal("rate-requests")
        case .malformed:
            event = .refusal("malformed")
            limit = Self.linesOfRefusals
        case .proxyHeader(let failure):
            event = .refusal("proxy-header")
            event.reason = failure.name
            limit = Self.linesOfRefusals
        }
        if client.isKnown { event.address = client.address.bytes }
        event.isFromUnknown = !client.isKnown
        log.recordRefusal(event, upTo: limit, now: .now)
    }
}

extension ServiceContext {
    /// Whether there is anything that tells where a client is.
    var tellsCountries: Bool { settings.clients.countries != nil || !settings.clients.countryField.isEmpty }

    /// Whose doings are counted together with those of a request: those from the same network, or, with a key, those with the same one.
    func rateClient(_ request: borrowing Request, _ key: APIKey? = nil) -> RateClient {
        let client = client(of: request)
        let counted = RateClient(network(of: client), isForwarded: client.isForwarded)
        return key.map { RateClient(key: $0.owner, from: counted) } ?? counted
    }
}

extension Refusal {
    /// The rule that refused, in the audit log.
    var ruleName: StaticString {
        switch self {
        case .rule(let rule): rule.name
        case .nothingToShare, .duplicateField, .malformedBody, .malformedRule, .contentIsNotText, .wordsTooLong,
            .nothingSelected, .unconfirmed, .stale, .unknownField, .claimMissing, .passphraseIsNoText, .linkInAPI,
            .outOfRange:
            "form"
        case .contentTooLarge, .bodyTooLarge: "size"
        case .needsScript, .holdsFiles: "kind"
        case .passphraseTooShort, .passphraseTooLong, .passphraseMissing, .wrongPassphrase: "passphrase"
        case .passphraseRequired: "passphrase-required"
        case .recipientWithoutAccount: "api-key"
        case .key(let refusal): refusal.ruleName
        case .unknownSecret, .malformedKey: "unknown"
        case .lockedOut: "tries"
        case .tooBusy: "busy"
        case .vaultFull, .noMemory: "capacity"
        case .foreignOrigin: "origin"
        case .lockedDown: "lockdown"
        case .neverOpen(let rule): rule == .notBefore ? "not-before" : "hours"
        case .nowhereOpen(let rule, _):
            rule == .allowNetworks || rule == .denyNetworks ? PlaceRefusal.network.rule : PlaceRefusal.country.rule
        case .serverClosed: "hours"
        case .internalError: "failure"
        }
    }
}
