// The form: one box and one button first.
public import HTTPServer
internal import HTTPWire

/// What the form offers and asks for. Set once, from the server's settings.
public struct FormPolicy: Sendable {
    /// The lifetimes to choose from, in seconds, ascending, without duplicates, with the default among them.
    public let lifetimes: [Int]
    /// The lifetime that is chosen at first, in seconds.
    public let defaultLifetime: Int
    /// How many bytes of content are taken.
    public let contentLimit: Int
    /// The least number of characters of a passphrase; 0 or 1 for no such rule.
    public let passphraseMinimum: Int
    /// How many characters a password has that is made up.
    public let generatedLength: Int
    /// How many wrong passphrases a secret takes that says nothing about it.
    public let attempts: Int
    /// Whether there must be a passphrase.
    public let isPassphraseRequired: Bool
    /// Whether the server can tell countries, so that a secret's rules may name some.
    public let tellsCountries: Bool

    /// The policy of a server. The lifetimes may come in any order, and need not have the default among them.
    public init(
        lifetimes: [Int], defaultLifetime: Int, contentLimit: Int, passphraseMinimum: Int = 4,
        generatedLength: Int = 12, attempts: Int = 5, isPassphraseRequired: Bool = false,
        tellsCountries: Bool = false
    ) {
        self.lifetimes = Set(lifetimes + [defaultLifetime]).sorted()
        self.defaultLifetime = defaultLifetime
        self.contentLimit = contentLimit
        self.passphraseMinimum = passphraseMinimum
        self.generatedLength = generatedLength
        self.attempts = attempts
        self.isPassphraseRequired = isPassphraseRequired
        self.tellsCountries = tellsCountries
    }
}

extension Page {
    /// The form at `/`, which posts to `/`. Status 200, or the problem's.
    ///
    /// What was sent in is not shown again, whatever was wrong with it: content and passphrase don't travel twice. Lifetime and
    /// rules are.
    ///
    /// What the empty form folds away stands in `noscript`: a browser with scripts reads it as text, which the script puts in place
    /// once the page is painted. Browsers lay out fields that nobody sees, too: that took a tenth of the time until then.
    ///
    /// - Parameters:
    ///   - chosenLifetime: the lifetime to select, in seconds; nil or one that is not offered selects the default.
    ///   - link: the token of a creation link, which the form sends in its field `link`; then it makes one secret at a time.
    ///   - rules: the rules that were sent in before.
    ///   - problem: why the form is shown again.
    public static func createForm(
        _ writer: inout ResponseWriter, _ context: PageContext, _ policy: FormPolicy, chosenLifetime: Int? = nil,
        link: Span<UInt8>? = nil, rules: RuleTexts? = nil, problem: Problem? = nil
    ) {
        let words = context.words
        open(
            &writer, context, status: .ok, title: words.createTitle, script: .page, problem: problem,
            isEmptyForm: problem == nil)
        createWords(&writer, words, policy)
        writer.element("<p class=\"lead\">", words.createLead, "</p>\n")
        alert(&writer, context, problem)
        connectionNotice(&writer, context)
        writer.markup("<form class=\"card\" id=\"create\" method=\"post\" action=\"/")
        writer.element("", context.query, "\" enctype=\"multipart/form-data\"")
        writer.attribute("data-limit", "\(policy.contentLimit)")
        writer.attribute("data-password-length", "\(policy.generatedLength)")
        writer.markup(">\n")
        formToken(&writer, context)
        if let link {
            // Before the content, which is not read from somebody who may not send it.
            writer.markup("<input type=\"hidden\" name=\"link\" value=\"")
            writer.append(link)
            writer.markup("\">\n")
        }
        contentField(&writer, context, policy, problem)
        // Enter in a field presses the first button.
        writer.markup("<div class=\"actions\">\n")
        submit(&writer, " class=\"primary\" name=\"action\" value=\"conceal\"", words.createButton)
        writer.markup("</div>\n")
        writer.element("<p class=\"hint\" id=\"sealed-here\" hidden>", words.sealedHere, "</p>\n")
        let byServer = words.fill(words.sealedByServer, "HTTPS")
        writer.element("<p class=\"hint\" id=\"sealed-by-server\" hidden>", byServer, "</p>\n")
        wayWithoutScript(&writer, words)
        options(&writer, context, policy, chosenLifetime, rules, problem, most: link == nil ? 20 : 1)
        writer.markup("</form>\n<section id=\"recent\" hidden></section>\n")
        close(&writer, context)
    }

    /// A button that sends the form. Where a script is to seal what is sent, the button waits for it; without scripts there is another.
    ///
    /// - Parameter waits: all around the button waits for the script, so that it needs no twin.
    private static func submit(
        _ writer: inout ResponseWriter, _ attributes: StaticString, _ label: String, waits: Bool = false
    ) {
        if waits {
            writer.markup("<button")
            writer.markup(attributes)
            return writer.element(">", label, "</button>\n")
        }
        writer.markup("<noscript><button")
        writer.markup(attributes)
        writer.element(">", label, "</button></noscript>\n<button disabled")
        writer.markup(attributes)
        writer.element(">", label, "</button>\n")
    }

    /// For browsers that run scripts and do not get this page's, because of the network or of an extension: `noscript` does not help
    /// them, and the button waits for ever. The style sheet shows it once the script had its time, which takes it away. Whoever sends the
    /// form by it has read that it is not sealed where he is.
    private static func wayWithoutScript(_ writer: inout ResponseWriter, _ words: Words) {
        writer.markup("<div id=\"unscripted\">\n")
        writer.element("<p class=\"caution\">", words.fill(words.sealedByServer, "JavaScript"), "</p>\n")
        writer.element("<button name=\"action\" value=\"conceal\">", words.createButton, "</button>\n</div>\n")
    }

    /// The words of the form's script.
    private static func createWords(_ writer: inout ResponseWriter, _ words: Words, _ policy: FormPolicy) {
        scriptWords(
            &writer,
            [
                "remove": words.removeFile, "room": words.roomLeft, "tooLarge": words.problemContentTooLarge,
                "empty": words.problemEmptyContent, "problem": words.problem, "offline": words.offline,
                "make": words.makePassphrase, "madeOf": words.madeOf, "ofWords": words.madeOfWords,
                "ofCharacters": words.madeOfCharacters, "madeLength": words.madeLength,
                "strength": words.strength, "weak": words.strengthWeak,
                "fair": words.strengthFair, "good": words.strengthGood, "best": words.strengthBest,
                "sealing": words.sealing, "sending": words.sending, "cancel": words.cancel,
                "cancelled": words.cancelled, "recent": words.recentTitle, "links": words.linksTitle,
                "linksLead": words.linksLead, "partsLead": words.partsLead, "link": words.linkNumber,
                "copied": words.copied, "copyLink": words.copyLink, "copyPassphrase": words.copyPassphrase,
                "send": words.sendLink, "qr": words.qrTitle, "receipt": words.factsTitle, "warning": words.linkWarning,
                "another": words.shareAnother, "ready": words.receiptNewTitle, "files": words.filesLabel,
                "countOf": words.countOf, "generated": words.generatedLabel, "generatedHint": words.generatedHint,
                "tooShort": words.quantity(words.passphraseMinimumHint, policy.passphraseMinimum),
            ])
    }

    private static func contentField(
        _ writer: inout ResponseWriter, _ context: PageContext, _ policy: FormPolicy, _ problem: Problem?
    ) {
        let words = context.words
        writer.element("<div class=\"field\">\n<label for=\"secret\">", words.contentLabel, "</label>\n")
        // No maxlength: browsers would cut pasted text off and say nothing.
        writer.markup("<textarea class=\"mono\" id=\"secret\" name=\"secret\" rows=\"7\" dir=\"auto\" ")
        writer.markup("autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"")
        // The focus costs the first paint a frame: the script moves it into the empty form after that, and nothing does without scripts.
        if problem?.concernsPassphrase == false { writer.markup(" autofocus") }
        describe(&writer, by: "secret-hint", isWrong: problem?.concernsContent == true)
        writer.markup("></textarea>\n<p class=\"hint\" id=\"secret-hint\">")
        writer.element("", words.fill(words.contentHint, words.size(policy.contentLimit)), "</p>\n</div>\n")
        writer.element("<div class=\"field\" id=\"files-field\">\n<label for=\"files\">", words.addFiles, "</label>\n")
        writer.markup("<input type=\"file\" id=\"files\" name=\"file\" multiple>\n<ul id=\"file-list\"></ul>\n</div>\n")
    }

    private static func options(
        _ writer: inout ResponseWriter, _ context: PageContext, _ policy: FormPolicy, _ chosenLifetime: Int?,
        _ rules: RuleTexts?, _ problem: Problem?, most: Int
    ) {
        let words = context.words
        let concernsPassphrase = problem?.concernsPassphrase == true
        let selected = chosenLifetime.flatMap { policy.lifetimes.contains($0) ? $0 : nil } ?? policy.defaultLifetime
        let isOpen =
            concernsPassphrase || policy.isPassphraseRequired || selected != policy.defaultLifetime
            || problem?.rule != nil || rules?.isEmpty == false
        writer.markup(isOpen ? "<details open>\n<summary>" : "<details>\n<summary>")
        writer.element("", words.optionsSummary, "</summary>\n")
        let waits = problem == nil && !isOpen
        if waits { writer.markup("<noscript>\n") }
        writer.markup("<div class=\"columns\">\n<div class=\"field\">\n<label for=\"passphrase\">")
        writer.text(policy.isPassphraseRequired ? words.passphraseLabel : words.passphraseOptionalLabel)
        writer.markup("</label>\n<input class=\"mono\" type=\"text\" id=\"passphrase\" name=\"passphrase\" ")
        writer.markup("dir=\"auto\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"")
        if policy.isPassphraseRequired { writer.markup(" required") }
        if policy.passphraseMinimum > 1 { writer.attribute("minlength", "\(policy.passphraseMinimum)") }
        if concernsPassphrase { writer.markup(" autofocus") }
        describe(&writer, by: "passphrase-hint", isWrong: concernsPassphrase)
        writer.element(">\n<p class=\"hint\" id=\"passphrase-hint\">", words.passphraseHint, "")
        if policy.passphraseMinimum > 1 {
            writer.element(" ", words.quantity(words.passphraseMinimumHint, policy.passphraseMinimum), "")
        }

        writer.element("</p>\n</div>\n<div class=\"field\">\n<label for=\"ttl\">", words.lifetimeLabel, "</label>\n")
        writer.markup("<select id=\"ttl\" name=\"ttl\" aria-describedby=\"ttl-hint\">\n")
        for seconds in policy.lifetimes {
            writer.markup("<option")
            writer.attribute("value", "\(seconds)")
            if seconds == selected { writer.markup(" selected") }
            writer.element(">", words.duration(seconds), "</option>\n")
        }
        writer.element("</select>\n<p class=\"hint\" id=\"ttl-hint\">", words.lifetimeHint, "</p>\n</div>\n")
        writer.markup("</div>\n<div class=\"columns\">\n")
        number(&writer, words.readersLabel, words.readersHint, "readers", 1...100, value: "1")
        number(&writer, words.triesLabel, words.triesHint, "tries", 1...policy.attempts, value: "\(policy.attempts)")
        line(&writer, words.noteLabel, words.noteHint, "note")
        line(&writer, words.labelLabel, words.labelHint, "label")
        writer.markup("</div>\n<div class=\"columns\" id=\"many\" hidden>\n")
        number(&writer, words.linksLabel, words.linksHint, "links", 1...most, value: "1")
        number(&writer, words.partsLabel, words.partsHint, "parts", 1...min(most, 16), value: "1")
        // All of them, if nothing else is said.
        number(&writer, words.partsNeededLabel, "", "needed", 2...16, value: nil)
        writer.markup("</div>\n")
        ruleFields(&writer, words, policy, rules, wrong: problem?.rule)
        writer.markup("<div class=\"actions\">\n")
        submit(
            &writer, " name=\"action\" value=\"generate\" formnovalidate aria-describedby=\"generate-hint\"",
            words.generateButton, waits: waits)
        writer.markup("</div>\n")
        writer.element("<p class=\"hint\" id=\"generate-hint\">", words.generateHint, "</p>\n")
        writer.markup(waits ? "</noscript>\n</details>\n" : "</details>\n")
    }

    private static func number(
        _ writer: inout ResponseWriter, _ label: String, _ hint: String, _ name: StaticString,
        _ range: ClosedRange<Int>,
        value: String?
    ) {
        beginField(&writer, label, name)
        writer.markup(" type=\"number\" inputmode=\"numeric\"")
        if value != nil { writer.markup(" required") }
        writer.attribute("min", "\(range.lowerBound)")
        writer.attribute("max", "\(range.upperBound)")
        if let value { writer.attribute("value", value) }
        endField(&writer, hint, name)
    }

    private static func line(_ writer: inout ResponseWriter, _ label: String, _ hint: String, _ name: StaticString) {
        beginField(&writer, label, name)
        writer.markup(" type=\"text\" maxlength=\"250\" dir=\"auto\" autocomplete=\"off\"")
        endField(&writer, hint, name)
    }

    private static func beginField(_ writer: inout ResponseWriter, _ label: String, _ name: StaticString) {
        writer.markup("<div class=\"field\">\n<label for=\"")
        writer.markup(name)
        writer.element("\">", label, "</label>\n<input id=\"")
        writer.markup(name)
        writer.markup("\" name=\"")
        writer.markup(name)
        writer.markup("\"")
    }

    private static func endField(_ writer: inout ResponseWriter, _ hint: String, _ name: StaticString) {
        if hint.isEmpty { return writer.markup(">\n</div>\n") }
        writer.markup(" aria-describedby=\"")
        writer.markup(name)
        writer.markup("-hint\">\n<p class=\"hint\" id=\"")
        writer.markup(name)
        writer.element("-hint\">", hint, "</p>\n</div>\n")
    }
}
