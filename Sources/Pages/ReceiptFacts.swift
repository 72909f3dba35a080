// What the sender's page tells about a secret, and how one state of it is told from another.
public import HTTPServer
internal import HTTPWire

/// What the sender's page tells about a secret. Holds no token and no content.
public struct ReceiptFacts: Equatable, Sendable {
    /// What became of a secret.
    public enum State: Equatable, Sendable {
        /// It waits to be read.
        case new
        /// It was read.
        case received
        /// It was destroyed unread.
        case burned
        /// Its lifetime passed unread.
        case expired
    }

    /// What became of the secret.
    public var state: State
    /// When it was created, in seconds since 1970 (UTC).
    public var created: Int
    /// When its state changed last, in seconds since 1970 (UTC). Not shown while it is new.
    public var changed: Int
    /// How many seconds are left to read it. Only looked at while it is new.
    public var secondsLeft: Int
    /// When it expires, in seconds since 1970 (UTC). Only looked at while it is new.
    public var expires: Int
    /// Whether reading it takes a passphrase.
    public var isLocked: Bool
    /// Whether the sender's browser sealed it: then its key is not in the link as the server knows it.
    public var isSealedInBrowser = false
    /// How many people may read it.
    public var readers = 1
    /// How many did.
    public var reads = 0
    /// How many wrong passphrases were tried.
    public var failedAttempts = 0
    /// When readers came, in seconds since 1970 (UTC): the last ones, oldest first.
    public var readTimes: [Int64] = []
    /// When passphrases were wrong, likewise.
    public var failureTimes: [Int64] = []
    /// How often rules refused somebody.
    public var refusals = 0
    /// When rules did, likewise.
    public var refusalTimes: [Int64] = []
    /// Which rules did: 1 it was too early, 2 not at such hours, 3 not from that network, 4 or country.
    public var refusalCodes: [UInt8] = []

    /// The rules that it has, while it lives.
    public var rules = RuleTexts()

    /// The facts about one secret.
    public init(state: State, created: Int, changed: Int, secondsLeft: Int, expires: Int, isLocked: Bool) {
        self.state = state
        self.created = created
        self.changed = changed
        self.secondsLeft = secondsLeft
        self.expires = expires
        self.isLocked = isLocked
    }
}

/// What changes about a receipt while its secret lives: two receipts of one secret that say the same have the same version.
public struct ReceiptVersion: Equatable, Sendable {
    private let state: ReceiptFacts.State
    private let reads: Int
    private let failedAttempts: Int
    /// No more than ``remembered``: nobody who is refused makes the pages of a receipt read it anew for ever.
    private let refusals: Int

    private static let remembered = 20

    /// The version that shows these facts.
    public init(_ facts: ReceiptFacts) {
        state = facts.state
        reads = facts.reads
        failedAttempts = facts.failedAttempts
        refusals = min(facts.refusals, Self.remembered)
    }

    /// Whether nothing follows it.
    public var isFinal: Bool { state != .new }

    /// Writes its name: the state in a word, readers, wrong passphrases, and refusals if there were any.
    public func write(to writer: inout ResponseWriter) {
        switch state {
        case .new: writer.append("new ")
        case .received: writer.append("received ")
        case .burned: writer.append("burned ")
        case .expired: writer.append("expired ")
        }
        writer.append(decimal: reads)
        writer.append(" ")
        writer.append(decimal: failedAttempts)
        guard refusals > 0 else { return }
        writer.append(" ")
        writer.append(decimal: refusals)
    }
}
