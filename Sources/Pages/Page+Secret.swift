// The recipient's pages: before the secret is shown, the secret, and destroying it unread.
public import HTTPServer
internal import HTTPWire

/// What the recipient's page tells about a secret. Holds no token and no content.
public struct SecretFacts: Equatable, Sendable {
    /// Name and, if it is unusual, port of the server.
    public var server: String
    /// When it expires, in seconds since 1970 (UTC).
    public var expires: Int
    /// How many seconds that is from now.
    public var secondsLeft: Int
    /// Whether it has a passphrase.
    public var isLocked: Bool
    /// Whether only a script can show it.
    public var needsScript: Bool
    /// Whether it was sealed in a browser: then the script needs the key behind the link's `#`.
    public var isSealedInBrowser: Bool
    /// Whether others may read it too: then it is not for one of them to destroy.
    public var isShared: Bool

    /// The facts about one secret.
    public init(
        server: String, expires: Int, secondsLeft: Int, isLocked: Bool, needsScript: Bool = false,
        isSealedInBrowser: Bool = false, isShared: Bool = false
    ) {
        self.server = server
        self.expires = expires
        self.secondsLeft = secondsLeft
        self.isLocked = isLocked
        self.needsScript = needsScript
        self.isSealedInBrowser = isSealedInBrowser
        self.isShared = isShared
    }
}

extension Page {
    /// The recipient's page, at `/secret/KEY`; the form posts there. Status 200, or the problem's. Changes nothing and
    /// shows nothing of the content. Marks the response as sensitive.
    ///
    /// - Parameters:
    ///   - secretToken: the token of the secret.
    ///   - note: what the sender tells beforehand. Escaped when written.
    ///   - problem: why the form is shown again.
    public static func secret(
        _ writer: inout ResponseWriter, _ context: PageContext, _ facts: SecretFacts, secretToken: Span<UInt8>,
        note: Span<UInt8>?, problem: Problem? = nil
    ) {
        let words = context.words
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: words.secretTitle, script: .reveal, problem: problem)
        revealWords(&writer, context)
        writer.element("<p class=\"lead\">", words.secretLead, "</p>\n")
        brandTexts(&writer, context.brand.beforeReveal)
        alert(&writer, context, problem)
        connectionNotice(&writer, context)
        if facts.needsScript && problem != .needsScript {
            writer.element("<noscript><p class=\"caution\">", words.needsScript, "</p></noscript>\n")
        }
        writer.markup("<form class=\"card\" id=\"reveal\" method=\"post\" action=\"/secret/")
        writer.append(htmlText: secretToken)
        writer.element("", context.query, facts.isSealedInBrowser ? "\" data-needs-key>\n" : "\">\n")
        formToken(&writer, context)
        writer.element("<dl>\n<div><dt>", words.serverLabel, "</dt><dd>")
        writer.element("", context.brand.name, " <span class=\"aside\">(")
        writer.element("", facts.server, ")</span></dd></div>\n")
        writer.element("<div><dt>", words.expiresLabel, "</dt><dd>")
        expiry(&writer, words, expires: facts.expires, secondsLeft: facts.secondsLeft)
        writer.markup("</dd></div>\n")
        if let note {
            writer.element("<div><dt>", words.senderNote, "</dt><dd><bdi>")
            writer.append(htmlText: note)
            writer.markup("</bdi></dd></div>\n")
        }
        writer.markup("</dl>\n")
        if facts.isLocked { passphraseField(&writer, context, hint: words.secretPassphraseHint, problem: problem) }
        writer.markup("<div class=\"actions\">\n<button class=\"primary\" aria-describedby=\"reveal-hint\">")
        writer.element("", words.revealButton, "</button>\n</div>\n")
        writer.element("<p class=\"hint\" id=\"reveal-hint\">", words.secretOnce, "</p>\n</form>\n")
        if !facts.isShared {
            writer.markup("<p><a href=\"/secret/")
            writer.append(htmlText: secretToken)
            writer.element("/burn", context.query, "\">")
            writer.element("", words.destroyLink, "</a></p>\n")
        }
        close(&writer, context)
    }

    /// Asks whether to destroy a secret unread, at `/secret/KEY/burn`; the form posts there. Status 200.
    public static func destroyForm(
        _ writer: inout ResponseWriter, _ context: PageContext, secretToken: Span<UInt8>
    ) {
        let words = context.words
        writer.isSensitive = true
        // The script keeps the key behind the link's #, for the way back.
        open(&writer, context, status: .ok, title: words.burnTitle, script: .reveal)
        writer.element("<p class=\"lead\">", words.burnLead, "</p>\n")
        writer.markup("<form class=\"card\" method=\"post\" action=\"/secret/")
        writer.append(htmlText: secretToken)
        writer.element("/burn", context.query, "\">\n")
        formToken(&writer, context)
        writer.element("<div class=\"actions\">\n<button class=\"danger\">", words.destroyLink, "</button>\n")
        writer.markup("<a class=\"button\" href=\"/secret/")
        writer.append(htmlText: secretToken)
        writer.element("", context.query, "\">")
        writer.element("", words.keepLink, "</a>\n</div>\n</form>\n")
        close(&writer, context)
    }

    /// Says that the recipient destroyed the secret. Status 200.
    public static func destroyed(_ writer: inout ResponseWriter, _ context: PageContext) {
        let words = context.words
        open(&writer, context, status: .ok, title: words.destroyedTitle)
        writer.element("<p class=\"lead\">", words.receiptBurnedLead, "</p>\n")
        writer.element("<p><a class=\"button\" href=\"/", context.query, "\">")
        writer.element("", words.share, "</a></p>\n")
        close(&writer, context)
    }

    /// The words of the script that opens secrets.
    static func revealWords(_ writer: inout ResponseWriter, _ context: PageContext) {
        let words = context.words
        brandTemplate(&writer, context.brand)
        scriptWords(
            &writer,
            [
                "offline": words.offline, "problem": words.problem, "copied": words.copied,
                "passphrase": words.passphraseLabel, "wrong": words.problemWrongPassphrase,
                "reveal": words.revealButton,
                "incomplete": words.linkIncomplete, "sealedByServer": words.fill(words.sealedByServer, "HTTPS"),
                "own": words.ownSecret,
                "opening": words.opening, "broken": words.doesNotOpen, "title": words.revealedTitle,
                "lead": words.revealedLead, "label": words.revealedLabel, "hint": words.revealedHint,
                "copy": words.copySecret, "hide": words.hideSecret, "show": words.showSecret, "files": words.filesLabel,
                "download": words.download, "clearAfter": words.clearLabel, "never": words.clearNever,
                "clear": words.clearNow, "cleared": words.cleared, "minute": words.duration(60),
                "minutes": words.duration(300), "partTitle": words.partTitle, "partLead": words.partLead,
                "partField": words.partField, "partAdd": words.partAdd, "partMismatch": words.partMismatch,
                "share": words.share,
            ])
    }

    /// Begins the page that shows the secret. Status 200. Marks the response as sensitive.
    ///
    /// What follows, up to ``revealedEnd(_:_:)``, is the content by `append(htmlText:)`, in as many parts of the response
    /// as it takes.
    ///
    /// - Parameter byteCount: the size of the content, by which the box is measured where a browser can't do it.
    @inline(never)
    public static func revealedStart(_ writer: inout ResponseWriter, _ context: PageContext, byteCount: Int) {
        beginShown(&writer, context)
        beginBox(&writer, context.words, rows: min(max(byteCount / 40 + 2, 3), 20))
    }

    /// Begins the box that a text is shown in.
    static func beginBox(_ writer: inout ResponseWriter, _ words: Words, rows: Int) {
        writer.element("<div class=\"field\">\n<label for=\"secret\">", words.revealedLabel, "</label>\n")
        writer.markup("<textarea class=\"mono revealed\" id=\"secret\" readonly dir=\"auto\" ")
        writer.markup("autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"secret-hint\"")
        writer.attribute("rows", "\(rows)")
        // The parser drops this line feed, and would drop one of the content in its place.
        writer.markup(">\n")
    }

    /// Ends the page that shows the secret.
    public static func revealedEnd(_ writer: inout ResponseWriter, _ context: PageContext) {
        writer.markup("</textarea>\n")
        hint(&writer, context.words)
        writer.markup("</div>\n")
        endShown(&writer, context)
    }

    /// Ends the box that a text is shown in, where files may follow.
    static func endBox(_ writer: inout ResponseWriter) {
        writer.markup("</textarea>\n</div>\n")
    }

    /// Begins the page that shows a text and files. Status 200. Marks the response as sensitive.
    ///
    /// What follows, up to ``filesEnd(_:_:)``, is written by a ``FileWalk``, in as many parts of the response as it takes.
    @inline(never)
    public static func filesStart(_ writer: inout ResponseWriter, _ context: PageContext) {
        beginShown(&writer, context)
    }

    /// Ends the page that shows a text and files.
    public static func filesEnd(_ writer: inout ResponseWriter, _ context: PageContext) {
        hint(&writer, context.words)
        endShown(&writer, context)
    }

    private static func beginShown(_ writer: inout ResponseWriter, _ context: PageContext) {
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: context.words.revealedTitle)
        writer.element("<p class=\"lead\">", context.words.revealedLead, "</p>\n")
        brandTexts(&writer, context.brand.afterReveal)
        writer.markup("<section class=\"card\">\n")
    }

    private static func hint(_ writer: inout ResponseWriter, _ words: Words) {
        writer.element("<p class=\"hint\" id=\"secret-hint\">", words.revealedHint, "</p>\n")
    }

    private static func endShown(_ writer: inout ResponseWriter, _ context: PageContext) {
        writer.element("</section>\n<p><a href=\"/", context.query, "\">")
        writer.element("", context.words.share, "</a></p>\n")
        close(&writer, context)
    }
}
