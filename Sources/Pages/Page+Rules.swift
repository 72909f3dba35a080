// The form's fields for the rules of a secret, and those rules on its receipt.
internal import HTTPServer

extension Page {
    /// The fields for rules, as far as the server can keep them.
    ///
    /// - Parameters:
    ///   - typed: what was sent in before.
    ///   - wrong: the one that was wrong with it.
    static func ruleFields(
        _ writer: inout ResponseWriter, _ words: Words, _ policy: FormPolicy, _ typed: RuleTexts?, wrong: SecretRule?
    ) {
        writer.markup("<div class=\"columns\">\n")
        beginRule(&writer, .notBefore)
        // Without scripts the field has no zone; a script puts the reader's in place of this one.
        writer.element("", words.notBeforeLabel, " <span id=\"zone\">(UTC)</span></label>\n")
        writer.markup("<input type=\"datetime-local\" id=\"not_before\" name=\"not_before\"")
        if let moment = typed?.notBefore {
            // Minutes, as the field itself writes them.
            writer.attribute("value", String(CalendarTime(epochSeconds: Int(moment)).timestamp.prefix(16)))
        }
        endRule(&writer, isWrong: wrong == .notBefore)
        for rule in RuleTexts.rules where policy.tellsCountries || !rule.isAboutCountries {
            beginRule(&writer, rule)
            writer.element("", rule.label(words), "</label>\n<input class=\"mono\" type=\"text\" dir=\"ltr\" ")
            writer.markup("autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" id=\"")
            writer.markup(rule.name)
            writer.markup("\" name=\"")
            writer.markup(rule.name)
            writer.markup("\" placeholder=\"")
            writer.markup(rule.example)
            writer.markup("\"")
            if let text = typed?[rule], !text.isEmpty { writer.attribute("value", text) }
            if rule == .hours {
                describe(&writer, by: "hours-hint", isWrong: wrong == rule)
                writer.element(">\n<p class=\"hint\" id=\"hours-hint\">", words.hoursHint, "</p>\n</div>\n")
            } else {
                endRule(&writer, isWrong: wrong == rule)
            }
        }
        writer.markup("</div>\n")
    }

    private static func beginRule(_ writer: inout ResponseWriter, _ rule: SecretRule) {
        writer.markup("<div class=\"field\">\n<label for=\"")
        writer.markup(rule.name)
        writer.markup("\">")
    }

    private static func endRule(_ writer: inout ResponseWriter, isWrong: Bool) {
        if isWrong { writer.markup(" aria-invalid=\"true\" aria-describedby=\"problem\"") }
        writer.markup(">\n</div>\n")
    }

    /// The rules that a secret has, among the facts of its receipt.
    static func ruleFacts(_ writer: inout ResponseWriter, _ words: Words, _ rules: RuleTexts) {
        if let moment = rules.notBefore {
            writer.element("<div><dt>", words.notBeforeLabel, "</dt><dd>")
            writer.time(Int(moment), words)
            writer.markup("</dd></div>\n")
        }
        for rule in RuleTexts.rules where !rules[rule].isEmpty {
            writer.element("<div><dt>", rule.label(words), "</dt><dd><bdi dir=\"ltr\">")
            writer.element("", rules[rule], "</bdi></dd></div>\n")
        }
    }
}

extension SecretRule {
    fileprivate var isAboutCountries: Bool { self == .allowCountries || self == .denyCountries }
}
