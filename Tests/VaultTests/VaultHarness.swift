// A vault on an executor of the test's own, with short ways to fill it and to look into it.

import Foundation
import Kernel
import Sealing
import SecureMemory
import Synchronization
import TestRandomness

@testable import Vault

/// Runs what it is given at once, on the caller's thread: a vault on it is entered by `assumeIsolated`, as on the event loop.
final class InlineExecutor: SerialExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        unsafe UnownedJob(job).runSynchronously(on: asUnownedSerialExecutor())
    }

    func checkIsolated() {}

    func isIsolatingCurrentContext() -> Bool? { true }
}

/// Runs jobs one after another on a queue, as an actor that many tasks race for.
final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "vault")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// What seals and opens for tests of the vault.
final class Desk {
    let arena: SecureArena
    let suite: CipherSuite
    private var nextID: UInt64 = 0

    /// What the sender of a secret keeps for comparing.
    struct Sent: Sendable {
        let id: RecordID
        let receiptID: RecordID
        let token: [UInt8]
        let content: [UInt8]
        let timeToLive: UInt32
    }

    struct Full: Error {}

    init() throws {
        arena = try SecureArena(capacity: 1 << 20, allowsSecretMemory: false)
        suite = try CipherSuite(arena: arena)
    }

    func lend(_ capacity: Int) throws -> SecureBytes {
        guard let bytes = arena.allocate(capacity) else { throw Full() }
        return bytes
    }

    /// An id that no other has, spread as hashes are.
    func makeID() -> RecordID {
        nextID += 1
        var generator = SeededGenerator(seed: nextID)
        return RecordID(high: generator.next(), low: generator.next())
    }

    /// Seals a secret and puts it into the vault.
    func conceal(
        _ content: [UInt8] = [1, 2, 3], timeToLive: UInt32 = 60, isLocked: Bool = false, isOwned: Bool = false,
        isByLink: Bool = false, owner: UInt16 = 1, labelMark: UInt64? = nil, recipients: [String] = [],
        conditions: [UInt64] = [], readers: UInt8 = 1, attempts: UInt8? = nil, in vault: isolated Vault, now: Moment
    ) throws -> Sent {
        var token = try lend(31)
        try Token.generate(into: &token, suite: suite)
        var share = try lend(32)
        try Randomness.append(32, to: &share)
        let facts = RecordFacts(
            id: makeID(), created: now.wallSeconds, timeToLive: timeToLive, isLocked: isLocked)
        var sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: content.count, suite: suite, arena: arena)
        try sealer.append(content.span, suite: suite)
        let sealed = try sealer.finish(facts: facts, suite: suite)
        let sealedToken = try SealedToken(
            token.span, under: share.span, for: facts.id, purpose: .secretInReceipt, suite: suite, arena: arena)
        let lock = isLocked ? try lock(token.span, share.span) : nil
        let receiptID = makeID()
        let label = try labelMark.map { _ in
            try SealedWords(content.span, under: token.span, of: receiptID, purpose: .label, suite: suite, arena: arena)
        }
        var plain: [UInt8] = []
        for index in token.span.indices { plain.append(token.span[index]) }
        let sent = Sent(
            id: facts.id, receiptID: receiptID, token: plain, content: content, timeToLive: timeToLive)
        try vault.conceal(
            NewSecret(
                content: sealed, share: share, sealedToken: sealedToken, facts: facts, receiptID: sent.receiptID,
                extras: RecordExtras(
                    lock: lock, recipients: recipients, label: label, labelMark: labelMark ?? 0, conditions: conditions),
                conditions: conditions, ownerSeal: isOwned ? sealedToken : nil, owner: isOwned || isByLink ? owner : 0,
                readers: readers,
                attempts: attempts), now: now)
        return sent
    }

    private func lock(_ token: Span<UInt8>, _ share: Span<UInt8>) throws -> PassphraseLock {
        try PassphraseLock(
            contentShare: share, token: token, stretched: share, heldShare: share, parameters: .insecureForTests,
            suite: suite, arena: arena)
    }

    /// The content, if there was anything to take.
    func take(
        _ sent: Sent, claim: ClaimID? = nil, from vault: isolated Vault, now: Moment
    ) throws -> [UInt8]? {
        guard var opener = try opener(of: sent, claim: claim, from: vault, now: now) else { return nil }
        var content: [UInt8] = []
        while !opener.isFinished { content += try next(&opener) }
        return content
    }

    /// What opens the content chunk by chunk, if there was anything to take.
    func opener(
        of sent: Sent, claim: ClaimID? = nil, from vault: isolated Vault, now: Moment
    ) throws -> ContentOpener? {
        var share = try lend(32)
        guard let taken = vault.take(sent.id, claim: claim, isUnlocked: true, share: &share, now: now) else {
            precondition(share.isEmpty)
            return nil
        }
        let token = sent.token
        guard let key = arena.allocate(ContentOpener.keySize) else { throw SealingError.arenaFull }
        return try taken.opener(token: token.span, share: share.span, suite: suite, key: key)
    }

    /// The next chunk of a content.
    func next(_ opener: inout ContentOpener) throws -> [UInt8] {
        var chunk = try lend(ContentOpener.chunkSize)
        try opener.openNext(into: &chunk, suite: suite)
        var content: [UInt8] = []
        for index in chunk.span.indices { content.append(chunk.span[index]) }
        return content
    }

    /// Whether a try could be begun.
    func begin(_ sent: Sent, in vault: isolated Vault, now: Moment) throws -> Bool {
        var share = try lend(32)
        let lock = vault.beginAttempt(sent.id, share: &share, now: now)
        precondition((lock == nil) == share.isEmpty)
        return lock != nil
    }
}

/// A moment of a test's own clock, in milliseconds from its start.
func at(_ milliseconds: UInt64) -> Moment {
    Moment(milliseconds: 1_000_000 + milliseconds, wallSeconds: 1_700_000_000 + Int64(milliseconds / 1000))
}

/// Runs a body inside of a fresh vault, without a task.
func withVault(
    _ limits: VaultLimits = .small, _ body: @Sendable (isolated Vault, Desk) throws -> Void
) throws {
    let shares = try ShareTable(
        capacity: limits.secrets, lockedCapacity: limits.lockedShares, allowsSecretMemory: false)
    let vault = Vault(executor: InlineExecutor(), limits: limits, shares: shares, now: at(0))
    try vault.assumeIsolated { vault in try body(vault, Desk()) }
}

extension VaultLimits {
    /// Small enough for every ceiling to be reached.
    static let small = VaultLimits(
        secrets: 100, bytes: 1 << 20, passphraseAttempts: 3, goneReceipts: 50, ownedReceipts: 4, lockedShares: 10)
}
