// What people see, filled with what the vault knows.
internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

extension OnetimeService {
    /// Language, look and surroundings of a request's page.
    ///
    /// - Parameter caller: whose key the page's forms act with.
    func pageContext(_ request: borrowing Request, for caller: Caller = .anonymous) -> PageContext {
        let brand = context.brand(request)
        let fallback = Words.choose(acceptLanguage: (brand.locale ?? context.settings.locale).utf8Span.span)
        let host = request.head.host.span(in: request.bytes)
        let words: Words
        var isLanguageChosen = false
        if let tag = field("locale=", in: request), let named = Words.named(tag) {
            (words, isLanguageChosen) = (named, true)
        } else if let language = request.value(of: .acceptLanguage) {
            words = Words.choose(acceptLanguage: language, fallback: fallback)
        } else {
            words = Words.choose(acceptLanguage: nil, fallback: fallback)
        }
        return PageContext(
            words: words, brand: brand, formToken: context.formToken(for: caller),
            isSecure: request.isSecure || HostName.isLoopback(host)
                || context.settings.publicURL?.hasPrefix("https://") == true,
            isLanguageChosen: isLanguageChosen,
            offersLanguages: request.head.method == .get || request.head.method == .head)
    }

    /// The value of a field in the query, as it stands there. The name ends with its `=`.
    @_lifetime(copy request)
    func field(_ name: StaticString, in request: borrowing Request) -> Span<UInt8>? {
        guard let range = request.head.query else { return nil }
        let query = range.span(in: request.bytes)
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            let field = query.extracting(start..<end)
            if field.hasPrefix(name) { return field.extracting(droppingFirst: name.utf8CodeUnitCount) }
            start = end + 1
        }
        return nil
    }

    /// Refuses a query with a field that is none of these, or that is there twice: one that was misspelled would ask for something else.
    /// The names end with their `=`.
    func checkQuery(_ request: borrowing Request, for names: [StaticString]) throws(Refusal) {
        guard let range = request.head.query else { return }
        let query = range.span(in: request.bytes)
        var seen = 0
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            if end > start {
                let field = query.extracting(start..<end)
                var bit = 0
                for (index, name) in names.enumerated() where field.hasPrefix(name) { bit = 1 << index }
                guard bit != 0 else { throw .unknownField }
                guard seen & bit == 0 else { throw .duplicateField }
                seen |= bit
            }
            start = end + 1
        }
    }

    private func policy(_ longest: Int? = nil, _ largest: Int? = nil) -> FormPolicy {
        let settings = context.settings
        let longest = min(settings.maximumTimeToLive, settings.maximumAnonymousTimeToLive, longest ?? .max)
        return FormPolicy(
            lifetimes: settings.timeToLiveChoices.filter { $0 >= settings.minimumTimeToLive && $0 <= longest },
            defaultLifetime: min(settings.defaultTimeToLive, longest),
            contentLimit: min(settings.maximumContent, largest ?? .max),
            passphraseMinimum: settings.minimumPassphrase, generatedLength: settings.generatedLength,
            attempts: settings.passphraseAttempts, isPassphraseRequired: settings.requiresPassphrase,
            tellsCountries: context.tellsCountries)
    }

    /// A page that is only looked at.
    func showPage(
        _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        if context.isStopped(route) { return refuse(.lockedDown, route, request, &response) }
        switch route {
        case .homePage:
            // Where everybody may create, too: the form tells whether the key is good.
            let caller = judge(request, now)
            if context.settings.requiresKey, let refusal = refusal(of: caller, requiring: .create) {
                return refuse(refusal, route, request, &response)
            }
            let caps = caller.key?.caps
            Page.createForm(
                &response, pageContext(request, for: caller), policy(caps?.maximumTimeToLive, caps?.maximumContent))
        case .linkPage(let key):
            response.isSensitive = true
            let token = key.span(in: request.bytes)
            guard let id = context.creationLinkID(token), let link = context.links.find(id, now: now)
            else { return refuse(.key(.linkGone), route, request, &response) }
            Page.createForm(
                &response, pageContext(request), policy(link.maximumTimeToLive, link.maximumContent), link: token)
        case .secretPage(let key), .destroyPage(let key):
            let token = key.span(in: request.bytes)
            guard Token.isWellFormed(token), let id = try? context.suite.secretID(of: token),
                let view = vault.secret(id, now: now)
            else { return refuse(.unknownSecret, route, request, &response) }
            if let refusal = rulesRefusal(of: view, id, request, now, vault) {
                refuse(.rule(refusal), route, request, &response, about: id)
            } else if case .destroyPage = route {
                if view.isShared { return refuse(.unknownSecret, route, request, &response) }
                Page.destroyForm(&response, pageContext(request), secretToken: token)
            } else {
                showSecretPage(view, id, token, request, &response, now)
            }
        case .receiptPage(let key), .burnPage(let key):
            let token = key.span(in: request.bytes)
            guard Token.isWellFormed(token), let id = try? context.suite.receiptID(of: token),
                let view = vault.receipt(id, now: now)
            else { return refuse(.unknownSecret, route, request, &response) }
            if case .burnPage = route, view.state == .new {
                Page.burnForm(
                    &response, pageContext(request), receiptToken: token, isLocked: view.takesPassphraseToBurn)
            } else {
                auditLook(id, view, request, now)
                showReceiptPage(view, id, token, request, &response, now)
            }
        default:
            Page.notice(&response, pageContext(request), .notFound)
        }
    }

    private func showSecretPage(
        _ view: SecretView, _ id: RecordID, _ token: Span<UInt8>, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) {
        let facts = SecretFacts(
            server: baseURL(request).withoutScheme, expires: Int(now.wallSeconds) + view.secondsLeft,
            secondsLeft: view.secondsLeft, isLocked: view.isLocked, needsScript: view.kind.needsScript,
            isSealedInBrowser: view.kind == .envelope, isShared: view.isShared)
        let page = pageContext(request)
        if let note = words(view.note, token, id, .note) {
            Page.secret(&response, page, facts, secretToken: token, note: note.span)
        } else {
            Page.secret(&response, page, facts, secretToken: token, note: nil)
        }
    }

    /// Opens words beside a secret; those that don't open are left out.
    private func words(
        _ words: SealedWords?, _ token: Span<UInt8>, _ id: RecordID, _ purpose: SealedWords.Purpose
    ) -> SecureBytes? {
        try? words?.open(under: token, of: id, purpose: purpose, suite: context.suite, arena: context.arena)
    }

    /// The sender's page.
    func showReceiptPage(
        _ view: ReceiptView, _ id: RecordID, _ token: Span<UInt8>, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) {
        if let label = words(view.label, token, id, .label) {
            showReceiptPage(view, id, token, label: label.span, request, &response, now)
        } else {
            showReceiptPage(view, id, token, label: nil, request, &response, now)
        }
    }

    private func showReceiptPage(
        _ view: ReceiptView, _ id: RecordID, _ token: Span<UInt8>, label: Span<UInt8>?, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) {
        var facts = ReceiptFacts(view, now)
        facts.rules = RuleTexts(view.conditions)
        if let secretToken = openToken(view, id, token) {
            Page.receipt(
                &response, pageContext(request), facts, receiptToken: token, secretToken: secretToken.span,
                baseURL: baseURL(request), label: label, codeMemory: codeMemory())
        } else {
            Page.receipt(
                &response, pageContext(request), facts, receiptToken: token, secretToken: nil,
                baseURL: baseURL(request), label: label)
        }
    }

    /// After the form: on to the receipt's own page, so that a reload creates nothing; but a generated value is shown at once,
    /// for it is never shown again.
    func showCreated(
        _ draft: Draft, _ view: ReceiptView, _ token: borrowing SecureBytes, _ receiptToken: borrowing SecureBytes,
        _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        guard let generated = draft.takeGenerated() else {
            response.begin(.seeOther)
            response.field("Location") { (field: inout ResponseWriter) in
                field.append("/receipt/")
                field.append(receiptToken.span)
                field.append(pageContext(request).query)
            }
            response.fields(Page.securityFields)
            return
        }
        let now = Moment(milliseconds: 0, wallSeconds: view.created)
        var facts = ReceiptFacts(view, now)
        facts.rules = RuleTexts(view.conditions)
        Page.receipt(
            &response, pageContext(request), facts, receiptToken: receiptToken.span,
            secretToken: token.span, baseURL: baseURL(request), generated: generated.span, codeMemory: codeMemory())
    }

    /// Memory to draw a link in, where there is some: the link is there without.
    private func codeMemory() -> CodeMemory? {
        guard let text = context.arena.allocate(CodeMemory.textSize, leaving: ServerLimits.requestReserve),
            let code = context.arena.allocate(CodeMemory.codeSize, leaving: ServerLimits.requestReserve)
        else { return nil }
        return CodeMemory(text: text, code: code)
    }

    /// The form that was sent, with what was wrong about it and without what was in it.
    func showFormAgain(
        _ refusal: Refusal, _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ draft: Draft?
    ) {
        let page = pageContext(request, for: draft?.caller ?? .anonymous)
        guard let problem = Problem(refusal, context) else { return Page.notice(&response, page, .malformed) }
        switch route {
        case .homePage:
            showCreateFormAgain(problem, page, draft, &response)
        case .secretPage(let key):
            let facts = SecretFacts(
                server: baseURL(request).withoutScheme, expires: draft?.expires ?? 0,
                secondsLeft: draft?.secondsLeft ?? 0,
                isLocked: draft?.isLocked ?? true, needsScript: draft?.kind.needsScript ?? false,
                isSealedInBrowser: draft?.kind == .envelope, isShared: draft?.isShared ?? false)
            Page.secret(
                &response, page, facts, secretToken: key.span(in: request.bytes), note: nil, problem: problem)
        case .burnPage(let key):
            Page.burnForm(
                &response, page, receiptToken: key.span(in: request.bytes), isLocked: true, problem: problem)
        default:
            Page.notice(&response, page, .malformed)
        }
    }

    private func showCreateFormAgain(
        _ problem: Problem, _ page: PageContext, _ draft: Draft?, _ response: inout ResponseWriter
    ) {
        let policy = policy(draft?.rights?.timeToLiveLimit, draft?.rights?.contentLimit)
        if let draft, let link = draft.rights?.takeLink() {
            Page.createForm(
                &response, page, policy, chosenLifetime: draft.timeToLive, link: link.span,
                rules: draft.rules?.texts, problem: problem)
        } else {
            Page.createForm(
                &response, page, policy, chosenLifetime: draft?.timeToLive, rules: draft?.rules?.texts,
                problem: problem)
        }
    }

    /// Where links point to, as text: it holds no token.
    private func baseURL(_ request: borrowing Request) -> String {
        let host = request.head.host.span(in: request.bytes)
        if let base = context.fixedBaseURL(host) { return base }
        var bytes = Array("\(context.scheme(request, host))".utf8)
        for index in host.indices { bytes.append(host[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// A URL without what comes before the host.
    fileprivate var withoutScheme: String {
        if hasPrefix("https://") { return String(dropFirst(8)) }
        return hasPrefix("http://") ? String(dropFirst(7)) : self
    }
}

extension ReceiptFacts {
    init(_ view: ReceiptView, _ now: Moment) {
        let state: State =
            switch view.state {
            case .new: .new
            case .received: .received
            case .burned: .burned
            case .expired: .expired
            }
        self.init(
            state: state, created: Int(view.created), changed: Int(view.updated), secondsLeft: view.secondsLeft ?? 0,
            expires: Int(now.wallSeconds) + (view.secondsLeft ?? 0), isLocked: view.isLocked)
        isSealedInBrowser = view.kind == .envelope
        readers = view.readers
        reads = view.reads
        failedAttempts = view.failedAttempts
        readTimes = view.readTimes
        failureTimes = view.failureTimes
        refusals = view.refusals
        refusalTimes = view.refusalTimes
        refusalCodes = view.refusalCodes
    }
}

extension Notice {
    init(_ refusal: RuleRefusal, _ now: Moment) {
        switch refusal {
        case .time(let time):
            let seconds = time.retryAfter(now: now.wallSeconds).map { Int($0) }
            self = .closed(opens: time.opens.map { Int($0) }, secondsLeft: seconds)
        case .place: self = .elsewhere
        case .rate(_, let seconds): self = .busy(retryAfter: seconds)
        }
    }
}

extension Problem {
    init?(_ refusal: Refusal, _ context: ServiceContext) {
        switch refusal {
        case .malformedRule(let rule, _, let wrong):
            let isAboutCountries = rule == .allowCountries || rule == .denyCountries
            self = .malformedRule(rule, wrong: wrong, isKept: !isAboutCountries || context.tellsCountries)
        case .neverOpen(let rule): self = .neverOpen(rule)
        case .nowhereOpen(let rule, let wrong): self = .malformedRule(rule, wrong: wrong, isKept: true)
        case .serverClosed(let opens): self = .serverClosed(opens: opens.map { Int($0) })
        case .needsScript: self = .needsScript
        case .nothingToShare: self = .emptyContent
        case .key(.content(let limit)): self = .contentTooLarge(limit: limit)
        case .contentTooLarge: self = .contentTooLarge(limit: context.settings.maximumContent)
        case .passphraseMissing: self = .passphraseRequired
        case .passphraseTooShort: self = .passphraseTooShort(minimum: context.settings.minimumPassphrase)
        case .passphraseTooLong: self = .passphraseTooLong(maximum: context.settings.maximumPassphrase)
        case .wrongPassphrase(let left), .passphraseRequired(let left):
            self = .wrongPassphrase(triesLeft: left > 0 ? left : nil)
        case .tooBusy, .lockedOut: self = .busy(retryAfter: 1)
        default: return nil
        }
    }
}
