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
        beginRule(&writer, words, .notBefore, "datetime-local")
        // Four digits of a year, and no more.
        writer.markup(" max=\"9999-12-31T23:59\"")
        if let moment = typed?.notBefore {
            // Minutes, as the field itself writes them.
            writer.attribute("value", String(CalendarTime(epochSeconds: Int(moment)).timestamp.prefix(16)))
        }
        describe(&writer, by: "zone", isWrong: wrong == .notBefore)
        // Without scripts the field has no zone; a script puts the browser's in place of this one.
        writer.markup(">\n<p class=\"hint\" id=\"zone\">UTC</p>\n</div>\n")
        for rule in RuleTexts.rules where policy.tellsCountries || !rule.isAboutCountries {
            beginRule(&writer, words, rule, "text")
            writer.markup(
                " class=\"mono\" dir=\"ltr\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"")
            if let text = typed?[rule], !text.isEmpty { writer.attribute("value", text) }
            if rule == .hours {
                describe(&writer, by: "hours-hint", isWrong: wrong == rule)
                // Too long for a narrow field, which would cut the zone off.
                writer.markup(">\n<p class=\"hint\" id=\"hours-hint\"><bdi dir=\"ltr\">")
                writer.markup(rule.example)
                writer.element("</bdi><br>", words.hoursHint, "</p>\n</div>\n")
            } else {
                writer.markup(" placeholder=\"")
                writer.markup(rule.example)
                writer.markup("\"")
                if wrong == rule { writer.markup(" aria-invalid=\"true\" aria-describedby=\"problem\"") }
                writer.markup(">\n</div>\n")
            }
        }
        writer.markup("</div>\n")
    }

    private static func beginRule(
        _ writer: inout ResponseWriter, _ words: Words, _ rule: SecretRule, _ type: StaticString
    ) {
        writer.markup("<div class=\"field\">\n<label for=\"")
        writer.markup(rule.name)
        writer.element("\">", rule.label(words), "</label>\n<input type=\"")
        writer.markup(type)
        writer.markup("\" id=\"")
        writer.markup(rule.name)
        writer.markup("\" name=\"")
        writer.markup(rule.name)
        writer.markup("\"")
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
