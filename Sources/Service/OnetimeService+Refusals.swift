// Answers to what cannot be done, in the words that clients match on.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Sealing

extension OnetimeService {
    /// Refuses a request, in the form of its route. Out of line: it would make the stack of all that goes well deeper.
    @inline(never)
    func refuse(
        _ refusal: Refusal, _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ draft: Draft? = nil, about subject: RecordID? = nil
    ) {
        if !route.isUnknown { observation.noteRefusal(refusal.name) }
        switch refusal {
        case .unknownSecret, .malformedKey:
            if route.takesToken, draft?.isKnown != true { countRate(.miss, request, .now) }
        case .key(.linkGone): countRate(.miss, request, .now)
        default: break
        }
        if draft?.isWrittenDown != true { auditRefusal(refusal, route, request, subject ?? draft?.subject, draft) }
        switch route {
        case .conceal, .claim, .commit: refuseScript(refusal, request, &response)
        case .homePage, .linkPage, .secretPage, .destroyPage, .receiptPage, .receiptEvents, .burnPage, .operatorPage,
            .unknown:
            refuseOnPage(refusal, route, request, &response, draft)
        case .unknownInAPI:
            beginJSON(.notFound, &response)
            response.append("{\"error\":\"Not Found\"}")
        default:
            refuseInV1(refusal, route, request, &response)
        }
    }

    /// For how many seconds a client shall wait that a lock-down refuses.
    private static let lockedRetry: StaticString = "60"

    /// Refuses a method that the route does not know.
    func refuseMethod(_ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter) {
        observation.noteRefusal("method")
        auditRefusal(by: "method", request)
        if case .reveal = route {
            // Upstream has no such route; looking at a secret by GET is not a mistake in the method.
            beginJSON(.notFound, &response)
            response.append("{\"error\":\"Not Found\"}")
            return
        }
        response.begin(.methodNotAllowed)
        response.field("Allow", route.methods)
        response.fields(Self.fields)
        response.append("{\"error\":\"Method Not Allowed\"}")
    }

    /// Refuses a host that is none of the server's (RFC 9110, section 15.5.20), and does not tell who it is.
    func refuseHost(_ request: borrowing Request, _ response: inout ResponseWriter) {
        observation.noteRefusal("host")
        auditRefusal(by: "host", request)
        response.begin(.misdirectedRequest, contentType: "text/plain")
        response.field("Cache-Control", "no-store")
        response.append("Misdirected Request\n")
    }

    /// Every error of v1 is a 404 with the status that was meant in a field of its own; but a client has to be able to tell a
    /// server that has no room or time from a secret that is not there, so those keep their own status.
    private func refuseInV1(
        _ refusal: Refusal, _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        var refusal = refusal
        if case .reveal = route, refusal.isAboutPassphrase {
            // To a recipient, a wrong passphrase and a secret that is not there are one answer.
            refusal = .unknownSecret
        }
        let intended = intendedStatus(refusal)
        let keepsStatus =
            intended == .tooManyRequests || intended.code >= 500 || refusal == .bodyTooLarge || !route.isUpstream
        response.begin(keepsStatus ? intended : .notFound)
        response.field("X-OTS-Intended-Status", decimal: Int(intended.code))
        if case .rule(let rule) = refusal {
            if let seconds = rule.retryAfter(now: Moment.now.wallSeconds) {
                response.field("Retry-After", decimal: seconds)
            }
        } else if intended == .tooManyRequests || intended == .serviceUnavailable {
            response.field("Retry-After", refusal == .lockedDown ? Self.lockedRetry : "1")
        }
        if intended == .unauthorized && !route.isUpstream {
            response.fields("WWW-Authenticate: Bearer realm=\"onetime-lite\"\r\n")
        }
        response.fields(Self.fields)
        response.append("{\"message\":\"")
        writeMessage(refusal, &response)
        response.append("\"")
        let opens: Int64?
        switch refusal {
        case .rule(.time(let time)): opens = time.opens
        case .serverClosed(let moment): opens = moment
        default: opens = nil
        }
        if let opens {
            response.append(",\"opens_at\":")
            response.append(decimal: Int(opens))
        }
        if let key = keyOfUnknownSecret(refusal, route) {
            response.append(",\"secret_key\":\"")
            response.append(json: key.span(in: request.bytes))
            response.append("\"")
        }
        response.append("}")
    }

    private func keyOfUnknownSecret(_ refusal: Refusal, _ route: Route) -> ByteRange? {
        switch (refusal, route) {
        case (.unknownSecret, .reveal(let key)), (.unknownSecret, .receipt(let key)), (.unknownSecret, .burn(let key)):
            key
        default: nil
        }
    }

    private func intendedStatus(_ refusal: Refusal) -> ResponseStatus {
        switch refusal {
        case .nothingToShare, .passphraseTooShort, .passphraseTooLong, .passphraseMissing, .recipientWithoutAccount,
            .wrongPassphrase, .passphraseRequired:
            .unprocessableContent
        case .contentTooLarge, .bodyTooLarge: .contentTooLarge
        case .contentIsNotText, .duplicateField, .malformedBody, .wordsTooLong, .claimMissing, .unknownField,
            .passphraseIsNoText, .linkInAPI:
            .badRequest
        case .outOfRange: .unprocessableContent
        case .needsScript, .holdsFiles, .nothingSelected, .unconfirmed: .unprocessableContent
        case .key(let refusal): refusal.status
        case .unknownSecret, .malformedKey: .notFound
        case .stale: .conflict
        case .foreignOrigin, .rule(.time), .rule(.place): .forbidden
        case .rule(.rate): .tooManyRequests
        case .malformedRule, .neverOpen, .nowhereOpen, .serverClosed: .unprocessableContent
        case .lockedOut, .tooBusy: .tooManyRequests
        case .vaultFull: .insufficientStorage
        case .noMemory, .lockedDown: .serviceUnavailable
        case .internalError: .internalServerError
        }
    }

    private func writeMessage(_ refusal: Refusal, _ response: inout ResponseWriter) {
        let settings = context.settings
        switch refusal {
        case .nothingToShare: response.append("You did not provide anything to share")
        case .contentTooLarge, .bodyTooLarge:
            response.append("Secret value exceeds the maximum size of ")
            response.append(decimal: settings.maximumContent)
            response.append(" bytes")
        case .contentIsNotText: response.append("Secret value is not valid UTF-8 text")
        case .passphraseTooShort:
            response.append("Passphrase must be at least ")
            response.append(decimal: settings.minimumPassphrase)
            response.append(" characters long")
        case .passphraseTooLong:
            response.append("Passphrase must be no more than ")
            response.append(decimal: settings.maximumPassphrase)
            response.append(" characters long")
        case .passphraseMissing: response.append("A passphrase is required for all secrets")
        case .passphraseIsNoText: response.append("passphrase has to be a text")
        case .recipientWithoutAccount: response.append("An account is required to send emails.")
        case .key(let refusal):
            let message = refusal.message
            response.append(message.before)
            if let number = message.number { response.append(decimal: number) }
            response.append(message.after)
        case .unknownSecret: response.append("Unknown secret")
        case .malformedKey: response.append("Not Found")
        case .wrongPassphrase, .passphraseRequired: response.append("Double check that passphrase")
        case .lockedOut, .internalError: response.append("An unexpected error occurred :[")
        case .tooBusy: response.append("Rate limit exceeded. Please try again later.")
        case .vaultFull: response.append("The vault is full. Please try again later.")
        case .noMemory: response.append("The server is out of protected memory. Please try again later.")
        case .stale: response.append("The state changed meanwhile")
        case .foreignOrigin: response.append("Requests from other origins are refused")
        case .wordsTooLong: response.append("A note or label is too long")
        case .claimMissing: response.append("A claim is missing")
        case .needsScript: response.append("This secret was sealed end to end: open its link in a browser")
        case .holdsFiles: response.append("This secret holds files: open its link in a browser")
        case .rule(.time): response.append("This secret cannot be read now; nothing was consumed")
        case .rule(.place): response.append("Not allowed from this network or country; nothing was consumed")
        case .rule(.rate): response.append("Rate limit exceeded. Please try again later.")
        case .malformedRule(let rule, let allowed, _):
            response.append(rule.name)
            response.append(" has to be ")
            response.append(json: allowed)
        case .neverOpen(let rule):
            response.append(rule.name)
            response.append(": with this rule nobody could read the secret before it expires")
        case .nowhereOpen(let rule, _):
            response.append(rule.name)
            response.append(": with this rule, and those of the server, nobody could read the secret from anywhere")
        case .serverClosed:
            response.append("The hours of this server do not come before the secret would expire; nothing was stored")
        case .outOfRange(let choice, let most):
            response.append(choice.name)
            response.append(" has to be a whole number from 1 to ")
            response.append(decimal: most)
        case .linkInAPI:
            response.append("link: the API takes no creation link; open it in a browser, or send a form with it to /")
        case .duplicateField: response.append("A field was given more than once")
        case .malformedBody(let fault): response.append(fault.reason)
        case .lockedDown: response.append("This server is locked down by its operator. Nothing was consumed.")
        case .nothingSelected: response.append("Say what to burn: all, key, label, from, to or receipt")
        case .unconfirmed: response.append("To burn all secrets, add confirm=yes")
        case .unknownField: response.append("A field is not known here")
        }
    }

    private func refuseOnPage(
        _ refusal: Refusal, _ route: Route, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ draft: Draft?
    ) {
        let page = pageContext(request)
        if case .operatorPage = route, case .key(let refusal) = refusal {
            let isAboutField = refusal == .malformedField || refusal == .noSuchKey
            return Page.notice(&response, page, isAboutField ? .malformed : .adminRequired)
        }
        if case .unknown = route { return Page.notice(&response, page, .notFound) }
        switch refusal {
        case .unknownSecret, .malformedKey: Page.gone(&response, page)
        case .foreignOrigin: Page.notice(&response, page, .refused)
        case .stale: Page.notice(&response, page, .stale)
        case .rule(let rule): Page.notice(&response, page, Notice(rule, .now))
        case .vaultFull, .internalError: Page.notice(&response, page, .full)
        case .lockedDown: Page.notice(&response, page, .lockedDown)
        case .noMemory: Page.notice(&response, page, .busy(retryAfter: 1))
        case .bodyTooLarge: Page.notice(&response, page, .tooLarge(limit: context.settings.maximumContent))
        case .key(let refusal):
            switch refusal {
            case .content: showFormAgain(.key(refusal), route, request, &response, draft)
            case .linkGone: Page.notice(&response, page, .linkGone)
            default: Page.notice(&response, page, .keyRequired)
            }
        case .tooBusy, .lockedOut, .wrongPassphrase, .passphraseRequired, .nothingToShare, .contentTooLarge,
            .passphraseTooShort, .passphraseTooLong, .passphraseMissing, .needsScript, .malformedRule, .neverOpen,
            .nowhereOpen, .serverClosed:
            showFormAgain(refusal, route, request, &response, draft)
        case .contentIsNotText, .recipientWithoutAccount, .duplicateField, .malformedBody,
            .wordsTooLong, .claimMissing, .holdsFiles, .passphraseIsNoText, .nothingSelected, .unconfirmed,
            .unknownField, .linkInAPI, .outOfRange:
            Page.notice(&response, page, .malformed)
        }
    }

    // MARK: JSON

    /// What an answer of the API is, and what keeps it out of caches, frames and guesses about its type.
    static let fields: StaticString = """
        Content-Type: application/json; charset=utf-8\r
        Cache-Control: no-store\r
        Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r
        Cross-Origin-Resource-Policy: same-origin\r
        Referrer-Policy: no-referrer\r
        X-Content-Type-Options: nosniff\r

        """

    /// Begins an answer in JSON.
    func beginJSON(_ status: ResponseStatus, _ response: inout ResponseWriter) {
        response.begin(status)
        response.fields(Self.fields)
    }
}
