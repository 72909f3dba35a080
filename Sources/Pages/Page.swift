// The frame of every page: header fields, document head, header and footer. Each page is an extension in its own file.
internal import HTTPServer
internal import HTTPWire

/// What a person sees. Each function writes one whole response: status, header fields, HTML.
///
/// Pages work without scripts, and carry no inline code and no inline styles. Forms send the fields `form_token` (the proof
/// that the form is this server's), `secret`, `passphrase`, `ttl` (seconds) and `action` (`conceal` or `generate`), those
/// of them that they have.
public enum Page {
    /// Header field lines for every response that may hold something confidential, API answers too: nothing is stored,
    /// framed, indexed, sniffed, referred to, or shared with another origin, and no browser feature is on.
    ///
    /// With `no-referrer`, browsers send `Origin: null` with the forms of these pages (Fetch Standard, section 3.2).
    public static let securityFields: StaticString = """
        Cache-Control: no-store\r
        Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
        connect-src 'self'; form-action 'self'; \
        frame-ancestors 'none'; base-uri 'none'\r
        Cross-Origin-Embedder-Policy: require-corp\r
        Cross-Origin-Resource-Policy: same-origin\r
        Permissions-Policy: accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
        clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
        geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), keyboard-map=(), \
        local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), picture-in-picture=(), \
        publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), \
        storage-access=(), usb=(), window-management=(), xr-spatial-tracking=()\r
        Referrer-Policy: no-referrer\r
        X-Content-Type-Options: nosniff\r
        X-Frame-Options: DENY\r
        X-Robots-Tag: noindex, nofollow\r

        """

    /// Keeps the page out of reach of whoever opened its window. A browser starts another process for that, which takes it some
    /// 25 ms: the empty form, which holds nothing yet, goes without.
    private static let openerField: StaticString = "Cross-Origin-Opener-Policy: same-origin\r\n"

    /// Begins a page up to and with its only `h1`. `main` is open; ``close(_:_:)`` closes it.
    ///
    /// - Parameter isEmptyForm: nothing on the page is anybody's.
    static func open(
        _ writer: inout ResponseWriter, _ context: PageContext, status: ResponseStatus, title: String,
        script: Asset? = nil, problem: Problem? = nil, retryAfter: Int? = nil, isEmptyForm: Bool = false
    ) {
        let words = context.words
        writer.begin(problem?.status ?? status, contentType: "text/html; charset=utf-8")
        writer.fields(securityFields)
        if !isEmptyForm { writer.fields(openerField) }
        if status == .unauthorized { askForKey(&writer) }
        writer.field("Content-Language") { $0.append(words.tag) }
        if let seconds = retryAfter ?? problem?.retryAfter { writer.field("Retry-After", decimal: seconds) }

        writer.markup("<!DOCTYPE html>\n<html")
        writer.attribute("lang", words.tag)
        if words.isRightToLeft { writer.markup(" dir=\"rtl\"") }
        writer.markup(
            """
            >
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex, nofollow">
            <title>
            """)
        if problem != nil { writer.element("", words.problem, ": ") }
        writer.element("", title, " · ")
        writer.element("", context.brand.name, "</title>\n")
        brandLinks(&writer, context.brand)
        if let script {
            writer.markup(">\n<script type=\"module\"")
            writer.attribute("src", script.location)
            writer.markup("></script")
        }
        writer.markup(">\n</head>\n<body>\n<header>\n")
        masthead(&writer, context)
        writer.markup("</header>\n<main>\n")
        writer.element("<h1>", title, "</h1>\n")
    }

    /// Has a browser ask for a name and a key (RFC 7617): that works without scripts, and it shows the key to this server alone.
    static func askForKey(_ writer: inout ResponseWriter) {
        writer.fields("WWW-Authenticate: Basic realm=\"onetime-lite\", charset=\"UTF-8\"\r\n")
    }

    /// Ends a page.
    static func close(_ writer: inout ResponseWriter, _ context: PageContext) {
        writer.markup("<p id=\"status\" role=\"status\"></p>\n</main>\n<footer>\n")
        writer.element("<p>", context.words.footer, "</p>\n")
        footerLinks(&writer, context.brand)
        if context.offersLanguages { languages(&writer, context.words) }
        writer.markup("</footer>\n</body>\n</html>\n")
    }

    /// This page in other languages. Each name is in its own language, for those who can't read this one.
    private static func languages(_ writer: inout ResponseWriter, _ words: Words) {
        writer.element("<details id=\"languages\">\n<summary>", words.language, "")
        writer.element(": ", words.name, "</summary>\n<ul>\n")
        for language in Words.all where language.tag != words.tag {
            writer.markup("<li><a")
            writer.attribute("href", "?locale=" + language.tag)
            writer.attribute("lang", language.tag)
            writer.attribute("hreflang", language.tag)
            writer.element(">", language.name, "</a></li>\n")
        }
        writer.markup("</ul>\n</details>\n")
    }

    /// Says what was wrong with the form that follows.
    static func alert(_ writer: inout ResponseWriter, _ context: PageContext, _ problem: Problem?) {
        guard let problem else { return }
        writer.markup("<div class=\"alert\" role=\"alert\" id=\"problem\">\n")
        writer.element("<strong>", context.words.problem, "</strong>\n")
        writer.element("<p>", problem.text(context.words), "</p>\n</div>\n")
    }

    /// Says that the connection is open to others, where it is.
    static func connectionNotice(_ writer: inout ResponseWriter, _ context: PageContext) {
        guard !context.isSecure else { return }
        writer.element("<p class=\"caution\">", context.words.insecureConnection, "</p>\n")
    }

    /// The field that proves where the form comes from.
    static func formToken(_ writer: inout ResponseWriter, _ context: PageContext) {
        writer.markup("<input type=\"hidden\" name=\"form_token\"")
        writer.attribute("value", context.formToken)
        writer.markup(">\n")
    }

    /// The field for the passphrase of a secret that has one.
    ///
    /// Readable while it is typed: tries are few, the passphrase is meant for this one use, and browsers offer to keep
    /// what is typed into password fields.
    static func passphraseField(
        _ writer: inout ResponseWriter, _ context: PageContext, hint: String, problem: Problem?
    ) {
        writer.element("<div class=\"field\">\n<label for=\"passphrase\">", context.words.passphraseLabel, "</label>\n")
        writer.markup("<input class=\"mono\" type=\"text\" id=\"passphrase\" name=\"passphrase\" required autofocus ")
        writer.markup("dir=\"auto\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"")
        describe(&writer, by: "passphrase-hint", isWrong: problem?.concernsPassphrase == true)
        writer.element(">\n<p class=\"hint\" id=\"passphrase-hint\">", hint, "</p>\n</div>\n")
    }

    /// The attributes that tie a field to its hint and, if it was wrong, to the problem.
    static func describe(_ writer: inout ResponseWriter, by hint: StaticString, isWrong: Bool) {
        writer.markup(isWrong ? " aria-invalid=\"true\" aria-describedby=\"problem " : " aria-describedby=\"")
        writer.markup(hint)
        writer.markup("\"")
    }
}
