// Who had a secret that several may read, or that one reader may ask for again, and who tried in vain.
internal import Sealing

/// Names one reader for as long as his answer may get lost: 128 random bits that his page made.
public struct ClaimID: Sendable {
    /// The first 8 bytes.
    public let high: UInt64
    /// The last 8 bytes.
    public let low: UInt64

    /// A claim from its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Compares without branching on where they differ: two words, no early end.
    func isSame(as other: ClaimID) -> Bool { (high ^ other.high) | (low ^ other.low) == 0 }
}

/// The readers of one record, wrong passphrases, and whom rules refused. Only records with a claim, with more than one reader, with a
/// wrong passphrase or with a refusal have a book.
final class RecordBook {
    private struct Claim {
        let id: ClaimID
        /// Milliseconds on the monotonic clock.
        let ends: UInt64
        /// The answer to it that is under way, or was the last.
        var lease: ContentLease
    }

    private var claims: [Claim] = []
    /// The ciphertext, from the first reader on.
    private(set) var content: SharedContent?
    /// How many readers may still come.
    private(set) var remaining: Int
    /// How many had it.
    private(set) var reads = 0
    /// When the last of them got it first, in seconds since 1970; nil while nobody did.
    var lastRead: Int64? { readTimes.last }
    /// When readers came, and when passphrases were wrong, in seconds since 1970: the last ``remembered`` of each, oldest first.
    private(set) var readTimes: [Int64] = []
    private(set) var failureTimes: [Int64] = []

    /// How often a rule refused somebody.
    private(set) var refusals = 0
    /// When rules did, and the code of each, likewise.
    private(set) var refusalTimes: [Int64] = []
    private(set) var refusalCodes: [UInt8] = []

    /// Of how many readers, wrong passphrases and refusals the time is kept.
    static let remembered = 20

    init(readers: Int) {
        remaining = readers
    }

    /// Whether a claim may repeat its reveal.
    func isOpen(_ claim: ClaimID, now: UInt64) -> Bool {
        claims.contains { $0.ends > now && $0.id.isSame(as: claim) }
    }

    /// Takes the ciphertext over from the record, so that answers can read it side by side.
    func share(_ content: SharedContent) { self.content = content }

    /// Counts a reader; with a claim he may come again until `ends`.
    func admit(_ claim: ClaimID?, ends: UInt64, lease: ContentLease?, wallSeconds: Int64) {
        remaining -= 1
        reads += 1
        Self.note(wallSeconds, in: &readTimes)
        if let claim, let lease { claims.append(Claim(id: claim, ends: ends, lease: lease)) }
    }

    /// The answer to a claim once more: it takes the place of the one before, which nobody needs any longer.
    func repeats(_ claim: ClaimID, lease: ContentLease) {
        guard let index = claims.firstIndex(where: { $0.id.isSame(as: claim) }) else { return }
        claims[index].lease.revoke()
        claims[index].lease = lease
    }

    /// Notes a wrong passphrase.
    func noteFailure(wallSeconds: Int64) { Self.note(wallSeconds, in: &failureTimes) }

    /// Notes that a rule refused somebody.
    func noteRefusal(code: UInt8, wallSeconds: Int64) {
        refusals += 1
        if refusalCodes.count == Self.remembered { refusalCodes.removeFirst() }
        refusalCodes.append(code)
        Self.note(wallSeconds, in: &refusalTimes)
    }

    private static func note(_ time: Int64, in times: inout [Int64]) {
        if times.count == remembered { times.removeFirst() }
        times.append(time)
    }

    /// A reader has opened what he got, and will not ask again.
    func close(_ claim: ClaimID) {
        for closed in claims where closed.id.isSame(as: claim) { closed.lease.revoke() }
        claims.removeAll { $0.id.isSame(as: claim) }
    }

    /// The record is gone: nobody will ask again, and only the times are kept.
    func letGo() {
        claims = []
        content = nil
    }

    /// When the last claim that is open ends; nil when there is none.
    func lastEnd(after now: UInt64) -> UInt64? {
        claims.map(\.ends).max().flatMap { $0 > now ? $0 : nil }
    }
}
