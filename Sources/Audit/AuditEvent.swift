// What can be told of one thing that happened: never content, never a token, never a passphrase.
public import Sealing

/// Something that happened, to be written into the ``AuditLog``.
///
/// Nothing in it has to be copied or given back with care, so one costs little to make and to hand on: texts that the program did not
/// bring along are told beside it, and so is what few events have (``AuditDetail``).
public struct AuditEvent {
    /// How it went.
    public enum Outcome: Sendable {
        /// It was done.
        case success
        /// It was refused, or it failed.
        case failure
    }

    /// What was done or tried.
    public var action: AuditAction
    /// How it went.
    public var outcome: Outcome
    /// The secret that it was about. Its first 8 bytes are written, in hexadecimal: one-way from the token.
    public var secret: RecordID?
    /// The receipt that it was about, written like ``secret``.
    public var receipt: RecordID?
    /// The client's address, IPv4 in its mapped form; ``AuditAddresses`` says how much of it is written.
    public var address: [16 of UInt8]?
    /// Whether there is a client whose address nobody knows: `source.address` is then `unknown`, whatever ``AuditAddresses`` says.
    public var isFromUnknown = false
    /// The API key that was shown: `user.id`. Its eight characters of `[0-9a-z]`, the first one in the highest byte; 0 for the key of the
    /// environment, which is `environment`.
    public var userID: UInt64?
    /// The rule that refused, such as `passphrase` or `rate-limit`: `rule.name`.
    public var rule: StaticString?
    /// Why, in more words: `event.reason`.
    public var reason: StaticString?
    /// How many things it was about, such as secrets that were burned at one time, or refusals that have no lines, or lines that the
    /// configuration has: `onetime.count`.
    public var count: UInt64?
    /// Two capital letters of ISO 3166-1 as ``countryCode(_:_:)`` packs them.
    public var country: UInt16?

    /// An event of which nothing is known but what it was and how it went.
    @inline(__always)
    public init(_ action: AuditAction, _ outcome: Outcome = .success) {
        self.action = action
        self.outcome = outcome
    }

    /// The event that a rule refused something.
    @inline(__always)
    public static func refusal(_ rule: StaticString, _ action: AuditAction = .refused) -> AuditEvent {
        var event = AuditEvent(action, .failure)
        event.rule = rule
        return event
    }

    /// A country for ``country``, from its two letters.
    public static func countryCode(_ first: UInt8, _ second: UInt8) -> UInt16 {
        UInt16(first) << 8 | UInt16(second)
    }
}

/// What was done or tried: `event.action`, with the category and type that the Elastic Common Schema has for it.
public enum AuditAction: UInt8, Sendable, CaseIterable {
    /// The server began: the first line of every chain.
    case start
    /// A secret was taken in.
    case create
    /// A secret was given to its reader.
    case reveal
    /// A reader asked for a secret that he may ask for again.
    case claim
    /// A reader said that he has it.
    case commit
    /// A passphrase was wrong.
    case wrongPassphrase
    /// A rule refused a request.
    case refused
    /// A secret was destroyed unread by somebody.
    case burn
    /// A secret's time was over.
    case expire
    /// Somebody looked at a receipt.
    case receiptLook
    /// An owner listed what he created.
    case recent
    /// An API key was used.
    case keyUse
    /// An API key was wrong, or may not do this.
    case keyFailed
    /// An API key was replaced.
    case keyRotated
    /// An API key was taken back.
    case keyRevoked
    /// A link with which somebody may create once was made.
    case linkMade
    /// Settings were read.
    case configuration
    /// Creating, revealing or both were shut.
    case lockdown
    /// What was shut was opened.
    case unlock
    /// Several secrets were burned at one time.
    case burnMany
    /// A report was made for the operator.
    case report
    /// The log itself was read.
    case auditLook
    /// A certificate was made on demand.
    case certificate
    /// Everything was wiped, and the server goes on.
    case wipe
    /// Everything was wiped at the end.
    case shutdownWipe
    /// The server ended: the last line of a chain that was ended in order.
    case stop
    /// A receiver of the log was too slow, and lines before this one were not sent to it.
    case gap

    /// The value of `event.action`.
    public var name: String {
        let text = fields.description.utf8
        // The last member but one of those that are always there.
        let parts = text.split(separator: UInt8(ascii: "\""))
        return parts.count > 3 ? String(parts[parts.count - 4]) ?? "" : ""
    }

    /// The fields that the action settles, up to the value of `event.outcome`.
    ///
    /// Categories, and the types that each of them may have: https://www.elastic.co/guide/en/ecs/current/ecs-category-field-values-reference.html
    var fields: StaticString {
        switch self {
        case .start:
            #""event.category":["process"],"event.type":["start"],"event.action":"start","event.outcome":""#
        case .create:
            #""event.category":["api"],"event.type":["creation"],"event.action":"create","event.outcome":""#
        case .reveal:
            #""event.category":["api"],"event.type":["access"],"event.action":"reveal","event.outcome":""#
        case .claim:
            #""event.category":["api"],"event.type":["access"],"event.action":"claim","event.outcome":""#
        case .commit:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"commit","event.outcome":""#
        case .wrongPassphrase:
            #""event.category":["authentication"],"event.type":["info"],"event.action":"wrong-passphrase","event.outcome":""#
        case .refused:
            #""event.category":["api"],"event.type":["denied"],"event.action":"refused","event.outcome":""#
        case .burn:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"burn","event.outcome":""#
        case .expire:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"expire","event.outcome":""#
        case .receiptLook:
            #""event.category":["api"],"event.type":["access"],"event.action":"receipt-look","event.outcome":""#
        case .recent:
            #""event.category":["api"],"event.type":["access"],"event.action":"recent","event.outcome":""#
        case .keyUse:
            #""event.category":["authentication"],"event.type":["start"],"event.action":"key-use","event.outcome":""#
        case .keyFailed:
            #""event.category":["authentication"],"event.type":["start"],"event.action":"key-failed","event.outcome":""#
        case .keyRotated:
            #""event.category":["iam"],"event.type":["change"],"event.action":"key-rotated","event.outcome":""#
        case .keyRevoked:
            #""event.category":["iam"],"event.type":["deletion"],"event.action":"key-revoked","event.outcome":""#
        case .linkMade:
            #""event.category":["iam"],"event.type":["creation"],"event.action":"link-made","event.outcome":""#
        case .configuration:
            #""event.category":["configuration"],"event.type":["info"],"event.action":"configuration","event.outcome":""#
        case .lockdown:
            #""event.category":["configuration"],"event.type":["change"],"event.action":"lockdown","event.outcome":""#
        case .unlock:
            #""event.category":["configuration"],"event.type":["change"],"event.action":"unlock","event.outcome":""#
        case .burnMany:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"burn-many","event.outcome":""#
        case .report:
            #""event.category":["api"],"event.type":["access"],"event.action":"report","event.outcome":""#
        case .auditLook:
            #""event.category":["api"],"event.type":["access"],"event.action":"audit-look","event.outcome":""#
        case .certificate:
            #""event.category":["api"],"event.type":["access"],"event.action":"certificate","event.outcome":""#
        case .wipe:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"wipe","event.outcome":""#
        case .shutdownWipe:
            #""event.category":["api"],"event.type":["deletion"],"event.action":"shutdown-wipe","event.outcome":""#
        case .stop:
            #""event.category":["process"],"event.type":["end"],"event.action":"stop","event.outcome":""#
        case .gap:
            #""event.category":["process"],"event.type":["info"],"event.action":"gap","event.outcome":""#
        }
    }
}
