// The sender's page: what became of the secret, its link while it is unread, and the way to burn it.
public import HTTPServer
internal import HTTPWire

extension Page {
    /// The sender's page, at `/receipt/KEY` or as the answer to the form. Status 200. Marks the response as sensitive.
    ///
    /// - Parameters:
    ///   - receiptToken: the token of the receipt.
    ///   - secretToken: the token of the secret; the link is shown while it is given and the state is new.
    ///   - baseURL: what links begin with, without a slash at the end. Escaped when written.
    ///   - label: what the sender called it. Escaped when written.
    ///   - generated: the password that the server made up, shown in the answer to the form and never again.
    ///   - codeMemory: where the link is drawn as a QR code; without it there is none.
    public static func receipt(
        _ writer: inout ResponseWriter, _ context: PageContext, _ facts: ReceiptFacts, receiptToken: Span<UInt8>,
        secretToken: Span<UInt8>?, baseURL: String, label: Span<UInt8>? = nil, generated: Span<UInt8>? = nil,
        codeMemory: consuming CodeMemory? = nil
    ) {
        let words = context.words
        let (title, lead) =
            switch facts.state {
            case .new: (words.receiptNewTitle, words.receiptNewLead)
            case .received: (words.receiptReceivedTitle, words.receiptReceivedLead)
            // Where some of several readers came, it did not end unread.
            case .burned:
                (words.receiptBurnedTitle, facts.reads > 0 ? words.receiptReceivedLead : words.receiptBurnedLead)
            case .expired:
                (words.receiptExpiredTitle, facts.reads > 0 ? words.receiptReceivedLead : words.receiptExpiredLead)
            }
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: title, script: .receipt)
        receiptWords(&writer, words)
        writer.element("<p class=\"lead\">", lead, "</p>\n")

        if facts.state == .new, let secretToken {
            writer.markup("<section class=\"card\">\n<div class=\"field\">\n<label for=\"link\">")
            writer.element("", words.linkLabel, "</label>\n<input class=\"mono\" type=\"text\" id=\"link\" readonly ")
            writer.markup("dir=\"ltr\" aria-describedby=\"link-hint\" value=\"")
            writer.text(baseURL)
            writer.markup(facts.isSealedInBrowser ? "/" : "/secret/")
            writer.append(htmlText: secretToken)
            writer.markup(facts.isSealedInBrowser ? "\" data-needs-key>\n" : "\">\n")
            if facts.isSealedInBrowser {
                writer.element("<p class=\"caution\" id=\"key-missing\">", words.linkKeyMissing, "</p>\n")
            }
            writer.element("<p class=\"hint\" id=\"link-hint\">", words.linkWarning, "")
            if facts.isLocked { writer.element(" ", words.linkPassphraseHint, "") }
            writer.markup("</p>\n</div>\n<div class=\"actions\" id=\"link-actions\"></div>\n")
            // The key behind the # is not in what the server knows of a link: there the script draws it.
            if !facts.isSealedInBrowser, let codeMemory {
                linkCode(&writer, words, baseURL: baseURL, secretToken, codeMemory)
            }
            if let generated { generatedField(&writer, words, generated) }
            writer.markup("</section>\n")
        }

        writer.markup("<section class=\"card\" id=\"facts\" data-version=\"")
        ReceiptVersion(facts).write(to: &writer)
        writer.element("\">\n<h2>", words.factsTitle, "</h2>\n")
        factsList(&writer, words, facts, label)
        if facts.state == .new {
            writer.element("<p class=\"hint\">", words.receiptHint, "</p>\n<div class=\"actions\">\n")
            writer.markup("<a class=\"button\" id=\"refresh\" href=\"/receipt/")
            writer.append(htmlText: receiptToken)
            writer.element("", context.query, "\">")
            writer.element("", words.refreshLink, "</a>\n<a class=\"button danger\" href=\"/receipt/")
            writer.append(htmlText: receiptToken)
            writer.element("/burn", context.query, "\">")
            writer.element("", words.burnLink, "</a>\n</div>\n")
        }
        writer.element("</section>\n<p><a href=\"/", context.query, "\">")
        writer.element("", words.shareAnother, "</a></p>\n")
        close(&writer, context)
    }

    /// Asks whether to burn, at `/receipt/KEY/burn`; the form posts there. Status 200, or the problem's. Marks the
    /// response as sensitive.
    ///
    /// - Parameters:
    ///   - isLocked: whether the secret has a passphrase, which burning takes too.
    ///   - problem: why the form is shown again.
    public static func burnForm(
        _ writer: inout ResponseWriter, _ context: PageContext, receiptToken: Span<UInt8>, isLocked: Bool,
        problem: Problem? = nil
    ) {
        let words = context.words
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: words.burnTitle, problem: problem)
        writer.element("<p class=\"lead\">", words.burnLead, "</p>\n")
        alert(&writer, context, problem)
        writer.markup("<form class=\"card\" method=\"post\" action=\"/receipt/")
        writer.append(htmlText: receiptToken)
        writer.element("/burn", context.query, "\">\n")
        formToken(&writer, context)
        if isLocked { passphraseField(&writer, context, hint: words.burnPassphraseHint, problem: problem) }
        writer.element("<div class=\"actions\">\n<button class=\"danger\">", words.burnButton, "</button>\n")
        writer.markup("<a class=\"button\" href=\"/receipt/")
        writer.append(htmlText: receiptToken)
        writer.element("", context.query, "\">")
        writer.element("", words.keepLink, "</a>\n</div>\n</form>\n")
        close(&writer, context)
    }

    /// The words of the script on the sender's page.
    private static func receiptWords(_ writer: inout ResponseWriter, _ words: Words) {
        scriptWords(
            &writer,
            [
                "copyLink": words.copyLink, "copyPassphrase": words.copyPassphrase, "send": words.sendLink,
                "copied": words.copied, "qr": words.qrTitle, "offline": words.offline, "problem": words.problem,
                "live": words.liveHint, "generated": words.generatedLabel, "generatedHint": words.generatedHint,
            ])
    }

    private static func generatedField(_ writer: inout ResponseWriter, _ words: Words, _ value: Span<UInt8>) {
        writer.element("<div class=\"field\">\n<label for=\"generated\">", words.generatedLabel, "</label>\n")
        writer.markup("<input class=\"mono\" type=\"text\" id=\"generated\" readonly ")
        writer.markup("aria-describedby=\"generated-hint\" value=\"")
        writer.append(htmlText: value)
        writer.element("\">\n<p class=\"hint\" id=\"generated-hint\">", words.generatedHint, "</p>\n</div>\n")
    }

    static func factsList(
        _ writer: inout ResponseWriter, _ words: Words, _ facts: ReceiptFacts, _ label: Span<UInt8>?
    ) {
        writer.element("<dl>\n<div><dt>", words.stateLabel, "</dt><dd>")
        state(&writer, words, facts.state)
        writer.element("</dd></div>\n<div><dt>", words.createdLabel, "</dt><dd>")
        writer.time(facts.created, words)
        writer.markup("</dd></div>\n")
        if facts.failedAttempts > 0 {
            times(&writer, words, words.wrongTriesLabel, "\(facts.failedAttempts)", facts.failureTimes)
        }
        if facts.refusals > 0 {
            times(&writer, words, words.refusedTriesLabel, "\(facts.refusals)", facts.refusalTimes, facts.refusalCodes)
        }
        if facts.readers > 1 {
            let count = words.fill(words.countOf, "\(facts.reads)", "\(facts.readers)")
            times(&writer, words, words.readLabel, count, facts.readTimes)
        }
        writer.markup("<div><dt>")
        switch facts.state {
        case .new: writer.text(words.expiresLabel)
        case .received: writer.text(words.receivedLabel)
        case .burned: writer.text(words.burnedLabel)
        case .expired: writer.text(words.expiredLabel)
        }
        writer.markup("</dt><dd>")
        if facts.state == .new {
            expiry(&writer, words, expires: facts.expires, secondsLeft: facts.secondsLeft)
        } else {
            writer.time(facts.changed, words)
        }
        writer.element("</dd></div>\n<div><dt>", words.passphraseLabel, "</dt><dd>")
        writer.element("", facts.isLocked ? words.passphraseSet : words.passphraseNone, "</dd></div>\n")
        ruleFacts(&writer, words, facts.rules)
        if let label {
            writer.element("<div><dt>", words.labelLabel, "</dt><dd><bdi>")
            writer.append(legible: label)
            writer.markup("</bdi></dd></div>\n")
        }
        writer.markup("</dl>\n")
    }

    static func state(_ writer: inout ResponseWriter, _ words: Words, _ state: ReceiptFacts.State) {
        switch state {
        case .new: writer.element("<span class=\"state new\">", words.stateNew, "</span>")
        case .received: writer.element("<span class=\"state received\">", words.stateReceived, "</span>")
        case .burned: writer.element("<span class=\"state burned\">", words.stateBurned, "</span>")
        case .expired: writer.element("<span class=\"state expired\">", words.stateExpired, "</span>")
        }
    }

    /// How often something happened, when, and by which rules if by any.
    private static func times(
        _ writer: inout ResponseWriter, _ words: Words, _ name: String, _ count: String, _ times: [Int64],
        _ rules: [UInt8] = []
    ) {
        writer.element("<div><dt>", name, "</dt>")
        writer.element("<dd>", count, "")
        if !times.isEmpty {
            writer.markup("<ol class=\"times\">")
            for (index, time) in times.enumerated() {
                writer.markup("<li>")
                writer.time(Int(time), words)
                if index < rules.count {
                    writer.element(" (", Words.part(Int(rules[index]) - 1, of: words.refusedBy), ")")
                }
                writer.markup("</li>")
            }
            writer.markup("</ol>")
        }
        writer.markup("</dd></div>\n")
    }

    /// When something expires, and how long that is from now.
    static func expiry(_ writer: inout ResponseWriter, _ words: Words, expires: Int, secondsLeft: Int) {
        writer.time(expires, words)
        writer.element(
            " <span class=\"aside\">(", words.fill(words.timeLeft, words.roughDuration(secondsLeft)), ")</span>")
    }
}
