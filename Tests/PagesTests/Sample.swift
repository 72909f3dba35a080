// Pages to look at, and what they are made of.
import HTTPServer
import HTTPWire
import Pages

enum Sample {
    static let secretToken = Array("s3cr3tt0kens3cr3tt0kens3cr3tt0k".utf8)
    static let receiptToken = Array("r3c31ptt0kenr3c31ptt0kenr3c31pt".utf8)
    static let created = 1_772_300_699

    static func context(
        _ words: Words = .english, brand: Brand = .standard, formToken: String = "proof",
        isSecure: Bool = true
    ) -> PageContext {
        PageContext(words: words, brand: brand, formToken: formToken, isSecure: isSecure)
    }

    static let policy = FormPolicy(
        lifetimes: [300, 1800, 3600, 14_400, 43_200, 86_400, 259_200, 604_800], defaultLifetime: 3600,
        contentLimit: 1 << 20)

    static func facts(_ state: ReceiptFacts.State, isLocked: Bool = false) -> ReceiptFacts {
        ReceiptFacts(
            state: state, created: created, changed: created + 1200, secondsLeft: 3540, expires: created + 3600,
            isLocked: isLocked)
    }

    static let states: [(String, ReceiptFacts.State)] = [
        ("new", .new), ("received", .received), ("burned", .burned), ("expired", .expired),
    ]
    static let notices: [(String, Notice)] = [
        ("notfound", .notFound), ("malformed", .malformed), ("refused", .refused), ("busy", .busy(retryAfter: 5)),
        ("full", .full), ("adminrequired", .adminRequired), ("lockeddown", .lockedDown),
        ("toolarge", .tooLarge(limit: 1 << 20)),
    ]
    static let formProblems: [(String, Problem)] = [
        ("empty", .emptyContent), ("large", .contentTooLarge(limit: 10_000)), ("required", .passphraseRequired),
        ("short", .passphraseTooShort(minimum: 4)), ("long", .passphraseTooLong(maximum: 128)),
        ("busy", .busy(retryAfter: 120)), ("never", .neverOpen(.notBefore)),
        ("closed", .serverClosed(opens: created)), ("unknown", .serverClosed(opens: nil)),
        ("rule", .malformedRule(.hours, wrong: "</p><b id='1'>", isKept: true)),
        ("country", .malformedRule(.denyCountries, wrong: "KP", isKept: false)),
    ]
    static var rules: RuleTexts {
        var rules = RuleTexts()
        rules.notBefore = Int64(created)
        for rule in RuleTexts.rules { rules[rule] = "\"><b id='\(rule.name)'>" }
        return rules
    }
    static let content = """
        -----BEGIN <b>EXAMPLE</b> KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        "quoted" & 'apostrophe' </textarea><script>alert(1)</script>
        -----END EXAMPLE KEY-----
        """

    static func secretPage(
        token: [UInt8] = secretToken, server: String = "secrets.example.org", isLocked: Bool = false
    ) throws -> Rendered {
        try render {
            Page.secret(
                &$0, context(), SecretFacts(server: server, expires: created, secondsLeft: 60, isLocked: isLocked),
                secretToken: token.span, note: nil)
        }
    }

    static var operatorFacts: OperatorFacts {
        var facts = OperatorFacts()
        facts.count = 12
        facts.stopsReveal = true
        facts.burnings = [(Int64(created), 3)]
        facts.next = 20
        facts.entries = states.map { name, state in
            var told = Self.facts(state)
            if state == .new { told.rules = rules }
            return OperatorEntry(
                id: "0123456789abcdef", facts: told, keyName: name == "new" ? "night <shift>" : nil, next: 20)
        }
        return facts
    }

    /// Every page in every state that looks different, by name.
    static func allPages(_ context: PageContext) throws -> [(name: String, page: Rendered)] {
        let (secret, receipt) = (secretToken, receiptToken)
        let base = "https://secrets.example.org"
        var pages: [(String, Rendered)] = []
        func add(_ name: String, _ write: (inout ResponseWriter) -> Void) throws {
            pages.append((name, try render(write)))
        }
        try add("create") { Page.createForm(&$0, context, policy) }
        for (name, problem) in formProblems {
            try add("create-\(name)") {
                Page.createForm(&$0, context, policy, chosenLifetime: 300, rules: rules, problem: problem)
            }
        }
        for (name, state) in states {
            try add("receipt-\(name)") {
                var facts = facts(state, isLocked: true)
                if state == .new { facts.rules = rules }
                Page.receipt(
                    &$0, context, facts, receiptToken: receipt.span,
                    secretToken: state == .new ? secret.span : nil, baseURL: base)
            }
        }
        try add("receipt-generated") {
            Page.receipt(
                &$0, context, facts(.new), receiptToken: receipt.span, secretToken: secret.span, baseURL: base,
                generated: Array("xK7&<\"'pQ2mZ".utf8).span)
        }
        for (name, problem) in [("", nil), ("-wrong", Problem.wrongPassphrase(triesLeft: nil))] {
            try add("burn-locked\(name)") {
                Page.burnForm(&$0, context, receiptToken: receipt.span, isLocked: true, problem: problem)
            }
        }
        try add("burn") { Page.burnForm(&$0, context, receiptToken: receipt.span, isLocked: false) }
        let problems: [(String, Problem?)] = [
            ("", nil), ("-wrong", .wrongPassphrase(triesLeft: 3)), ("-last", .wrongPassphrase(triesLeft: 1)),
            ("-busy", .busy(retryAfter: 2)),
        ]
        for (name, problem) in problems {
            try add("secret-locked\(name)") {
                Page.secret(
                    &$0, context,
                    SecretFacts(
                        server: "secrets.example.org", expires: created + 93_600, secondsLeft: 93_500, isLocked: true),
                    secretToken: secret.span, note: content.utf8Span.span, problem: problem)
            }
        }
        try add("secret") {
            Page.secret(
                &$0, context,
                SecretFacts(
                    server: "secrets.example.org", expires: created + 3600, secondsLeft: 45, isLocked: false,
                    needsScript: true, isSealedInBrowser: true), secretToken: secret.span, note: nil)
        }
        try add("destroy") { Page.destroyForm(&$0, context, secretToken: secret.span) }
        try add("destroyed") {
            Page.destroyed(&$0, context)
        }
        try add("revealed") {
            let bytes = Array(content.utf8)
            Page.revealedStart(&$0, context, byteCount: bytes.count)
            $0.append(htmlText: bytes.span)
            Page.revealedEnd(&$0, context)
        }
        try add("operator") { Page.console(&$0, context, operatorFacts) }
        try add("operator-empty") { Page.console(&$0, context, OperatorFacts()) }
        try add("operator-report") {
            var facts = operatorFacts
            facts.span = Int64(created)...Int64(created) + 60
            Page.console(&$0, context, facts)
        }
        try add("operator-burn") {
            var plan = BurnPlan()
            plan.keyName = "night <shift>"
            (plan.from, plan.until) = (Int64(created), Int64(created) + 60)
            plan.receipts = "0123456789abcdef"
            Page.confirmBurning(&$0, context, plan, label: content.utf8Span.span)
        }
        try add("operator-burn-all") {
            var plan = BurnPlan()
            plan.count = 12
            Page.confirmBurning(&$0, context, plan, label: nil)
        }
        try add("gone") { Page.gone(&$0, context) }
        for (name, notice) in notices { try add("notice-\(name)") { Page.notice(&$0, context, notice) } }
        return pages
    }
}
