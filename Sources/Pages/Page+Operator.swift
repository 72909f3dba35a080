// The operator's page: what there is, what is stopped, what was burned, and the ways to stop and to burn. It works without scripts.
public import HTTPServer
internal import HTTPWire

/// What an operator may know of one secret: nothing that opens it or its receipt.
public struct OperatorEntry: Sendable {
    /// The first half of the receipt's id, 16 hexadecimal digits.
    public let id: String
    /// What became of it, as its receipt says.
    public let facts: ReceiptFacts
    /// The name of the API key that it was created with, or nil.
    public let keyName: String?
    /// Where the walk through all secrets goes on after it; nil at its end.
    public let next: Int?

    /// An entry.
    public init(id: String, facts: ReceiptFacts, keyName: String?, next: Int?) {
        self.id = id
        self.facts = facts
        self.keyName = keyName
        self.next = next
    }
}

/// What an operator sees; times in seconds since 1970.
public struct OperatorFacts: Sendable {
    /// How many secrets wait for their readers.
    public var count = 0
    /// Whether creating and revealing are stopped.
    public var (stopsCreation, stopsReveal) = (false, false)
    /// What the form that changes it says was so, such as `none`: its page may be open for long.
    public var lockDown: StaticString = "none"
    /// How many secrets the last burnings of many burned, and when they began.
    public var burnings: [(began: Int64, count: Int)] = []
    /// Secrets, as many as a page holds if there is little to tell of each.
    public var entries: [OperatorEntry] = []
    /// Where the walk through all secrets goes on after them; nil at its end.
    public var next: Int?
    /// What the address of the next ones says besides, such as `&from=0`; without what names the language.
    public var query = ""
    /// The span that the list is about, if it is a report's.
    public var span: ClosedRange<Int64>?

    /// A page with nothing on it.
    public init() {}

    /// How many entries a page holds at most.
    public static let entryLimit = 20
}

/// Which secrets an operator is about to burn.
public struct BurnPlan: Sendable {
    /// How many, where that is known: all of them.
    public var count: Int?
    /// The name of an API key.
    public var keyName: String?
    /// When they were created, in seconds since 1970.
    public var (from, until): (Int64?, Int64?)
    /// Ids of receipts, with commas between them.
    public var receipts = ""

    /// A plan that says nothing.
    public init() {}
}

extension Page {
    /// The operator's page. Status 200.
    public static func console(_ writer: inout ResponseWriter, _ context: PageContext, _ facts: OperatorFacts) {
        let words = context.words
        open(&writer, context, status: .ok, title: words.operatorTitle)
        if facts.span == nil {
            summary(&writer, words, facts)
            lockForm(&writer, context, facts)
            burnForms(&writer, context)
        }
        reportForm(&writer, context, facts.span)
        list(&writer, context, facts)
        close(&writer, context)
    }

    /// Asks whether to burn. Status 200. Marks the response as sensitive.
    ///
    /// - Parameter label: what those that are to be burned are called. Escaped when written.
    public static func confirmBurning(
        _ writer: inout ResponseWriter, _ context: PageContext, _ plan: BurnPlan, label: Span<UInt8>?
    ) {
        let words = context.words
        writer.isSensitive = true
        open(&writer, context, status: .ok, title: plan.count == nil ? words.burnMany : words.burnAll)
        writer.element("<p class=\"lead\">", words.burnManyLead, "</p>\n")
        beginForm(&writer, context)
        hidden(&writer, "action", "burn")
        hidden(&writer, "confirm", "yes")
        writer.markup("<dl>\n")
        if let count = plan.count {
            hidden(&writer, "all", "yes")
            fact(&writer, words.stateNew, "\(count)")
        }
        if let name = plan.keyName {
            hidden(&writer, "key", name)
            fact(&writer, words.keyLabel, name)
        }
        if let label {
            writer.markup("<input type=\"hidden\" name=\"label\" value=\"")
            writer.append(htmlText: label)
            writer.element("\">\n<div><dt>", words.labelLabel, "</dt><dd><bdi>")
            writer.append(legible: label)
            writer.markup("</bdi></dd></div>\n")
        }
        if let from = plan.from {
            hidden(&writer, "from", "\(from)")
            moment(&writer, words, words.fromLabel, Int(from))
        }
        if let until = plan.until {
            hidden(&writer, "to", "\(until)")
            moment(&writer, words, words.untilLabel, Int(until))
        }
        if !plan.receipts.isEmpty {
            hidden(&writer, "receipt", plan.receipts)
            writer.element("<div><dt>ID</dt><dd class=\"mono\"><bdi>", plan.receipts, "</bdi></dd></div>\n")
        }
        writer.element("</dl>\n<div class=\"actions\">\n<button class=\"danger\">", words.burnMany, "</button>\n")
        writer.element("<a class=\"button\" href=\"/operator", context.query, "\">")
        writer.element("", words.cancel, "</a>\n</div>\n</form>\n")
        close(&writer, context)
    }

    private static func summary(_ writer: inout ResponseWriter, _ words: Words, _ facts: OperatorFacts) {
        writer.markup("<section class=\"card\">\n<dl>\n")
        fact(&writer, words.stateNew, "\(facts.count)")
        if !facts.burnings.isEmpty {
            writer.element("<div><dt>", words.burnedLabel, "</dt><dd><ul class=\"times\">")
            for burning in facts.burnings.reversed() {
                writer.element("<li>", "\(burning.count)", " · ")
                writer.time(Int(burning.began), words)
                writer.markup("</li>")
            }
            writer.markup("</ul></dd></div>\n")
        }
        writer.markup("</dl>\n</section>\n")
    }

    private static func lockForm(_ writer: inout ResponseWriter, _ context: PageContext, _ facts: OperatorFacts) {
        let words = context.words
        beginForm(&writer, context, words.lockTitle)
        hidden(&writer, "action", "lock")
        hidden(&writer, "shown", "\(facts.lockDown)")
        writer.element("<fieldset class=\"choices\">\n<legend class=\"offscreen\">", words.lockTitle, "</legend>\n")
        box(&writer, "creation", words.lockCreation, isOn: facts.stopsCreation)
        box(&writer, "reveal", words.lockReveal, isOn: facts.stopsReveal)
        writer.element("</fieldset>\n<div class=\"actions\">\n<button>", words.apply, "</button>\n</div>\n</form>\n")
    }

    private static func box(_ writer: inout ResponseWriter, _ name: StaticString, _ label: String, isOn: Bool) {
        writer.markup("<label for=\"stop-")
        writer.markup(name)
        writer.markup("\"><input type=\"checkbox\" value=\"on\" id=\"stop-")
        writer.markup(name)
        writer.markup("\" name=\"")
        writer.markup(name)
        writer.element(isOn ? "\" checked> " : "\"> ", label, "</label>\n")
    }

    private static func burnForms(_ writer: inout ResponseWriter, _ context: PageContext) {
        let words = context.words
        beginForm(&writer, context, words.burnMany)
        hidden(&writer, "action", "burn")
        writer.markup("<div class=\"columns\">\n")
        input(&writer, words.keyLabel, "key", "text", nil)
        input(&writer, words.labelLabel, "label", "text", nil)
        input(&writer, "ID", "receipt", "text", nil)
        writer.markup("</div>\n<div class=\"columns\">\n")
        input(&writer, words.fromLabel, "from", "datetime-local", nil)
        input(&writer, words.untilLabel, "to", "datetime-local", nil)
        writer.element("</div>\n<div class=\"actions\">\n<button class=\"danger\">", words.burnMany, "</button>\n")
        writer.markup("<button class=\"danger\" name=\"all\" value=\"yes\">")
        writer.element("", words.burnAll, "</button>\n</div>\n</form>\n")
    }

    private static func reportForm(
        _ writer: inout ResponseWriter, _ context: PageContext, _ span: ClosedRange<Int64>?
    ) {
        let words = context.words
        writer.markup("<form class=\"card\" method=\"get\" action=\"/operator\">\n")
        writer.element("<h2>", words.reportTitle, "</h2>\n")
        if !context.query.isEmpty { hidden(&writer, "locale", words.tag) }
        writer.markup("<div class=\"columns\">\n")
        input(&writer, words.fromLabel, "from", "datetime-local", span?.lowerBound, "report-from")
        input(&writer, words.untilLabel, "to", "datetime-local", span?.upperBound, "report-to")
        writer.element("</div>\n<div class=\"actions\">\n<button>", words.reportTitle, "</button>\n")
        if span != nil {
            writer.element("<a class=\"button\" href=\"/operator", context.query, "\">")
            writer.element("", words.operatorTitle, "</a>\n")
        }
        writer.markup("</div>\n</form>\n")
    }

    private static func input(
        _ writer: inout ResponseWriter, _ label: String, _ name: StaticString, _ type: StaticString, _ value: Int64?,
        _ id: StaticString? = nil
    ) {
        let id = id ?? name
        writer.markup("<div class=\"field\">\n<label for=\"")
        writer.markup(id)
        writer.element("\">", label, "</label>\n<input autocomplete=\"off\" type=\"")
        writer.markup(type)
        writer.markup("\" name=\"")
        writer.markup(name)
        writer.markup("\" id=\"")
        writer.markup(id)
        if let value {
            // Minutes, as the field itself writes them.
            writer.element("\" value=\"", String(CalendarTime(epochSeconds: Int(value)).timestamp.prefix(16)), "")
        }
        writer.markup("\">\n</div>\n")
    }

    /// How much room an entry and the end of the page take at most: with all times in the longest language, all rules that fit into a
    /// secret, and a brand's footer.
    private static let entryRoom = 24 * 1024

    private static func list(_ writer: inout ResponseWriter, _ context: PageContext, _ facts: OperatorFacts) {
        let words = context.words
        if facts.entries.isEmpty && facts.next == nil { return }
        writer.markup("<section class=\"card\">\n")
        var (last, next): (Int?, Int?) = (nil, facts.next)
        for entry in facts.entries {
            guard writer.freeBodyCapacity > entryRoom else {
                next = last
                break
            }
            last = entry.next
            writer.element("<details>\n<summary><code>", entry.id, "</code> ")
            state(&writer, words, entry.facts.state)
            writer.markup("</summary>\n")
            factsList(&writer, words, entry.facts, nil)
            if let name = entry.keyName {
                writer.markup("<dl>\n")
                fact(&writer, words.keyLabel, name)
                writer.markup("</dl>\n")
            }
            if entry.facts.state == .new {
                writer.element("<form method=\"post\" action=\"/operator", context.query, "\">\n")
                formToken(&writer, context)
                hidden(&writer, "action", "burn")
                hidden(&writer, "receipt", entry.id)
                writer.element("<button class=\"danger\">", words.burnLink, "</button>\n</form>\n")
            }
            writer.markup("</details>\n")
        }
        if let next {
            writer.element("<p class=\"actions\"><a class=\"button\" href=\"/operator?after=", "\(next)", "")
            writer.element("", facts.query, "")
            if !context.query.isEmpty { writer.element("&locale=", words.tag, "") }
            writer.element("\">", words.more, "</a></p>\n")
        }
        writer.markup("</section>\n")
    }

    private static func beginForm(_ writer: inout ResponseWriter, _ context: PageContext, _ title: String? = nil) {
        writer.element("<form class=\"card\" method=\"post\" action=\"/operator", context.query, "\">\n")
        if let title { writer.element("<h2>", title, "</h2>\n") }
        formToken(&writer, context)
    }

    private static func hidden(_ writer: inout ResponseWriter, _ name: StaticString, _ value: String) {
        writer.markup("<input type=\"hidden\" name=\"")
        writer.markup(name)
        writer.element("\" value=\"", value, "\">\n")
    }

    private static func fact(_ writer: inout ResponseWriter, _ name: String, _ value: String) {
        writer.element("<div><dt>", name, "</dt>")
        writer.element("<dd><bdi>", Legible.text(value), "</bdi></dd></div>\n")
    }

    private static func moment(_ writer: inout ResponseWriter, _ words: Words, _ name: String, _ seconds: Int) {
        writer.element("<div><dt>", name, "</dt><dd>")
        writer.time(seconds, words)
        writer.markup("</dd></div>\n")
    }
}
