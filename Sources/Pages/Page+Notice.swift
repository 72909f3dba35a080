// Pages that only say something.
public import HTTPServer
public import HTTPWire

/// Why there is nothing else to see.
public enum Notice: Equatable, Sendable {
    /// There is no such page (404). Secrets and receipts that don't exist have ``Page/gone(_:_:)``.
    case notFound
    /// The form that was sent can't be read (400).
    case malformed
    /// The form was not sent by a page of this server (403).
    case refused
    /// What the operator's page showed as stopped has changed meanwhile (409).
    case stale
    /// The link by which one secret could be created was used or is over (404).
    case linkGone
    /// Creating secrets takes an API key (401); a browser asks for one.
    case keyRequired
    /// It is not open now (403). `opens`: the moment it does, in seconds since 1970, `secondsLeft` from now; nil where nobody knows.
    case closed(opens: Int?, secondsLeft: Int?)
    /// It is not to be had from there (403).
    case elsewhere
    /// Only an administrator's key opens the page (401); a browser asks for one.
    case adminRequired
    /// The operator has stopped it for now (503).
    case lockedDown
    /// The server has too much to do (429). `retryAfter`: seconds to wait, also sent as Retry-After.
    case busy(retryAfter: Int)
    /// There is no room for another secret (507).
    case full
    /// The content has more bytes than the limit (413).
    case tooLarge(limit: Int)

    /// The status of its page.
    public var status: ResponseStatus {
        switch self {
        case .notFound, .linkGone: .notFound
        case .malformed: .badRequest
        case .stale: .conflict
        case .refused, .closed, .elsewhere: .forbidden
        case .keyRequired, .adminRequired: .unauthorized
        case .lockedDown: .serviceUnavailable
        case .busy: .tooManyRequests
        case .full: .insufficientStorage
        case .tooLarge: .contentTooLarge
        }
    }

    /// How many seconds to wait before the next try, if waiting helps.
    var retryAfter: Int? {
        switch self {
        case .busy(let seconds): return seconds
        case .closed(_, let seconds): return seconds
        case .lockedDown: return 60
        default: return nil
        }
    }

    func text(_ words: Words) -> (title: String, lead: String) {
        switch self {
        case .notFound: (words.notFoundTitle, words.notFoundLead)
        case .malformed: (words.malformedTitle, words.malformedLead)
        case .refused: (words.refusedTitle, words.refusedLead)
        case .stale: (words.refusedTitle, words.staleLead)
        case .linkGone: (words.goneTitle, words.linkGone)
        case .keyRequired: (words.createTitle, words.keyRequired)
        case .closed(let opens, _):
            (
                words.closedTitle,
                opens.map { words.fill(words.closedLead, words.moment(CalendarTime(epochSeconds: $0))) }
                    ?? words.problemNeverOpen
            )
        case .elsewhere: (words.placeTitle, words.placeLead)
        case .adminRequired: (words.operatorTitle, words.refusedTitle)
        case .lockedDown: (words.lockTitle, words.lockLead)
        case .busy(let seconds): (words.busyTitle, words.fill(words.problemBusy, words.duration(seconds)))
        case .full: (words.fullTitle, words.fullLead)
        case .tooLarge(let limit): (words.tooLargeTitle, words.fill(words.problemContentTooLarge, words.size(limit)))
        }
    }
}

extension Page {
    /// The one page for a secret or receipt that can't be shown, whether it was read, burned, has expired or never
    /// existed. Status 404. Its bytes depend on language and brand alone.
    public static func gone(_ writer: inout ResponseWriter, _ context: PageContext) {
        let words = context.words
        open(&writer, context, status: .notFound, title: words.goneTitle, script: .reveal)
        revealWords(&writer, context)
        writer.element("<p class=\"lead\">", words.goneLead, "</p>\n")
        writer.element("<p>", words.goneAdvice, "</p>\n")
        writer.element("<p><a class=\"button\" href=\"/", context.query, "\">")
        writer.element("", words.share, "</a></p>\n")
        close(&writer, context)
    }

    /// A page that says why there is nothing else to see, with the notice's status.
    public static func notice(_ writer: inout ResponseWriter, _ context: PageContext, _ notice: Notice) {
        let (title, lead) = notice.text(context.words)
        open(&writer, context, status: notice.status, title: title, retryAfter: notice.retryAfter)
        writer.element("<p class=\"lead\">", lead, "</p>\n")
        // Who is told to open a page again is shown the way to it.
        let isOperators = notice == .stale
        writer.markup(isOperators ? "<p><a class=\"button\" href=\"/operator" : "<p><a class=\"button\" href=\"/")
        writer.element("", context.query, "\">")
        writer.element("", isOperators ? context.words.operatorTitle : context.words.share, "</a></p>\n")
        close(&writer, context)
    }
}
