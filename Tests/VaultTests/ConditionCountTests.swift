// What readers have to meet, from one word to as many as there may be: each is kept in its place, and counted while it is there.

import Kernel
import Sealing
import TestRandomness
import Testing

@testable import Vault

@Suite struct ConditionCountTests {
    /// Words that are all different, and none of them zero.
    private static func words(_ count: Int) -> [UInt64] {
        var generator = SeededGenerator(seed: UInt64(count))
        return (0..<count).map { _ in generator.next() | 1 }
    }

    /// More than the rules of any secret take: 8 windows, 32 networks, 128 countries.
    private static let most = 160

    /// What a secret's reader has to meet, as it lies there; nil for nothing. Behind it may be zeros.
    private func told(_ vault: isolated Vault, _ sent: Desk.Sent, at moment: Moment) -> [UInt64]? {
        guard let view = vault.secret(sent.id, now: moment) else { return nil }
        return vault.withConditions(of: sent.id, view) { words in words.indices.map { words[$0] } }
    }

    @Test func `secrets keep their words among others that have fewer, more or none, and in places that others had`()
        throws
    {
        try withVault { vault, desk in
            var (kept, counts): ([Desk.Sent], [Int]) = ([], [])
            var generator = SeededGenerator(seed: 3)
            for turn in 0..<300 {
                if kept.count > 20 || turn % 3 == 2 {
                    let index = Int.random(in: kept.indices, using: &generator)
                    #expect(try desk.take(kept.remove(at: index), from: vault, now: at(1)) != nil)
                    counts.remove(at: index)
                } else {
                    counts.append(turn % 7 == 0 ? 0 : Int.random(in: 1...Self.most, using: &generator))
                    let words = counts.last.map { Self.words($0) } ?? []
                    kept.append(try desk.conceal(conditions: words, in: vault, now: at(0)))
                }
                for (sent, count) in zip(kept, counts) {
                    let words = told(vault, sent, at: at(2))
                    #expect((words == nil) == (count == 0))
                    #expect(Array((words ?? []).prefix(count)) == Self.words(count), "\(count)")
                    let receipt = vault.receipt(sent.receiptID, now: at(2))
                    #expect(Array((receipt?.conditions ?? []).prefix(count)) == Self.words(count), "\(count)")
                }
            }
        }
    }

    @Test func `each word is counted, and with the secret all of it is given back, whichever way it goes`() throws {
        try withVault { vault, desk in
            var costs: [Int] = []
            for count in 0...Self.most {
                let sent = try desk.conceal(timeToLive: 10, conditions: Self.words(count), in: vault, now: at(0))
                costs.append(vault.bytesInUse)
                switch count % 3 {
                case 0: #expect(try desk.take(sent, from: vault, now: at(1)) != nil)
                case 1:
                    let wasBurned = vault.burn(sent.receiptID, now: at(1))
                    #expect(wasBurned)
                default: while vault.expire(now: at(10_000), budget: 1000) {}
                }
                #expect(vault.bytesInUse == 0, "\(count) words")
            }
            for (fewer, more) in zip(costs, costs.dropFirst()) { #expect(fewer <= more) }
            // No less than they take; some of them may have their room in every record with rules.
            for count in 16...Self.most { #expect(costs[count] >= costs[1] + (count - 16) * 8, "\(count) words") }
        }
    }

    @Test func `a secret whose words the vault has no room for is refused, and takes nothing`() throws {
        let words = Self.words(Self.most)
        let extras = try #require(RecordExtras(lock: nil, recipients: [], conditions: words))
        // One secret of a byte and its tag, to the byte.
        let room = 17 + Record.overhead(extras, readers: 1, hasConditions: true)
        var limits = VaultLimits.small
        limits.bytes = room
        try withVault(limits) { vault, desk in
            #expect(throws: VaultRefusal.tooManyBytes) {
                _ = try desk.conceal([7], conditions: Self.words(Self.most + 1), in: vault, now: at(0))
            }
            #expect(vault.bytesInUse == 0 && vault.count == 0)
            let sent = try desk.conceal([7], conditions: words, in: vault, now: at(0))
            #expect(vault.freeBytes == 0)
            #expect(throws: VaultRefusal.tooManyBytes) { _ = try desk.conceal([], in: vault, now: at(0)) }
            #expect(told(vault, sent, at: at(1)) == words)
            #expect(try desk.take(sent, from: vault, now: at(1)) == [7])
            #expect(vault.freeBytes == room)
        }
    }

    @Test func `the longest life that a secret may have ends with its last millisecond, rules or not`() throws {
        // 31 days.
        let seconds: UInt32 = 31 * 86_400
        try withVault { vault, desk in
            let sent = try [0, 1, Self.most].map {
                try desk.conceal(timeToLive: seconds, conditions: Self.words($0), in: vault, now: at(0))
            }
            let end = UInt64(seconds) * 1000
            while vault.expire(now: at(end - 1), budget: 1000) {}
            for sent in sent {
                #expect(vault.secret(sent.id, now: at(end - 1))?.secondsLeft == 1)
                #expect(vault.secret(sent.id, now: at(end)) == nil)
            }
            #expect(vault.count == 3)
            while vault.expire(now: at(end + 100), budget: 1000) {}
            #expect(vault.count == 0 && vault.bytesInUse == 0)
        }
    }
}
