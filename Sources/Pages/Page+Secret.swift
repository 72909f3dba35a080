// The recipient's pages: before the secret is shown, and the secret.
public import HTTPServer
internal import HTTPWire

extension Page {
    /// The recipient's page, at `/secret/KEY`; the form posts there. Status 200, or the problem's. Changes nothing and
    /// shows nothing of the content. Marks the response as sensitive.
    ///
    /// - Parameters:
    ///   - secretToken: the token of the secret.
    ///   - server: name and, if it is unusual, port of the server. Escaped when written.
    ///   - isLocked: whether the secret has a passphrase.
    ///   - expires: when it expires, in seconds since 1970 (UTC).
    ///   - secondsLeft: how many seconds that is from now.
    ///   - problem: why the form is shown again.
    public static func secret(
        _ writer: inout ResponseWriter, _ context: PageContext, secretToken: Span<UInt8>, server: String,
        isLocked: Bool, expires: Int, secondsLeft: Int, problem: Problem? = nil
    ) {
        let words = context.words
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: words.secretTitle, problem: problem)
        writer.element("<p class=\"lead\">", words.secretLead, "</p>\n")
        alert(&writer, context, problem)
        connectionNotice(&writer, context)
        writer.markup("<form class=\"card\" method=\"post\" action=\"/secret/")
        writer.append(htmlText: secretToken)
        writer.markup("\">\n")
        formToken(&writer, context)
        writer.element("<dl>\n<div><dt>", words.serverLabel, "</dt>")
        writer.element("<dd>", server, "</dd></div>\n")
        writer.element("<div><dt>", words.expiresLabel, "</dt><dd>")
        expiry(&writer, words, expires: expires, secondsLeft: secondsLeft)
        writer.markup("</dd></div>\n</dl>\n")
        if isLocked { passphraseField(&writer, context, hint: words.secretPassphraseHint, problem: problem) }
        writer.markup("<div class=\"actions\">\n<button class=\"primary\" aria-describedby=\"reveal-hint\">")
        writer.element("", words.revealButton, "</button>\n</div>\n")
        writer.element("<p class=\"hint\" id=\"reveal-hint\">", words.secretOnce, "</p>\n</form>\n")
        close(&writer, context)
    }

    /// Begins the page that shows the secret. Status 200. Marks the response as sensitive.
    ///
    /// What follows, up to ``revealedEnd(_:_:)``, is the content by `append(htmlText:)`, in as many parts of the response
    /// as it takes.
    ///
    /// - Parameter byteCount: the size of the content, by which the box is measured where a browser can't do it.
    public static func revealedStart(_ writer: inout ResponseWriter, _ context: PageContext, byteCount: Int) {
        let words = context.words
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: words.revealedTitle)
        writer.element("<p class=\"lead\">", words.revealedLead, "</p>\n")
        writer.markup("<section class=\"card\">\n<div class=\"field\">\n<label for=\"secret\">")
        writer.element("", words.revealedLabel, "</label>\n")
        writer.markup("<textarea class=\"mono revealed\" id=\"secret\" readonly dir=\"auto\" ")
        writer.markup("autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"secret-hint\"")
        writer.attribute("rows", "\(min(max(byteCount / 40 + 2, 3), 20))")
        // The parser drops this line feed, and would drop one of the content in its place.
        writer.markup(">\n")
    }

    /// Ends the page that shows the secret.
    public static func revealedEnd(_ writer: inout ResponseWriter, _ context: PageContext) {
        let words = context.words
        writer.element("</textarea>\n<p class=\"hint\" id=\"secret-hint\">", words.revealedHint, "</p>\n")
        writer.element("</div>\n</section>\n<p><a href=\"/\">", words.share, "</a></p>\n")
        close(&writer, context)
    }
}
