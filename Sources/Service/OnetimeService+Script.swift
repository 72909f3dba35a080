// What the page's script asks for: to conceal what it sealed, to claim a secret, to say that the claim has done its work.
internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

extension ContentKind {
    /// The name in the field `kind` of a form, and in the answer to a claim.
    var name: StaticString {
        switch self {
        case .text: "text"
        case .bundle: "bundle"
        case .envelope: "envelope"
        case .files: "files"
        }
    }

    /// Whether only a script can show it.
    var needsScript: Bool {
        switch self {
        case .bundle, .envelope: true
        case .text, .files: false
        }
    }
}

extension OnetimeService {
    /// Tells the script what it concealed: both tokens, and the link up to its `#`.
    ///
    /// The link of a secret that a browser sealed is the short one, for a key of 45 characters follows it.
    func tellScript(
        _ draft: Draft, _ view: ReceiptView, _ token: Span<UInt8>, _ receiptToken: Span<UInt8>,
        _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        beginJSON(.ok, &response)
        response.append("{\"secret\":\"")
        response.append(token)
        response.append("\",\"receipt\":\"")
        response.append(receiptToken)
        response.append("\",\"link\":\"")
        context.appendBaseURL(request, to: &response)
        response.append(view.kind == .envelope ? "/" : "/secret/")
        response.append(token)
        response.append("\",\"expires\":")
        response.append(decimal: Int(view.created) + view.timeToLive)
        response.append("}")
    }

    /// The reader has opened what he got: 204, or 404 when there was no such claim.
    func commit(
        _ key: ByteRange, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) {
        let token = key.span(in: request.bytes)
        if let refusal = checkAction(token, draft, request) {
            return refuse(refusal, draft.route, request, &response, draft)
        }
        guard let claim = draft.claim, let id = try? context.suite.secretID(of: token),
            vault.commit(id, claim: claim, now: now)
        else { return refuse(.unknownSecret, draft.route, request, &response, draft) }
        audit(.commit, request, now, secret: id)
        response.begin(.noContent)
        response.fields(Page.securityFields)
    }

    /// The recipient destroys a secret that he does not want to read.
    func destroyUnread(
        _ key: ByteRange, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) {
        let token = key.span(in: request.bytes)
        if let refusal = checkAction(token, draft, request) {
            return refuse(refusal, draft.route, request, &response, draft)
        }
        // Whoever may not read it may not destroy it either.
        if let id = try? context.suite.secretID(of: token), let view = vault.secret(id, now: now),
            let refusal = ruleRefusal(view, id, request, now, vault)
        {
            return refuse(refusal, draft.route, request, &response, draft, about: id)
        }
        guard let id = try? context.suite.secretID(of: token), vault.destroyUnread(id, now: now) else {
            return refuse(.unknownSecret, draft.route, request, &response, draft)
        }
        audit(.burn, request, now, secret: id)
        Page.destroyed(&response, pageContext(request))
    }

    /// Tells the script why not, in the reader's language.
    func refuseScript(
        _ refusal: Refusal, _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        let page = pageContext(request)
        if let problem = Problem(refusal, context) { return Page.tell(problem, &response, page) }
        switch refusal {
        case .unknownSecret, .malformedKey: Page.tellGone(&response, page)
        case .key(.linkGone): Page.tell(.linkGone, &response, page)
        case .key: Page.tell(.keyRequired, &response, page)
        case .rule(let rule): Page.tell(Notice(rule, .now), &response, page)
        case .foreignOrigin: Page.tell(.refused, &response, page)
        case .vaultFull, .internalError: Page.tell(.full, &response, page)
        case .lockedDown: Page.tell(.lockedDown, &response, page)
        case .noMemory: Page.tell(Notice.busy(retryAfter: 1), &response, page)
        case .bodyTooLarge: Page.tell(.tooLarge(limit: context.settings.maximumContent), &response, page)
        default: Page.tell(.malformed, &response, page)
        }
    }
}
