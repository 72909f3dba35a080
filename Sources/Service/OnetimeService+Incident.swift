// Incident response by the API: burning many, locking down, and what there is and was. It takes a key with the scope `admin`.
internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import Vault

/// Which secrets a report is about: those that somebody could have read at some moment of a span, in seconds since 1970.
struct ReportSpan {
    let from: Int64
    let until: Int64
    /// Whether it lasts until now. Secrets that seem to be made later were made before the wall clock was set back.
    var isUntilNow = false

    /// Whether a secret was there unread, or was read or destroyed, in this span.
    func concerns(_ receipt: ReceiptView) -> Bool {
        let isOver = receipt.state != .new
        return (isUntilNow || receipt.created <= until) && (!isOver || receipt.updated >= from)
    }
}

extension OnetimeService {
    /// How many secrets are looked at for one answer; about 0.5 ms.
    static let surveyBudget = 2000
    /// How much of a burning is done before it is answered, in the units of ``Vault/expire(now:budget:)``.
    private static let burnBudget = 1024

    /// `POST /api/burn` and `/api/lockdown`.
    func act(
        onIncident draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        do throws(Refusal) {
            // A browser shows its key to any page that makes it send a form here.
            guard context.isSameOrigin(request, hasFormToken: false) else { throw .foreignOrigin }
            if let refusal = refusal(of: draft.caller, requiring: draft.route.scope) ?? draft.refusal { throw refusal }
            if case .lockDown = draft.route {
                guard let mode = draft.incident?.mode else { throw .key(.malformedField) }
                lockDown(mode, draft, request)
                beginJSON(.ok, &response)
                response.append("{\"lockdown\":\"")
                response.append(mode.name)
                response.append("\"}")
            } else {
                let selection = try draft.burnSelection()
                guard !selection.isEverything || draft.incident?.isConfirmed == true else { throw .unconfirmed }
                let run = try burn(selection, draft, request, now, vault)
                beginJSON(.ok, &response)
                write(run, &response)
            }
        } catch {
            refuse(error, draft.route, request, &response, draft)
        }
    }

    /// Stops something, or lets it go on.
    func lockDown(_ mode: LockDown, _ draft: Draft, _ request: borrowing Request) {
        context.lockDown = mode
        used(draft.caller, request)
        onIncident(.lockedDown(mode, by: draft.caller.key))
        audit(mode.isEmpty ? .unlock : .lockdown, request, .now, key: draft.caller.key, rule: mode.name)
    }

    /// Burns what was selected.
    func burn(
        _ selection: BurnSelection, _ draft: Draft, _ request: borrowing Request, _ now: Moment,
        _ vault: isolated Vault
    ) throws(Refusal) -> BurnRun {
        vault.keepsEnds = context.audit != nil
        guard let run = vault.burn(selection, budget: Self.burnBudget, now: now) else { throw .tooBusy }
        let key = draft.caller.key
        used(draft.caller, request)
        onIncident(.burned(number: run.number, count: run.burned, isFinished: run.isFinished, by: key))
        var origin = AuditEvent(.burnMany)
        origin.userID = key?.id.packed
        tell(request, &origin)
        let order = BurningOrder(number: run.number, origin: origin, key: key, criteria: selection.criteria)
        context.burnings.append(order)
        tellBurned(run, vault)
        return run
    }

    /// Tells of burnings that went on after they were answered, and are done.
    func tellFinishedBurnings(_ vault: isolated Vault) {
        for run in vault.takeFinishedBurnings() {
            let key = context.burnings.first { $0.number == run.number }?.key
            onIncident(.burned(number: run.number, count: run.burned, isFinished: true, by: key))
            tellBurned(run, vault)
        }
    }

    /// Writes down how far a burning of many got.
    private func tellBurned(_ run: BurnRun, _ vault: isolated Vault) {
        guard let index = context.burnings.firstIndex(where: { $0.number == run.number }) else { return }
        let order = context.burnings[index]
        context.audit?.record(
            order.summary(run.burned), keyName: order.key?.name, detail: .burning(run.number, by: order.criteria),
            now: .now)
        tellBurnedSecrets(vault)
        if run.isFinished { context.burnings.remove(at: index) }
    }

    /// Writes down each secret that burnings of many destroyed since this was called last: of all that is burned at one time it is the
    /// part that one turn of the loop does.
    func tellBurnedSecrets(_ vault: isolated Vault) {
        let secrets = vault.takeBurned()
        guard let log = context.audit, !secrets.isEmpty else { return }
        let now = Moment.now
        for (number, ids) in secrets {
            guard let order = context.burnings.first(where: { $0.number == number }) else { continue }
            log.record(order.burn(ids), keyName: order.key?.name, detail: .burning(number, by: nil), now: now)
        }
    }

    // MARK: What there is and was

    /// Notes that somebody looked at what there is, or was.
    func surveyed(_ caller: Caller, _ request: borrowing Request) {
        onIncident(.surveyed(by: caller.key))
        auditLook(.report, request, .now, key: caller.key)
    }

    /// `GET /api/state` and `/api/report`.
    func tell(
        _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        let caller = judge(request, now)
        if let refusal = refusal(of: caller, requiring: .admin) { return refuse(refusal, route, request, &response) }
        let span: ReportSpan?
        let start: Int?
        do throws(Refusal) {
            if case .report = route {
                try checkQuery(request, for: ["at=", "from=", "to=", "after="])
            } else {
                try checkQuery(request, for: ["after="])
            }
            span = try reportSpan(request, now)
            start = try surveyStart(request)
        } catch {
            return refuse(error, route, request, &response)
        }
        looked(caller, request)
        surveyed(caller, request)
        beginJSON(.ok, &response)
        if case .report = route {
            let span = span ?? ReportSpan(from: 0, until: now.wallSeconds, isUntilNow: true)
            response.append("{\"from\":")
            response.append(decimal: Int(span.from))
            response.append(",\"to\":")
            response.append(decimal: Int(span.until))
            response.append(",\"forgotten\":")
            response.append(decimal: vault.forgottenReceipts)
            writeSurvey(start ?? 0, span, &response, now, vault)
        } else {
            writeState(&response, vault)
            writeSurvey(start ?? 0, nil, &response, now, vault)
        }
    }

    /// The span that a request for a report names, or nil where it names none.
    func reportSpan(_ request: borrowing Request, _ now: Moment) throws(Refusal) -> ReportSpan? {
        let moment = try time("at=", in: request)
        let from = try time("from=", in: request)
        let until = try time("to=", in: request)
        if let moment {
            guard from == nil, until == nil else { throw .key(.malformedField) }
            return ReportSpan(from: moment, until: moment)
        }
        if from == nil && until == nil { return nil }
        let span = ReportSpan(
            from: from ?? 0, until: until ?? max(now.wallSeconds, from ?? 0), isUntilNow: until == nil)
        guard span.from <= span.until else { throw .key(.malformedField) }
        return span
    }

    private func time(_ name: StaticString, in request: borrowing Request) throws(Refusal) -> Int64? {
        guard let text = field(name, in: request), !text.isEmpty else { return nil }
        // Escapes take three bytes for one. Where a form's rules make a plus a space, it can be but that of an offset.
        guard text.count <= 3 * IncidentTime.longest, let bytes = FormDecoder.unescaped(text),
            let seconds = IncidentTime.seconds(bytes.span)
        else { throw .key(.malformedField) }
        return seconds
    }

    /// Where a walk goes on, which an answer before said.
    func surveyStart(_ request: borrowing Request) throws(Refusal) -> Int? { try wholeNumber("after=", in: request) }

    /// The number that a field of the query has, or nil where it is empty or not there.
    func wholeNumber(_ name: StaticString, in request: borrowing Request) throws(Refusal) -> Int? {
        guard let text = field(name, in: request), !text.isEmpty else { return nil }
        var digits: [UInt8] = []
        for index in text.indices { digits.append(text[index]) }
        guard digits.count <= 18, let number = Draft.number(digits) else { throw .key(.malformedField) }
        return number
    }

    private func writeState(_ response: inout ResponseWriter, _ vault: isolated Vault) {
        response.append("{\"lockdown\":\"")
        response.append(context.lockDown.name)
        response.append("\",\"secrets\":")
        response.append(decimal: vault.count)
        response.append(",\"free_bytes\":")
        response.append(decimal: vault.freeBytes)
        response.append(",\"burns\":[")
        var isFirst = true
        for run in vault.lastBurnings {
            if !isFirst { response.append(",") }
            isFirst = false
            write(run, &response)
        }
        response.append("]")
    }

    private func write(_ run: BurnRun, _ response: inout ResponseWriter) {
        response.append("{\"burn\":")
        response.append(decimal: Int(run.number))
        response.append(",\"began\":")
        response.append(decimal: Int(run.began))
        response.append(",\"burned\":")
        response.append(decimal: run.burned)
        response.append(",\"cut_off\":")
        response.append(decimal: run.cutOff)
        response.append(run.isFinished ? ",\"finished\":true}" : ",\"finished\":false}")
    }

    /// A page of a walk: as many as one answer has room for, of those that one answer has time to look at.
    private func writeSurvey(
        _ start: Int, _ span: ReportSpan?, _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        response.append(",\"list\":[")
        var position: Int? = start
        var budget = Self.surveyBudget
        var isFirst = true
        // One takes at most about 4 KiB, with a name of 255 bytes, all times and all rules.
        while response.freeBodyCapacity > 6144,
            let found = vault.survey(&position, budget: &budget, isWithGone: span != nil, now: now)
        {
            if let span, !span.concerns(found.receipt) { continue }
            if !isFirst { response.append(",") }
            isFirst = false
            write(found, &response, now)
        }
        response.append("],\"next\":")
        if let position { response.append(decimal: position) } else { response.append("null") }
        response.append("}")
    }

    private func write(_ found: SurveyedSecret, _ response: inout ResponseWriter, _ now: Moment) {
        let receipt = found.receipt
        response.append("{\"id\":\"")
        response.append(ShortID.text(found.receiptID.high))
        response.append("\",\"secret\":\"")
        response.append(ShortID.text(found.secretID))
        response.append("\",\"state\":\"")
        switch receipt.state {
        case .new: response.append("new")
        case .received: response.append("received")
        case .burned: response.append("burned")
        case .expired: response.append("expired")
        }
        response.append("\",\"created\":")
        response.append(decimal: Int(receipt.created))
        response.append(",\"updated\":")
        response.append(decimal: Int(receipt.updated))
        response.append(",\"expires\":")
        response.append(decimal: Int(receipt.created) + receipt.timeToLive)
        response.append(",\"key\":")
        if let name = context.keys.name(ofOwner: receipt.owner) {
            response.append("\"")
            response.append(json: name)
            response.append("\"")
        } else {
            response.append("null")
        }
        response.append(receipt.isLocked ? ",\"passphrase\":true" : ",\"passphrase\":false")
        response.append(receipt.label == nil ? ",\"label\":false" : ",\"label\":true")
        response.append(",\"readers\":")
        response.append(decimal: receipt.readers)
        response.append(",\"reads\":")
        response.append(decimal: receipt.reads)
        write(",\"read_at\":[", receipt.readTimes, &response)
        response.append(",\"wrong_passphrases\":")
        response.append(decimal: receipt.failedAttempts)
        write(",\"wrong_at\":[", receipt.failureTimes, &response)
        writeRules(receipt.conditions, &response)
        response.append("}")
    }

    private func write(_ name: StaticString, _ times: [Int64], _ response: inout ResponseWriter) {
        response.append(name)
        for (index, time) in times.enumerated() {
            if index > 0 { response.append(",") }
            response.append(decimal: Int(time))
        }
        response.append("]")
    }
}
