// The life of a secret in the vault.

import Kernel
import Sealing
import SecureMemory
import Testing

@testable import Vault

@Suite struct VaultTests {
    @Test func `a secret is handed out once, whole, and is gone`() throws {
        try withVault { vault, desk in
            let content = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
            let sent = try desk.conceal(content, in: vault, now: at(0))
            #expect(vault.count == 1)
            #expect(try desk.take(sent, from: vault, now: at(1)) == content)
            #expect(try desk.take(sent, from: vault, now: at(1)) == nil)
            #expect(vault.count == 0)
            #expect(vault.bytesInUse == 0)
            #expect(vault.secret(sent.id, now: at(1)) == nil)
            #expect(vault.nextExpiry == nil)
            let receiptFound = vault.receipt(sent.receiptID, now: at(1))
            let receipt = try #require(receiptFound)
            #expect(receipt.state == .received)
            #expect(receipt.sealedToken == nil && receipt.secretID == nil && receipt.secondsLeft == nil)
        }
    }

    @Test func `neither an unknown id nor a receipt's id takes anything`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(in: vault, now: at(0))
            var share = try desk.lend(32)
            let byReceipt = vault.take(sent.receiptID, share: &share, now: at(0)) == nil
            let byOther = vault.take(desk.makeID(), share: &share, now: at(0)) == nil
            #expect(byReceipt && byOther)
            #expect(share.isEmpty == true)
            #expect(vault.receipt(sent.id, now: at(0)) == nil)
            let burned = vault.burn(sent.id, now: at(0))
            #expect(!burned)
            #expect(vault.count == 1)
        }
    }

    @Test func `looking changes nothing, however often`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(
                timeToLive: 60, isLocked: true, recipients: ["a***@e***.com"], in: vault, now: at(0))
            for _ in 0..<100 {
                let viewFound = vault.secret(sent.id, now: at(1))
                let view = try #require(viewFound)
                #expect(view.isLocked && view.secondsLeft == 60 && view.attemptsLeft == 3)
                let receiptFound = vault.receipt(sent.receiptID, now: at(1))
                let receipt = try #require(receiptFound)
                #expect(receipt.state == .new && !receipt.wasViewed && receipt.isLocked && !receipt.isOwned)
                #expect(receipt.secretID == sent.id && receipt.recipients == ["a***@e***.com"])
                #expect(receipt.secondsLeft == 60 && receipt.receiptSecondsLeft == 120 && receipt.timeToLive == 60)
                #expect(receipt.sealedToken != nil)
            }
            vault.markViewed(sent.receiptID)
            #expect(vault.receipt(sent.receiptID, now: at(1))?.wasViewed == true)
            #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == 3)
        }
    }

    @Test func `of 2000 tasks that race for each of many secrets exactly one gets it`() async throws {
        let limits = VaultLimits.small
        let shares = try ShareTable(capacity: limits.secrets, lockedCapacity: 10, allowsSecretMemory: false)
        let vault = Vault(executor: QueueExecutor(), limits: limits, shares: shares, now: at(0))
        let sent = try await vault.fill(20)
        let winners = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<2000 {
                let wanted = sent[number % 20]
                group.addTask { await vault.race(for: wanted.id) ? number % 20 : nil }
            }
            var winners: [Int] = []
            for await winner in group { if let winner { winners.append(winner) } }
            return winners
        }
        #expect(winners.sorted() == Array(0..<20))
        #expect(await vault.count == 0)
    }

    @Test func `time ends to the millisecond, swept or not`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(timeToLive: 1, isLocked: true, in: vault, now: at(37))
            #expect(vault.secret(sent.id, now: at(1036))?.secondsLeft == 1)
            #expect(vault.receipt(sent.receiptID, now: at(1036))?.state == .new)
            // Not swept: nothing but the clock has moved.
            #expect(vault.secret(sent.id, now: at(1037)) == nil)
            #expect(try desk.take(sent, from: vault, now: at(1037)) == nil)
            #expect(try !desk.begin(sent, in: vault, now: at(1037)))
            let burned = vault.burn(sent.receiptID, now: at(1037))
            #expect(!burned)
            let beforeFound = vault.receipt(sent.receiptID, now: at(1037))
            let before = try #require(beforeFound)
            #expect(before.state == .expired && before.sealedToken == nil && before.secretID == nil)
            #expect(vault.count == 1)
            let again = vault.expire(now: at(1200), budget: 100)
            #expect(!again && vault.count == 0 && vault.bytesInUse == 0)
            let afterFound = vault.receipt(sent.receiptID, now: at(1037))
            let after = try #require(afterFound)
            #expect(after.state == before.state && after.updated == before.updated && after.created == before.created)
            #expect(after.receiptSecondsLeft == before.receiptSecondsLeft && after.isLocked == before.isLocked)
            #expect(after.updated == at(37).wallSeconds + 1)
        }
    }

    @Test func `a sweep takes what is over, never what is not, and comes when it said`() throws {
        try withVault { vault, desk in
            #expect(vault.nextExpiry == nil)
            var sent: [Desk.Sent] = []
            for number in UInt64(0)..<50 {
                sent.append(try desk.conceal(timeToLive: UInt32(1 + number % 7), in: vault, now: at(number * 13)))
            }
            var clock: UInt64 = 0
            var turns = 0
            while let next = vault.nextExpiry {
                turns += 1
                try #require(turns < 1000)
                clock = max(clock, next - at(0).milliseconds)
                while vault.expire(now: at(clock), budget: 5) {}
                let living = sent.enumerated().filter { number, sent in
                    UInt64(number) * 13 + UInt64(sent.timeToLive) * 1000 > clock
                }
                // A tick of 100 ms may pass before the sweep.
                #expect(vault.count >= living.count)
                for (_, sent) in living { #expect(vault.secret(sent.id, now: at(clock)) != nil) }
                let overdue = sent.enumerated().filter { number, sent in
                    UInt64(number) * 13 + UInt64(sent.timeToLive) * 1000 + 100 <= clock
                }
                for (_, sent) in overdue { #expect(vault.secrets.find(sent.id) == nil) }
            }
            #expect(vault.count == 0)
        }
    }

    @Test func `a budget bounds a sweep, and the rest follows`() throws {
        try withVault { vault, desk in
            for _ in 0..<60 { _ = try desk.conceal(timeToLive: 1, in: vault, now: at(0)) }
            let isLeft = vault.expire(now: at(5000), budget: 10)
            #expect(isLeft)
            #expect(vault.count >= 45 && vault.count < 60)
            #expect(vault.nextExpiry.map { $0 <= at(5000).milliseconds } == true)
            while vault.expire(now: at(5000), budget: 10) {}
            #expect(vault.count == 0)
        }
    }

    @Test(arguments: ["taken", "burned", "expired"])
    func `a receipt outlives its secret to twice its time and no longer`(_ end: String) throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(timeToLive: 10, isOwned: true, recipients: ["b"], in: vault, now: at(5))
            switch end {
            case "taken": _ = try desk.take(sent, from: vault, now: at(3005))
            case "burned": #expect(vault.burn(sent.receiptID, now: at(3005)) == true)
            default: _ = vault.expire(now: at(12_000), budget: 10)
            }
            #expect(vault.count == 0)
            let states: [String: ReceiptView.State] = ["taken": .received, "burned": .burned, "expired": .expired]
            let lastFound = vault.receipt(sent.receiptID, now: at(20_004))
            let last = try #require(lastFound)
            #expect(last.state == states[end] && last.receiptSecondsLeft == 1)
            #expect(last.isOwned && last.recipients == ["b"] && last.timeToLive == 10)
            #expect(last.updated == at(end == "expired" ? 10_005 : 3005).wallSeconds)
            #expect(vault.receipt(sent.receiptID, now: at(20_005)) == nil)
        }
    }

    @Test func `a burned secret is gone, and burns once`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(in: vault, now: at(0))
            let first = vault.burn(sent.receiptID, now: at(1))
            let second = vault.burn(sent.receiptID, now: at(1))
            let unknown = vault.burn(desk.makeID(), now: at(1))
            #expect(first && !second && !unknown)
            #expect(try desk.take(sent, from: vault, now: at(1)) == nil)
            #expect(vault.receipt(sent.receiptID, now: at(1))?.state == .burned)
        }
    }

    @Test func `destroying zeroes the share and the place of the record`() throws {
        try withVault { vault, desk in
            for number in 0..<20 {
                let sent = try desk.conceal(in: vault, now: at(0))
                let slotFound = vault.secrets.find(sent.id)
                let slot = try #require(slotFound)
                #expect(slot == 0)
                let held = vault.shares.withShare(slot) { share in share.indices.contains { share[$0] != 0 } }
                #expect(held)
                if number % 2 == 0 {
                    _ = vault.burn(sent.receiptID, now: at(0))
                } else {
                    _ = try desk.take(sent, from: vault, now: at(0))
                }
                let isZero = vault.shares.withShare(slot) { share in share.indices.allSatisfy { share[$0] == 0 } }
                #expect(isZero)
            }
        }
    }

    @Test func `wiping all leaves neither secrets nor receipts, and the vault goes on`() throws {
        try withVault { vault, desk in
            var sent: [Desk.Sent] = []
            for number in 0..<80 {
                sent.append(try desk.conceal(isOwned: number % 2 == 0, in: vault, now: at(0)))
                if number % 3 == 0 { _ = try desk.take(sent[number], from: vault, now: at(0)) }
            }
            vault.wipeAll(now: at(1))
            #expect(vault.count == 0 && vault.bytesInUse == 0 && vault.nextExpiry == nil)
            #expect(vault.ownedReceipts.isEmpty)
            for sent in sent {
                #expect(vault.secret(sent.id, now: at(1)) == nil)
                #expect(vault.receipt(sent.receiptID, now: at(1)) == nil)
            }
            let next = try desk.conceal([9], in: vault, now: at(2))
            #expect(try desk.take(next, from: vault, now: at(2)) == [9])
        }
    }

    @Test func `a wipe ends everything at once, and its memory goes little by little while others are served`() throws {
        var limits = VaultLimits.small
        (limits.secrets, limits.bytes) = (5000, 16 << 20)
        limits.lockedShares = 100
        try withVault(limits) { vault, desk in
            let sent = try (0..<4500).map { _ in try desk.conceal(in: vault, now: at(0)) }
            let before = vault.bytesInUse
            vault.wipe(now: at(1))
            #expect(vault.count == 0)
            for sent in sent {
                #expect(vault.secret(sent.id, now: at(1)) == nil)
                #expect(vault.receipt(sent.receiptID, now: at(1)) == nil)
            }
            #expect(vault.bytesInUse > before / 2, "what is not destroyed yet still counts")
            let next = try desk.conceal([9], timeToLive: 3600, in: vault, now: at(2))
            let due = vault.nextExpiry ?? .max
            #expect(due <= at(2).milliseconds, "there is work to do right now")
            var steps = 1
            while vault.expire(now: at(3), budget: 1024) { steps += 1 }
            #expect(steps > 4)
            #expect(vault.bytesInUse < before / 100)
            #expect(vault.count == 1)
            let later = vault.nextExpiry ?? 0
            #expect(later > at(3_000_000).milliseconds)
            #expect(try desk.take(next, from: vault, now: at(4)) == [9])
        }
    }

    @Test func `a second wipe while the first is being cleared up ends what came between`() throws {
        try withVault { vault, desk in
            let first = try desk.conceal(in: vault, now: at(0))
            vault.wipe(now: at(1))
            let second = try desk.conceal(in: vault, now: at(2))
            vault.wipe(now: at(3))
            while vault.expire(now: at(4), budget: 16) {}
            #expect(vault.secret(first.id, now: at(4)) == nil && vault.secret(second.id, now: at(4)) == nil)
            #expect(vault.bytesInUse == 0 && vault.nextExpiry == nil)
        }
    }

    @Test func `a clock that goes back brings nothing back`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(timeToLive: 10, in: vault, now: at(5000))
            _ = vault.expire(now: Moment(milliseconds: 0, wallSeconds: 0), budget: 10)
            #expect(vault.secret(sent.id, now: at(0))?.secondsLeft == 15)
            _ = vault.expire(now: at(20_000), budget: 10)
            #expect(vault.secret(sent.id, now: at(0)) == nil)
        }
    }
}

extension Vault {
    func fill(_ count: Int) throws -> [Desk.Sent] {
        let desk = try Desk()
        return try (0..<count).map { _ in try desk.conceal(in: self, now: at(0)) }
    }

    func race(for id: RecordID) -> Bool {
        guard let arena = try? SecureArena(capacity: 64, allowsSecretMemory: false), var share = arena.allocate(32)
        else {
            return false
        }
        return take(id, share: &share, now: at(0)) != nil
    }
}
