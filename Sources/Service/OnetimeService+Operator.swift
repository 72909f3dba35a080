// The operator's page, filled with what the vault knows, and what its forms do. It takes a key with the scope `admin`, which the
// browser asks for and keeps by itself (RFC 7617): there are no cookies.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

extension OnetimeService {
    /// `GET /operator`. Where no key opens it there is no such page.
    func showOperatorPage(
        _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        guard context.keys.hasKey(with: .admin, now: now.wallSeconds) else {
            return refuse(.unknownSecret, .unknown, request, &response)
        }
        let caller = judge(request, now)
        do throws(Refusal) {
            if let refusal = refusal(of: caller, requiring: .admin) { throw refusal }
            try checkQuery(request, for: ["at=", "from=", "to=", "after=", "locale="])
            let span = try reportSpan(request, now)
            let start = try surveyStart(request) ?? 0
            let page = pageContext(request, for: caller)
            looked(caller, request)
            surveyed(caller, request)
            Page.console(&response, page, facts(start, span, now, vault))
        } catch {
            refuse(error, .operatorPage, request, &response)
        }
    }

    /// `POST /operator`: stops something, asks whether to burn, or burns.
    func actOnOperatorPage(
        _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        guard context.keys.hasKey(with: .admin, now: now.wallSeconds) else {
            return refuse(.unknownSecret, .unknown, request, &response)
        }
        do throws(Refusal) {
            if let refusal = refusal(of: draft.caller, requiring: .admin) { throw refusal }
            // Whatever the browser says of where it comes from: scripts have the API.
            guard draft.hasKeyProof, isSameOrigin(request, draft) else { throw .foreignOrigin }
            if let refusal = draft.refusal { throw refusal }
            if let incident = draft.incident, incident.wantsLock {
                // Boxes say nothing of what the page did not show: another operator's lock-down, or a signal's.
                guard incident.shown == context.lockDown else { throw .stale }
                lockDown(incident.stops, draft, request)
                return goBack(request, &response)
            }
            let selection = try draft.burnSelection()
            if draft.incident?.isConfirmed == true {
                _ = try burn(selection, draft, request, now, vault)
                return goBack(request, &response)
            }
            looked(draft.caller, request)
            confirm(selection, draft, request, &response, vault)
        } catch {
            if error == .tooBusy { return Page.notice(&response, pageContext(request), .busy(retryAfter: 1)) }
            refuse(error, .operatorPage, request, &response, draft)
        }
    }

    /// After a form: on to the page, so that a reload does nothing again.
    private func goBack(_ request: borrowing Request, _ response: inout ResponseWriter) {
        response.begin(.seeOther)
        response.field("Location") { (field: inout ResponseWriter) in
            field.append("/operator")
            field.append(pageContext(request).query)
        }
        response.fields(Page.securityFields)
    }

    private func confirm(
        _ selection: BurnSelection, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ vault: isolated Vault
    ) {
        var plan = BurnPlan()
        if selection.isEverything { plan.count = vault.count }
        plan.keyName = draft.incident?.keyName
        (plan.from, plan.until) = (draft.incident?.from, draft.incident?.until)
        for id in selection.receipts {
            if !plan.receipts.isEmpty { plan.receipts += "," }
            plan.receipts += ShortID.text(id)
        }
        let page = pageContext(request, for: draft.caller)
        if draft.hasLabel, let label = draft.takeLabel() {
            Page.confirmBurning(&response, page, plan, label: label.span)
        } else {
            Page.confirmBurning(&response, page, plan, label: nil)
        }
    }

    private func facts(
        _ start: Int, _ span: ReportSpan?, _ now: Moment, _ vault: isolated Vault
    ) -> OperatorFacts {
        var facts = OperatorFacts()
        facts.count = vault.count
        facts.stopsCreation = context.lockDown.contains(.creation)
        facts.stopsReveal = context.lockDown.contains(.reveal)
        facts.lockDown = context.lockDown.name
        for run in vault.lastBurnings { facts.burnings.append((run.began, run.burned)) }
        facts.span = span.map { $0.from...$0.until }
        var position: Int? = start
        var budget = Self.surveyBudget
        while facts.entries.count < OperatorFacts.entryLimit,
            let found = vault.survey(&position, budget: &budget, isWithGone: span != nil, now: now)
        {
            if let span, !span.concerns(found.receipt) { continue }
            var told = ReceiptFacts(found.receipt, now)
            told.rules = RuleTexts(found.receipt.conditions)
            facts.entries.append(
                OperatorEntry(
                    id: ShortID.text(found.receiptID.high), facts: told,
                    keyName: context.keys.name(ofOwner: found.receipt.owner), next: position))
        }
        facts.next = position
        if let span { facts.query = "&from=\(span.from)" }
        if let span, !span.isUntilNow { facts.query += "&to=\(span.until)" }
        return facts
    }
}
