// What a reader has to meet: that a record keeps it whole, and that it is counted for as long as it is there.

import Kernel
import Sealing
import Testing

@testable import Vault

@Suite struct ConditionTests {
    /// Words that are all different, and none of them zero.
    private static func words(_ count: Int) -> [UInt64] {
        var generator = SeededGenerator(seed: UInt64(count))
        return (0..<count).map { _ in generator.next() | 1 }
    }

    /// More than the rules of any secret take: 8 windows, 32 networks, 128 countries.
    private static let most = 160

    @Test func `as many words as there may be come back as they were, each in its place`() throws {
        for count in 1...Self.most {
            let words = Self.words(count)
            let extras = try #require(RecordExtras(lock: nil, recipients: [], conditions: words))
            let conditions = try #require(extras.conditions)
            #expect(words.indices.allSatisfy { conditions[$0] == words[$0] }, "\(count)")
        }
        #expect(RecordExtras(lock: nil, recipients: []) == nil)
        #expect(RecordExtras(lock: nil, recipients: ["a***@b***.org"])?.conditions == nil)
    }

    @Test func `a secret in the vault keeps its words among others that have fewer, more or none`() throws {
        try withVault { vault, desk in
            let counts = [0, 1, 2, 5, 6, 7, 8, 40, 0, Self.most]
            let sent = try counts.map {
                try desk.conceal(conditions: Self.words($0), in: vault, now: at(0))
            }
            _ = try desk.take(sent[3], from: vault, now: at(1))
            let again = try desk.conceal(conditions: Self.words(90), in: vault, now: at(1))
            for (sent, count) in zip(sent + [again], counts + [90]) where count != 5 {
                let view = vault.secret(sent.id, now: at(2))
                let words = Self.words(count)
                #expect(view != nil && (view?.conditions == nil) == (count == 0))
                #expect(words.indices.allSatisfy { view?.conditions?[$0] == words[$0] }, "\(count)")
                let receipt = vault.receipt(sent.receiptID, now: at(2))
                #expect(words.indices.allSatisfy { receipt?.conditions?[$0] == words[$0] }, "\(count)")
            }
            #expect(vault.secret(sent[3].id, now: at(2)) == nil)
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
        let room = 17 + Record.overhead(extras, readers: 1)
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
            #expect(vault.secret(sent.id, now: at(1))?.conditions?[Self.most - 1] == words[Self.most - 1])
            #expect(try desk.take(sent, from: vault, now: at(1)) == [7])
            #expect(vault.freeBytes == room)
        }
    }

    @Test func `what is counted of words is no less where there is more beside them`() throws {
        func cost(_ words: Int, _ recipients: [String], readers: Int) -> Int {
            Record.overhead(
                RecordExtras(lock: nil, recipients: recipients, conditions: Self.words(words)), readers: readers)
        }
        for recipients in [[], ["a***@b***.org"], Array(repeating: "a***@b***.org", count: 10)] {
            for readers in [1, 2, 100] {
                let difference = cost(Self.most, recipients, readers: readers) - cost(20, recipients, readers: readers)
                #expect(difference >= (Self.most - 20) * 8, "\(recipients.count) recipients, \(readers) readers")
            }
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
