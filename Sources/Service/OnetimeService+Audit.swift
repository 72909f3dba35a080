// What the holder of a key with the scope `audit` may ask for: the log's lines in memory, and a certificate.
internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import Vault

extension OnetimeService {
    /// `GET /api/audit?from=N`: lines from number N on, as many as one answer has room for. `X-Onetime-Next` is the number to go on
    /// with, `X-Onetime-Missed` how many from N on are not in memory any more. It is written down once, and not again before
    /// something else was: a reader who asks again and again would never see the end.
    func showAudit(_ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment) {
        let caller = judge(request, now)
        if let refusal = refusal(of: caller, requiring: .audit) { return refuse(refusal, .audit, request, &response) }
        guard let log = context.audit else { return refuse(.unknownSecret, .unknownInAPI, request, &response) }
        let from: UInt64
        do throws(Refusal) {
            try checkQuery(request, for: ["from="])
            from = UInt64(try wholeNumber("from=", in: request) ?? 0)
        } catch {
            return refuse(error, .audit, request, &response)
        }
        caller.key?.use()
        var position = log.position(of: from)
        // The position says what is missing only where it was overtaken.
        let missed = position.sequence > from ? position.sequence - from : 0
        let lines = [UInt8](capacity: Self.auditPart) { output in
            _ = log.read(from: &position, into: &output)
        }
        response.begin(.ok, contentType: "application/x-ndjson")
        response.field("X-Onetime-Next", decimal: Int(position.sequence))
        response.field("X-Onetime-Missed", decimal: Int(missed))
        response.fields(Self.plainFields)
        response.append(lines.span)
        if context.lookCount == log.count, context.lookKey == caller.key?.id { return }
        // Nor do several readers, who find each other's looks.
        auditLook(.auditLook, request, now, key: caller.key)
        (context.lookCount, context.lookKey) = (log.count, caller.key?.id)
    }

    /// How many bytes of lines one answer has at most.
    private static let auditPart = 32 * 1024

    private static let plainFields: StaticString = """
        Cache-Control: no-store\r
        X-Content-Type-Options: nosniff\r

        """

    /// `POST /api/certificate`: what became of all secrets so far, signed.
    func certify(
        _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) {
        // A browser shows its key to any page that makes it send a form here.
        let isOwn = context.isSameOrigin(request, hasFormToken: false)
        if let refusal = isOwn ? refusal(of: draft.caller, requiring: .audit) : .foreignOrigin {
            return refuse(refusal, .certificate, request, &response, draft)
        }
        used(draft.caller, request)
        audit(.certificate, request, now, key: draft.caller.key)
        guard let line = certificate(vault.tally, vault.count, now) else {
            return refuse(.unknownSecret, .unknownInAPI, request, &response)
        }
        beginJSON(.ok, &response)
        response.append(line.utf8Span.span)
    }
}
