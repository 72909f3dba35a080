// What a secret's reader has to meet: kept as it was given, and gone with the secret.

import Kernel
import Sealing
import Testing

@testable import Vault

@Suite struct ConditionTests {
    private let lists: [[UInt64]] = [1, 7, 8, 9, 140].map { count in (0..<count).map { UInt64.max - $0 } }

    private func told(_ vault: isolated Vault, _ sent: Desk.Sent, at moment: Moment) -> [UInt64]? {
        guard let view = vault.secret(sent.id, now: moment) else { return nil }
        return vault.withConditions(of: sent.id, view) { words in words.indices.map { words[$0] } }
    }

    @Test func `they are told as they were given, to the one who may read and to the sender`() throws {
        try withVault { vault, desk in
            for conditions in lists {
                let sent = try desk.conceal(conditions: conditions, in: vault, now: at(0))
                #expect(vault.secret(sent.id, now: at(1))?.hasConditions == true)
                let words = told(vault, sent, at: at(1)) ?? []
                #expect(Array(words.prefix(conditions.count)) == conditions)
                #expect(words.dropFirst(conditions.count).allSatisfy { $0 == 0 })
                let found = vault.receipt(sent.receiptID, now: at(1))
                let receipt = try #require(found)
                #expect(Array(receipt.conditions.prefix(conditions.count)) == conditions)
            }
            let plain = try desk.conceal(in: vault, now: at(0))
            #expect(vault.secret(plain.id, now: at(1))?.hasConditions == false && told(vault, plain, at: at(1)) == nil)
            #expect(vault.receipt(plain.receiptID, now: at(1))?.conditions == [])
        }
    }

    @Test func `those of a secret that is gone are not told of the one that lies in its place`() throws {
        try withVault { vault, desk in
            let first = try desk.conceal(conditions: [1, 2, 3], in: vault, now: at(0))
            let found = vault.secret(first.id, now: at(0))
            let view = try #require(found)
            _ = try desk.take(first, from: vault, now: at(0))
            #expect(vault.withConditions(of: first.id, view) { _ in true } == nil)
            let second = try desk.conceal(conditions: [4], in: vault, now: at(0))
            #expect(vault.secret(second.id, now: at(0))?.slot == view.slot)
            #expect(vault.withConditions(of: first.id, view) { _ in true } == nil)
            #expect(told(vault, second, at: at(0)) == [4, 0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test func `they go with the secret, however it ends`() throws {
        try withVault { vault, desk in
            for end in ["revealed", "burned", "destroyed unread", "expired", "wiped"] {
                let sent = try lists.map { try desk.conceal(conditions: $0, in: vault, now: at(0)) }
                #expect(vault.conditions.count == sent.count)
                for sent in sent {
                    switch end {
                    case "revealed": #expect(try desk.take(sent, from: vault, now: at(1)) == [1, 2, 3])
                    case "burned": #expect(vault.burn(sent.receiptID, now: at(1)) == true)
                    case "destroyed unread": #expect(vault.destroyUnread(sent.id, now: at(1)) == true)
                    case "expired": while vault.expire(now: at(61_000), budget: 100) {}
                    default: vault.wipeAll(now: at(1))
                    }
                }
                #expect(vault.conditions.count == 0 && vault.bytesInUse == 0, "\(end)")
            }
        }
    }

    @Test func `they count in the budget, to the byte`() throws {
        try withVault { vault, desk in
            for conditions in lists {
                let before = vault.bytesInUse
                _ = try desk.conceal(conditions: conditions, in: vault, now: at(0))
                // A cell, room for a book of refusals, and where they do not fit the cell, extras.
                let extras = conditions.count > 8 ? 144 + conditions.count * 8 : 0
                #expect(vault.bytesInUse - before == 3 + 16 + Record.overhead + 512 + 64 + 64 + extras)
            }
        }
    }
}
