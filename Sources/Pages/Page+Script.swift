// What the page's script gets: the words that it shows, and why something did not work.
public import HTTPServer
internal import HTTPWire

extension Page {
    /// Words for the script, which has none of its own: elements of a template, which browsers don't show.
    static func scriptWords(_ writer: inout ResponseWriter, _ words: KeyValuePairs<StaticString, String>) {
        writer.markup("<template id=\"words\">\n")
        for (name, text) in words {
            writer.markup("<p data-word=\"")
            writer.markup(name)
            writer.element("\">", text, "</p>\n")
        }
        writer.markup("</template>\n")
    }

    /// A problem with what the script sent, with the problem's status.
    public static func tell(_ problem: Problem, _ writer: inout ResponseWriter, _ context: PageContext) {
        tell(problem.text(context.words), problem.status, problem.retryAfter, &writer, context)
    }

    /// Why nothing can be done, with the notice's status.
    public static func tell(_ notice: Notice, _ writer: inout ResponseWriter, _ context: PageContext) {
        tell(notice.text(context.words).lead, notice.status, notice.retryAfter, &writer, context)
    }

    /// The secret is not there (any more): 404, the same for all reasons.
    public static func tellGone(_ writer: inout ResponseWriter, _ context: PageContext) {
        tell(context.words.goneLead, .notFound, nil, &writer, context)
    }

    private static func tell(
        _ text: String, _ status: ResponseStatus, _ retryAfter: Int?, _ writer: inout ResponseWriter,
        _ context: PageContext
    ) {
        writer.begin(status, contentType: "application/json; charset=utf-8")
        writer.fields(securityFields)
        if status == .unauthorized { askForKey(&writer) }
        writer.field("Content-Language") { $0.append(context.words.tag) }
        if let retryAfter { writer.field("Retry-After", decimal: retryAfter) }
        writer.append("{\"error\":\"")
        writer.append(json: text)
        writer.append("\"}")
    }
}
