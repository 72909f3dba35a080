// A secret as the vault holds it, as it comes in and as it goes out.
public import Sealing
public import SecureMemory

/// A secret that lives. It can't be copied: whoever takes it out of the vault has the only one.
struct Record: ~Copyable {
    /// Empty once the book has it.
    var content: SealedContent
    let sealedToken: SealedToken
    let created: Int64
    /// Milliseconds on the monotonic clock, exact; the wheel's tick only says when it is swept.
    let deadline: UInt64
    let timeToLive: UInt32
    /// By whose key it was created; 0 is nobody's.
    let owner: OwnerMark
    /// How many burnings of many had begun before it came: those do not concern it.
    let burnsBefore: UInt32
    var attempts: UInt8 = 0
    var attemptsUnderWay: UInt8 = 0
    /// How many wrong passphrases it takes.
    let attemptLimit: UInt8
    var wasViewed = false
    /// How many people may read it.
    let readers: UInt8
    let kind: ContentKind
    /// Only for secrets that have more to them than most.
    let extras: RecordExtras?
    /// Whether its reader has to meet anything.
    let hasConditions: Bool
    /// Who had it; only where that takes remembering.
    var book: RecordBook?

    /// What a secret takes besides its ciphertext: record, share, index nodes, timer.
    static let overhead = 240

    /// What it takes of the vault's budget. What is shared is counted by itself.
    var cost: Int {
        Int(content.byteCount)
            + Self.overhead(
                extras, readers: Int(readers), hasConditions: hasConditions, hasBook: book != nil)
    }

    /// What a book would add to that: 0 where there is one, or where room is kept for it.
    var costOfBook: Int {
        Self.overhead(extras, readers: Int(readers), hasConditions: hasConditions, hasBook: true)
            - Self.overhead(extras, readers: Int(readers), hasConditions: hasConditions, hasBook: book != nil)
    }

    /// The size of the ciphertext.
    var contentCount: Int { Int(book?.content?.byteCount ?? content.byteCount) }

    /// What a secret takes besides its ciphertext, with all that may be noted of it.
    static func overhead(
        _ extras: RecordExtras?, readers: Int, hasConditions: Bool, hasBook: Bool = false
    ) -> Int {
        guard extras != nil || readers > 1 || hasConditions || hasBook else { return overhead }
        let isNoted = hasBook || readers > 1 || extras?.lock != nil || hasConditions
        let book = isNoted ? 512 + 64 * readers : 0
        let cell = hasConditions ? MemoryLayout<ConditionCell>.stride : 0
        return overhead + book + cell + (extras?.byteCount ?? 0)
    }
}

/// By whose key a secret was created: a number in 15 bits, and one that says that he let somebody else create it.
struct OwnerMark {
    private let bits: UInt16

    init(_ number: UInt16 = 0, isOwn: Bool = true) { bits = isOwn || number == 0 ? number : number | 0x8000 }

    var number: UInt16 { bits & 0x7fff }
    var isOwn: Bool { bits != 0 && bits & 0x8000 == 0 }
}

/// What whoever is to read a secret has to meet, where that fits a line of a cache: then no other memory is taken or touched for it.
struct ConditionCell: BitwiseCopyable {
    static let capacity = 8
    let words: [8 of UInt64]

    init(_ conditions: [UInt64]) {
        var words: [8 of UInt64] = .init(repeating: 0)
        for index in 0..<min(conditions.count, Self.capacity) { words[index] = conditions[index] }
        self.words = words
    }
}

/// The rarer parts of a record.
public final class RecordExtras: Sendable {
    /// The lock of a passphrase.
    public let lock: PassphraseLock?
    /// The addresses it was meant for, obscured: no more than `jo***@e***.com`.
    public let recipients: [String]

    /// What the recipient sees before the secret.
    public let note: SealedWords?
    /// What the sender sees on his receipt.
    public let label: SealedWords?
    /// What the label is found by, for one who knows it; it counts only where there is a label.
    public let labelMark: UInt64
    /// What its reader has to meet, if that is more than has room beside the record.
    let conditions: [UInt64]

    /// Extras, or nil where there is nothing to keep.
    public init?(
        lock: PassphraseLock?, recipients: [String], note: SealedWords? = nil, label: SealedWords? = nil,
        labelMark: UInt64 = 0, conditions: [UInt64] = []
    ) {
        let isLong = conditions.count > NewSecret.conditionsBesideRecord
        if lock == nil && recipients.isEmpty && note == nil && label == nil && !isLong { return nil }
        self.conditions = isLong ? conditions : []
        self.note = note
        self.label = label
        self.labelMark = labelMark
        self.lock = lock
        self.recipients = recipients
    }

    /// About how much memory they take, in bytes.
    var byteCount: Int {
        let words = [note, label].reduce(0) { $0 + ($1.map { $0.count + 64 } ?? 0) }
        return 144 + words + conditions.count * 8 + recipients.reduce(0) { $0 + $1.utf8.count + 32 }
            + (lock == nil ? 0 : 160)
    }
}

/// A secret on its way into the vault.
public struct NewSecret: ~Copyable {
    let content: SealedContent
    let share: SecureBytes
    let sealedToken: SealedToken
    let facts: RecordFacts
    let receiptID: RecordID
    let extras: RecordExtras?
    let conditions: [UInt64]
    /// What it will take of the vault's budget, in bytes.
    var cost: Int {
        Int(content.byteCount) + Record.overhead(extras, readers: Int(readers), hasConditions: !conditions.isEmpty)
    }
    let ownerSeal: SealedToken?
    let owner: OwnerMark
    let readers: UInt8
    let attempts: UInt8?

    /// How many words of conditions have room beside a record.
    public static let conditionsBesideRecord = ConditionCell.capacity

    /// A sealed secret with its books.
    ///
    /// - Parameters:
    ///   - share: what the server keeps of the key: 32 bytes.
    ///   - sealedToken: the secret's token under its receipt's.
    ///   - conditions: what its reader has to meet, in words whose meaning only their maker knows; none for nothing. Where there are
    ///     more than ``conditionsBesideRecord``, its extras have them, too.
    ///   - ownerSeal: the receipt's token under the owner's API token, for one who has an API key.
    ///   - owner: the number of the key's name, 1 to 32767, or 0. Without an `ownerSeal` it was somebody else who created it, by a link
    ///     of that key's bearer.
    ///   - readers: how many people may read it, 1 to 100.
    ///   - attempts: how many wrong passphrases it takes; nil for as many as the vault says.
    public init(
        content: consuming SealedContent, share: consuming SecureBytes, sealedToken: SealedToken,
        facts: RecordFacts, receiptID: RecordID, extras: RecordExtras?, conditions: [UInt64] = [],
        ownerSeal: SealedToken?, owner: UInt16 = 0, readers: UInt8 = 1, attempts: UInt8? = nil
    ) {
        precondition(conditions.count <= Self.conditionsBesideRecord || extras?.conditions.count == conditions.count)
        self.content = content
        self.share = share
        self.sealedToken = sealedToken
        self.facts = facts
        self.receiptID = receiptID
        self.extras = extras
        self.conditions = conditions
        self.ownerSeal = ownerSeal
        self.owner = OwnerMark(owner, isOwn: ownerSeal != nil)
        self.readers = readers
        self.attempts = attempts
    }
}

/// A secret that was moved out of the vault, for its one reader.
public struct TakenSecret: ~Copyable {
    private let content: SealedContent
    /// For one of several answers, which read the ciphertext where it is.
    private let lease: ContentLease?
    private let facts: RecordFacts

    init(content: consuming SealedContent, facts: RecordFacts) {
        self.content = content
        lease = nil
        self.facts = facts
    }

    init(lease: ContentLease, facts: RecordFacts) {
        content = SealedContent()
        self.lease = lease
        self.facts = facts
    }

    /// The opener of its content.
    ///
    /// - Parameter key: a block with room for ``ContentOpener/keySize`` bytes, had before the secret was taken.
    public consuming func opener(
        token: Span<UInt8>, share: Span<UInt8>, suite: CipherSuite, key: consuming SecureBytes
    ) throws(SealingError) -> ContentOpener {
        let facts = facts
        if let lease {
            return try ContentOpener(lease, token: token, share: share, facts: facts, suite: suite, key: key)
        }
        return try ContentOpener(content, token: token, share: share, facts: facts, suite: suite, key: key)
    }
}

/// What anyone with a secret's link may know before it is read.
public struct SecretView: Sendable {
    /// Where it lay when this was told.
    let slot: Int
    /// What its content is.
    public let kind: ContentKind
    /// What the sender tells beforehand, under the secret's token.
    public let note: SealedWords?
    /// Whether it needs a passphrase.
    public let isLocked: Bool
    /// Seconds until it expires, rounded up.
    public let secondsLeft: Int
    /// How many wrong passphrases it still takes.
    public let attemptsLeft: Int
    /// The size of its ciphertext.
    public let byteCount: Int
    /// Whether several may read it.
    public let isShared: Bool
    /// Whether its reader has to meet anything.
    public let hasConditions: Bool
    /// Whether the one who looks has it already and may ask again.
    public let isRepeat: Bool
}

/// What the sender may know.
public struct ReceiptView: Sendable {
    /// What became of a secret.
    public enum State: UInt8, Sendable {
        /// It waits for its reader.
        case new
        /// It was read.
        case received
        /// It was destroyed unread.
        case burned
        /// Its time passed unread.
        case expired
    }

    /// What became of it.
    public let state: State
    /// Whether this receipt was looked at before.
    public let wasViewed: Bool
    /// The secret's id while it lives.
    public let secretID: RecordID?
    /// When it was created, in seconds since 1970.
    public let created: Int64
    /// When its state changed last, in seconds since 1970.
    public let updated: Int64
    /// The TTL that was asked for, in seconds.
    public let timeToLive: Int
    /// Seconds until the secret expires, rounded up; nil once it is gone.
    public let secondsLeft: Int?
    /// Seconds until this receipt is forgotten, rounded up.
    public let receiptSecondsLeft: Int
    /// Whether it has a passphrase.
    public let isLocked: Bool
    let ownerMark: OwnerMark
    /// The number of the name of the key that it was created by, itself or by a link of its bearer's; 0 without one.
    public var owner: UInt16 { ownerMark.number }
    /// Whether it was created by the bearer of an API key himself.
    public var isOwned: Bool { ownerMark.isOwn }
    /// Obscured addresses.
    public let recipients: [String]
    /// What the sender called it, under the receipt's token.
    public let label: SealedWords?
    /// What its content is.
    public let kind: ContentKind
    /// How many people may read it.
    public let readers: Int
    /// How many did.
    public let reads: Int
    /// How many wrong passphrases were tried.
    public let failedAttempts: Int
    /// When readers came, in seconds since 1970: the last 20, oldest first.
    public let readTimes: [Int64]
    /// When passphrases were wrong, in seconds since 1970: the last 20, oldest first.
    public let failureTimes: [Int64]
    /// The secret's token under the receipt's, while the secret lives.
    public let sealedToken: SealedToken?
    /// What its reader has to meet, while it lives.
    public internal(set) var conditions: [UInt64] = []
    /// How often a rule refused somebody while it lived.
    public var refusals = 0
    /// When rules did, in seconds since 1970: the last 20, oldest first.
    public var refusalTimes: [Int64] = []
    /// The codes of those rules, as they were noted.
    public var refusalCodes: [UInt8] = []
}
