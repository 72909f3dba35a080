// Concealing and revealing as the service does it, without HTTP.
import Kernel
import Sealing
import SecureMemory
import Vault

/// Runs what it is given at once: a vault on it is entered by `assumeIsolated`, as on the event loop.
final class InlineExecutor: SerialExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        unsafe UnownedJob(job).runSynchronously(on: asUnownedSerialExecutor())
    }

    func checkIsolated() {}

    func isIsolatingCurrentContext() -> Bool? { true }
}

/// What seals and opens, and the tokens of those who were promised a secret: in the clear, since this is no server.
final class Desk {
    let arena: SecureArena
    let suite: CipherSuite
    private let content: [UInt8]
    /// The tokens of all that was concealed, in order.
    var tokens: [UInt8] = []

    init(contentCount: Int = 256) throws {
        arena = try SecureArena(capacity: 6 << 20)
        arena.touch()
        suite = try CipherSuite(arena: arena)
        content = (0..<contentCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    /// All of a create that lies below the routes: tokens, ids, sealing, the receipt's link, the vault.
    func conceal(in vault: isolated Vault, timeToLive: UInt32 = 3600, now: Moment) throws {
        let content = content
        guard var token = arena.allocate(Token.size), var receiptToken = arena.allocate(Token.size),
            var share = arena.allocate(ShareTable.shareSize)
        else { throw SealingError.arenaFull }
        try Token.generate(secret: &token, receipt: &receiptToken, share: &share, suite: suite)
        var sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: content.count, suite: suite, arena: arena)
        try sealer.append(content.span, suite: suite)
        let receiptID = try suite.receiptID(of: receiptToken.span)
        let facts = RecordFacts(
            id: try suite.secretID(of: token.span), created: now.wallSeconds, timeToLive: timeToLive, isLocked: false)
        let sealed = try sealer.finish(facts: facts, suite: suite)
        let sealedToken = try SealedToken(
            token.span, under: receiptToken.span, for: receiptID, purpose: .secretInReceipt, suite: suite, arena: arena)
        try vault.conceal(
            NewSecret(
                content: sealed, share: share, sealedToken: sealedToken, facts: facts, receiptID: receiptID,
                extras: RecordExtras(lock: nil, recipients: []), ownerSeal: nil), now: now)
        tokens.append(copying: token.span)
    }

    /// All of a reveal that lies below the routes. Returns how many bytes came out.
    func reveal(_ number: Int, from vault: isolated Vault, now: Moment) throws -> Int {
        let tokens = tokens
        let token = tokens.span.extracting(number * Token.size..<(number + 1) * Token.size)
        let id = try suite.secretID(of: token)
        guard vault.secret(id, now: now) != nil else { return 0 }
        guard var share = arena.allocate(ShareTable.shareSize), let key = arena.allocate(ContentOpener.keySize),
            var plaintext = arena.allocate(ContentOpener.chunkSize)
        else { throw SealingError.arenaFull }
        guard let taken = vault.take(id, share: &share, now: now) else { return 0 }
        var opener = try taken.opener(token: token, share: share.span, suite: suite, key: key)
        try opener.openNext(into: &plaintext, suite: suite)
        return plaintext.count
    }
}

extension [UInt8] {
    fileprivate mutating func append(copying span: Span<UInt8>) {
        for index in span.indices { append(span[index]) }
    }
}

/// Runs a body inside of a fresh vault, without a task.
func withVault<Result: Sendable>(_ body: @Sendable (isolated Vault, Desk) throws -> Result) throws -> Result {
    let limits = VaultLimits()
    let shares = try ShareTable(capacity: limits.secrets, lockedCapacity: limits.lockedShares)
    shares.toucher()()
    let vault = Vault(executor: InlineExecutor(), limits: limits, shares: shares, now: at(0))
    return try vault.assumeIsolated { vault in try body(vault, Desk()) }
}

/// A moment of a clock that the benchmark moves, in milliseconds from its start.
func at(_ milliseconds: UInt64) -> Moment {
    Moment(milliseconds: 1_000_000 + milliseconds, wallSeconds: 1_700_000_000 + Int64(milliseconds / 1000))
}
