// The sender's side in the API: receipts, burning, and the list of recent ones.
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
    /// Shows a receipt.
    func showReceipt(
        _ key: ByteRange, _ caller: Caller, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) {
        response.isSensitive = true
        let token = key.span(in: request.bytes)
        if let refusal = refusal(of: caller, for: .receipt) {
            return refuse(refusal, .receipt(key), request, &response)
        }
        guard Token.isWellFormed(token) else { return refuse(.malformedKey, .receipt(key), request, &response) }
        guard let id = try? context.suite.receiptID(of: token), let view = vault.receipt(id, now: now) else {
            return refuse(.unknownSecret, .receipt(key), request, &response)
        }
        guard canOpenToken else { return refuse(.noMemory, .receipt(key), request, &response) }
        beginJSON(.ok, &response)
        writeReceipt(view, id, token, request, &response)
        if context.settings.tellsViewed { vault.markViewed(id) }
        auditLook(id, view, request, now, key: caller.key)
        looked(caller, request)
    }

    /// Burns, after a passphrase if there is one.
    func burn(
        _ key: ByteRange, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        let receiptToken = key.span(in: request.bytes)
        if let refusal = checkAction(receiptToken, draft, request) {
            refuse(refusal, draft.route, request, &response, draft)
            return .complete
        }
        do throws(SealingError) {
            let receiptID = try context.suite.receiptID(of: receiptToken)
            let found = vault.receipt(receiptID, now: now)
            // Whoever has a receipt does not guess, whatever became of its secret.
            draft.isKnown = found != nil
            guard let view = found, view.state == .new, let secretID = view.secretID else {
                refuse(.unknownSecret, draft.route, request, &response, draft)
                return .complete
            }
            guard view.takesPassphraseToBurn else {
                finishBurning(receiptID, receiptToken, draft, request, &response, now, vault)
                return .complete
            }
            draft.subject = secretID
            guard draft.hasPassphrase else {
                refuse(.passphraseRequired(attemptsLeft: 0), draft.route, request, &response, draft)
                return .complete
            }
            return try tryPassphrase(on: secretID, draft, request, &response, now, vault)
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
            return .complete
        }
    }

    /// Goes on when the passphrase is stretched.
    func burn(
        _ key: ByteRange, _ draft: Draft, _ stretching: Stretching, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        let receiptToken = key.span(in: request.bytes)
        do throws(SealingError) {
            let receiptID = try context.suite.receiptID(of: receiptToken)
            guard let view = vault.receipt(receiptID, now: now), let secretID = view.secretID else {
                // Somebody may have claimed it meanwhile, who may ask again.
                if let id = draft.attempt { vault.withdrawAttempt(id, now: now) }
                return refuse(.unknownSecret, draft.route, request, &response, draft)
            }
            guard let token = openToken(view, receiptID, receiptToken) else {
                vault.withdrawAttempt(secretID, now: now)
                throw .arenaFull
            }
            guard try unlock(draft, stretching, token.span, secretID, now, vault) != nil else {
                countWrongPassphrase(on: secretID, draft, request, now)
                let left = vault.attemptFailed(secretID, now: now)
                if left == 0, vault.receipt(receiptID, now: now)?.state == .burned {
                    audit(.burn, request, now, secret: secretID, receipt: receiptID, rule: "tries")
                }
                return refuse(.wrongPassphrase(attemptsLeft: left), draft.route, request, &response, draft)
            }
            finishBurning(receiptID, receiptToken, draft, request, &response, now, vault)
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
        }
    }

    private func finishBurning(
        _ receiptID: RecordID, _ receiptToken: Span<UInt8>, _ draft: Draft, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        // The short key is the beginning of the secret's token, which only the receipt can open, and only while it lives.
        let before = vault.receipt(receiptID, now: now)
        guard vault.burn(receiptID, now: now), let view = vault.receipt(receiptID, now: now) else {
            return refuse(.unknownSecret, draft.route, request, &response, draft)
        }
        audit(
            .burn, request, now, secret: before?.secretID, receipt: receiptID,
            key: draft.route.isInAPI ? draft.caller.key : nil)
        if case .burnPage = draft.route {
            return showReceiptPage(view, receiptID, receiptToken, request, &response, now)
        }
        used(draft.caller, request)
        beginJSON(.ok, &response)
        response.append("{\"state\":")
        writeReceipt(view, receiptID, receiptToken, request, &response)
        response.append(",\"secret_shortkey\":\"")
        if let before, let token = openToken(before, receiptID, receiptToken) {
            response.append(token.span.extracting(first: 8))
        }
        response.append("\"}")
    }

    /// The secret's token, out of its receipt, while it lives.
    func openToken(_ view: ReceiptView, _ id: RecordID, _ receiptToken: Span<UInt8>) -> SecureBytes? {
        guard let sealed = view.sealedToken, let secretID = view.secretID,
            var token = context.arena.allocate(Token.size)
        else { return nil }
        do throws(SealingError) {
            try sealed.open(
                under: receiptToken, for: id, purpose: .secretInReceipt, tokenID: secretID, into: &token,
                suite: context.suite)
            return consume token
        } catch {
            return nil
        }
    }

    /// Lists what was created with the API key, newest first, as far as one answer has room.
    func listRecent(
        _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        response.isSensitive = true
        let caller = judge(request, now)
        if let refusal = refusal(of: caller, requiring: .recent) { return refuse(refusal, .recent, request, &response) }
        guard let apiToken = context.apiToken(request) else { return refuse(.noMemory, .recent, request, &response) }
        looked(caller, request)
        auditLook(.recent, request, now, key: caller.key)
        beginJSON(.ok, &response)
        response.append("[")
        var isFirst = true
        for receipt in vault.ownedReceipts {
            // A receipt takes at most about 4.5 KiB, with the longest host, ten recipients and all rules.
            guard response.freeBodyCapacity > 6144 else { break }
            guard let view = vault.receipt(receipt.id, now: now), var token = context.arena.allocate(Token.size),
                (try? receipt.sealedToken.open(
                    under: apiToken.span, for: receipt.id, purpose: .receiptForOwner, tokenID: receipt.id,
                    into: &token, suite: context.suite)) != nil
            else { continue }
            if !isFirst { response.append(",") }
            isFirst = false
            writeReceipt(view, token.span, secretToken: nil, generated: nil, request, &response)
        }
        response.append("]")
    }

    /// Whether there is memory to open a receipt's token: a receipt without its link would be taken for one.
    private var canOpenToken: Bool { context.arena.freeBytes >= 16 * 1024 }

    /// A receipt in the form of v1, with the secret's token as far as the receipt still opens it.
    private func writeReceipt(
        _ view: ReceiptView, _ id: RecordID, _ token: Span<UInt8>, _ request: borrowing Request,
        _ response: inout ResponseWriter
    ) {
        if let secretToken = openToken(view, id, token) {
            writeReceipt(view, token, secretToken: secretToken.span, generated: nil, request, &response)
        } else {
            writeReceipt(view, token, secretToken: Span(), generated: nil, request, &response)
        }
    }

    /// A receipt in the form of v1.
    ///
    /// - Parameters:
    ///   - secretToken: empty once the secret is gone; nil where a list does not tell it.
    ///   - generated: the value that the server made up, in the answer to that request only.
    func writeReceipt(
        _ view: ReceiptView, _ token: Span<UInt8>, secretToken: Span<UInt8>?, generated: Span<UInt8>?,
        _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        response.append("{\"custid\":\"")
        if view.isOwned, let owner = context.keys.name(ofOwner: view.owner) {
            response.append(json: owner)
        } else {
            response.append("anon")
        }
        response.append("\",\"metadata_key\":\"")
        response.append(token)
        if view.state != .received {
            if let secretToken {
                response.append("\",\"secret_key\":\"")
                response.append(secretToken)
            }
            response.append("\",\"secret_ttl\":")
            if let left = view.secondsLeft { response.append(decimal: left) } else { response.append("null") }
        } else {
            response.append("\",\"received\":")
            response.append(decimal: Int(view.updated))
        }
        response.append(",\"ttl\":")
        response.append(decimal: view.timeToLive)
        response.append(",\"metadata_ttl\":")
        response.append(decimal: view.receiptSecondsLeft)
        response.append(",\"metadata_url\":\"")
        context.appendBaseURL(request, to: &response)
        response.append("/receipt/")
        response.append(token)
        response.append("\",\"state\":\"")
        response.append(stateName(view))
        response.append("\",\"created\":")
        response.append(decimal: Int(view.created))
        response.append(",\"updated\":")
        response.append(decimal: Int(view.updated))
        response.append(",\"recipient\":[")
        for (index, recipient) in view.recipients.enumerated() {
            response.append(index == 0 ? "\"" : ",\"")
            response.append(json: recipient)
            response.append("\"")
        }
        response.append("],\"share_domain\":\"\"")
        if view.refusals > 0 {
            response.append(",\"refused\":")
            response.append(decimal: view.refusals)
            response.append(",\"refused_by\":\"")
            response.append(RuleRefusal.name(ofCode: view.refusalCodes.last ?? 0))
            response.append("\"")
        }
        writeRules(view.conditions, &response)
        if let generated {
            response.append(",\"value\":\"")
            response.append(json: generated)
            response.append("\"")
        }
        response.append(view.isLocked ? ",\"passphrase_required\":true}" : ",\"passphrase_required\":false}")
    }

    /// The rules that the secret has, under the names by which they were sent.
    func writeRules(_ conditions: [UInt64], _ response: inout ResponseWriter) {
        if conditions.isEmpty { return }
        let texts = RuleTexts(conditions)
        if let moment = texts.notBefore {
            response.append(",\"not_before\":")
            response.append(decimal: Int(moment))
        }
        for rule in RuleTexts.rules where !texts[rule].isEmpty {
            response.append(",\"")
            response.append(rule.name)
            response.append("\":\"")
            response.append(json: texts[rule])
            response.append("\"")
        }
    }

    private func stateName(_ view: ReceiptView) -> StaticString {
        switch view.state {
        case .new: context.settings.tellsViewed && view.wasViewed ? "viewed" : "new"
        case .received: "received"
        case .burned: "burned"
        case .expired: "expired"
        }
    }
}

extension ReceiptView {
    /// Whether burning takes the secret's passphrase. One who holds the receipt of an envelope cannot make the proof of its
    /// passphrase: that takes the link's key.
    var takesPassphraseToBurn: Bool { isLocked && kind != .envelope }
}
