// Burning many at one time, and walking through all that is there.

import Kernel
import Sealing
import Testing

@testable import Vault

/// Room for some thousands.
private let wide = VaultLimits(secrets: 6000, bytes: 8 << 20, passphraseAttempts: 3, goneReceipts: 6000)

@Suite struct BurningTests {
    /// What becomes of the secrets of a selection, and of those that differ from it.
    private func burn(
        _ selection: @Sendable ([Desk.Sent]) -> BurnSelection, expect burned: @Sendable (Int) -> Bool
    ) throws {
        try withVault { vault, desk in
            var sent: [Desk.Sent] = []
            for number in 0..<24 {
                sent.append(
                    try desk.conceal(
                        timeToLive: 600, isOwned: number % 2 == 0, owner: UInt16(number % 4 + 1),
                        labelMark: number % 3 == 0 ? UInt64(number % 2) : nil, in: vault,
                        now: at(UInt64(number) * 1000)))
            }
            let run = vault.burn(selection(sent), budget: 1024, now: at(60_000))
            let done = try #require(run)
            let finished = vault.takeFinishedBurnings()
            #expect(finished.isEmpty, "the answer told it")
            #expect(done.isFinished && done.cutOff == 0)
            #expect(done.burned == (0..<24).count { burned($0) })
            #expect(vault.count == 24 - done.burned)
            for number in 0..<24 {
                let receiptFound = vault.receipt(sent[number].receiptID, now: at(61_000))
                let receipt = try #require(receiptFound)
                #expect(receipt.state == (burned(number) ? .burned : .new), "\(number)")
                if burned(number) { #expect(receipt.updated == at(60_000).wallSeconds) }
                let content = try desk.take(sent[number], from: vault, now: at(61_000))
                #expect((content == nil) == burned(number), "\(number)")
            }
        }
    }

    @Test func `each secret that a burning destroys is told once, whatever turn it goes in`() throws {
        try withVault(wide) { vault, desk in
            vault.keepsEnds = true
            var sent: Set<UInt64> = []
            for number in 0..<2000 {
                let one = try desk.conceal(timeToLive: 600, isOwned: number % 2 == 0, in: vault, now: at(0))
                if number % 2 == 0 { sent.insert(one.receiptID.high) }
            }
            var selection = BurnSelection()
            selection.owner = 1
            let run = vault.burn(selection, budget: 100, now: at(1000))
            #expect(run?.isFinished == false)
            var told: [UInt64] = []
            var most = 0
            repeat {
                let some = vault.takeBurned()
                #expect(some.allSatisfy { $0.burning == run?.number })
                told += some.map(\.ids.receipt.high)
                most = max(most, some.count)
            } while vault.expire(now: at(1000), budget: 400)
            told += vault.takeBurned().map(\.ids.receipt.high)
            #expect(told.count == 1000)
            let isAll = Set(told) == sent
            #expect(isAll)
            #expect(most <= 100, "a turn tells of what it did itself")
            #expect(vault.takeEnds().isEmpty, "none of them expired")
            vault.keepsEnds = false
            _ = vault.burn(BurnSelection(), budget: .max, now: at(2000))
            #expect(vault.takeBurned().isEmpty, "where nobody asks nothing is kept")
        }
    }

    @Test func `all are burned`() throws {
        try burn({ _ in BurnSelection() }, expect: { _ in true })
    }

    @Test func `those of one key are burned, and no others`() throws {
        try burn(
            { _ in
                var selection = BurnSelection()
                selection.owner = 3
                return selection
            }, expect: { $0 % 4 == 2 })
    }

    @Test func `a key's number concerns nobody who used no key`() throws {
        try burn(
            { _ in
                var selection = BurnSelection()
                selection.owner = 2
                return selection
            }, expect: { _ in false })
    }

    @Test func `what was created by a link of a key's bearer is burned with his own, and is not his own`() throws {
        try withVault { vault, desk in
            let own = try desk.conceal(isOwned: true, owner: 0x7fff, in: vault, now: at(0))
            let linked = try desk.conceal(isByLink: true, owner: 0x7fff, in: vault, now: at(0))
            let other = try desk.conceal(isByLink: true, owner: 7, in: vault, now: at(0))
            let listed = vault.ownedReceipts.map(\.id)
            #expect(listed == [own.receiptID])
            var selection = BurnSelection()
            selection.owner = 0x7fff
            for state in [ReceiptView.State.new, .burned] {
                for (sent, owner, isOwned) in [(own, UInt16(0x7fff), true), (linked, 0x7fff, false), (other, 7, false)]
                {
                    let found = vault.receipt(sent.receiptID, now: at(2000))
                    let receipt = try #require(found)
                    #expect(receipt.owner == owner && receipt.isOwned == isOwned)
                    #expect(receipt.state == (owner == 7 ? .new : state))
                }
                if state == .new {
                    let run = vault.burn(selection, budget: 1024, now: at(1000))
                    #expect(run?.burned == 2)
                }
            }
        }
    }

    @Test func `those with a label are burned, also where its mark is zero, and none without`() throws {
        for mark in 0..<2 as Range<UInt64> {
            try burn(
                { _ in
                    var selection = BurnSelection()
                    selection.labelMark = mark
                    return selection
                }, expect: { $0 % 3 == 0 && $0 % 2 == Int(mark) })
        }
    }

    @Test func `those of a span of time are burned, its ends included`() throws {
        try burn(
            { _ in
                var selection = BurnSelection()
                selection.created = at(5000).wallSeconds...at(9000).wallSeconds
                return selection
            }, expect: { (5...9).contains($0) })
    }

    @Test func `those of some receipts are burned, and what meets one of two conditions is not`() throws {
        try burn(
            { sent in
                var selection = BurnSelection()
                selection.receipts = [sent[4].receiptID.high, sent[6].receiptID.high, 12345]
                return selection
            }, expect: { $0 == 4 || $0 == 6 })
        try burn(
            { sent in
                var selection = BurnSelection()
                selection.receipts = [sent[4].receiptID.high, sent[6].receiptID.high]
                selection.owner = 1
                return selection
            }, expect: { $0 == 4 })
    }

    @Test func `many are burned at once for everybody, and a few at a time for the machine`() throws {
        try withVault(wide) { vault, desk in
            var sent: [Desk.Sent] = []
            for _ in 0..<5000 { sent.append(try desk.conceal(timeToLive: 600, in: vault, now: at(0))) }
            let run = vault.burn(BurnSelection(), budget: 100, now: at(1000))
            #expect(try #require(run).burned <= 20)
            #expect(try #require(run).isFinished == false)
            // Nobody gets what is not destroyed yet.
            #expect(try desk.take(sent[4999], from: vault, now: at(1000)) == nil)
            #expect(vault.secret(sent[4998].id, now: at(1000)) == nil)
            #expect(vault.receipt(sent[4998].receiptID, now: at(1000))?.state == .burned)
            let again = vault.burn(sent[4998].receiptID, now: at(1000))
            #expect(!again)
            // What comes later has nothing to do with it, wherever it lies.
            // More than places were freed: some lie where the burning is still to come by.
            var later: [Desk.Sent] = []
            for _ in 0..<40 { later.append(try desk.conceal(timeToLive: 600, in: vault, now: at(1000))) }
            for one in later {
                let isThere = vault.secret(one.id, now: at(1000)) != nil
                #expect(isThere)
            }
            var isBounded = true
            var steps = 0
            while vault.expire(now: at(2000), budget: 100) {
                steps += 1
                if vault.count < 5040 - (steps + 1) * 20 { isBounded = false }
                try #require(steps < 1000)
            }
            #expect(steps >= 240 && isBounded)
            #expect(vault.nextExpiry != nil && vault.count == 40)
            let last = try #require(vault.lastBurnings.last)
            #expect(last.isFinished && last.burned == 5000 && last.cutOff == 0 && last.number == 1)
            #expect(last.began == at(1000).wallSeconds)
            let finished = vault.takeFinishedBurnings()
            #expect(finished.map(\.burned) == [5000] && vault.takeFinishedBurnings().isEmpty)
            #expect(vault.receipt(sent[4999].receiptID, now: at(2000))?.state == .burned)
            for one in later { #expect(try desk.take(one, from: vault, now: at(2000)) == [1, 2, 3]) }
            #expect(vault.bytesInUse == 0)
        }
    }

    @Test func `looking without finding is bounded, too`() throws {
        try withVault(wide) { vault, desk in
            for _ in 0..<3000 { _ = try desk.conceal(timeToLive: 600, in: vault, now: at(0)) }
            var selection = BurnSelection()
            selection.owner = 7
            let run = vault.burn(selection, budget: 1000, now: at(0))
            #expect(try #require(run).isFinished == false)
            var steps = 1
            while vault.expire(now: at(0), budget: 1000) { steps += 1 }
            #expect((3...4).contains(steps))
            #expect(vault.lastBurnings.last?.isFinished == true && vault.count == 3000)
        }
    }

    @Test func `what was read stays read, and cannot be asked for again`() throws {
        try withVault { vault, desk in
            let claim = ClaimID(high: 1, low: 2)
            let read = try desk.conceal(timeToLive: 600, in: vault, now: at(0))
            let shared = try desk.conceal(timeToLive: 600, readers: 3, in: vault, now: at(0))
            let over = try desk.conceal(timeToLive: 5, in: vault, now: at(0))
            #expect(try desk.take(read, claim: claim, from: vault, now: at(0)) != nil)
            #expect(try desk.take(shared, claim: claim, from: vault, now: at(0)) != nil)
            let run = vault.burn(BurnSelection(), budget: 1024, now: at(6000))
            #expect(try #require(run).burned == 1)
            #expect(try #require(run).cutOff == 1)
            #expect(try desk.take(read, claim: claim, from: vault, now: at(6000)) == nil)
            #expect(try desk.take(shared, claim: claim, from: vault, now: at(6000)) == nil)
            let states = [read, shared, over].map { vault.receipt($0.receiptID, now: at(6000))?.state }
            #expect(states == [.received, .burned, .expired])
            #expect(vault.count == 0)
        }
    }

    @Test func `a secret whose time is over while it waits to be destroyed is burned still`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(timeToLive: 5, in: vault, now: at(0))
            _ = vault.burn(BurnSelection(), budget: 0, now: at(1000))
            #expect(vault.receipt(sent.receiptID, now: at(6000))?.state == .burned)
            while vault.expire(now: at(6000), budget: 10) {}
            #expect(vault.receipt(sent.receiptID, now: at(6000))?.state == .burned)
            #expect(vault.lastBurnings.last?.burned == 1)
        }
    }

    @Test func `burnings wait in line, only so many of them, and a wipe ends them`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(timeToLive: 600, in: vault, now: at(0))
            for _ in 0..<Vault.burningLimit {
                let run = vault.burn(BurnSelection(), budget: 0, now: at(0))
                #expect(run != nil)
            }
            let more = vault.burn(BurnSelection(), budget: 0, now: at(0))
            #expect(more == nil)
            vault.wipe(now: at(0))
            #expect(vault.receipt(sent.receiptID, now: at(0)) == nil)
            while vault.expire(now: at(0), budget: 50) {}
            #expect(vault.lastBurnings.count == Vault.burningLimit)
            let areDone = vault.lastBurnings.allSatisfy(\.isFinished)
            #expect(areDone)
            let next = vault.burn(BurnSelection(), budget: 10, now: at(0))
            #expect(next?.number == UInt32(Vault.burningLimit) + 1 && next?.isFinished == true)
        }
    }

    @Test func `a walk tells everything once, living and gone, whatever the size of its steps`() throws {
        for step in [1, 3, 1000] {
            try withVault { vault, desk in
                var sent: [Desk.Sent] = []
                for _ in 0..<60 { sent.append(try desk.conceal(timeToLive: 600, in: vault, now: at(0))) }
                for number in 0..<55 { #expect(try desk.take(sent[number], from: vault, now: at(1000)) != nil) }
                var told: [RecordID] = []
                var position: Int? = 0
                while position != nil {
                    var budget = step
                    while let found = vault.survey(&position, budget: &budget, isWithGone: true, now: at(2000)) {
                        let isLiving = told.count < 5
                        #expect(found.receipt.state == (isLiving ? .new : .received))
                        told.append(found.receiptID)
                        let secret = sent.first { $0.receiptID == found.receiptID }
                        #expect(found.secretID == secret?.id.high)
                    }
                }
                // The vault of this test remembers 50 that are gone.
                #expect(told == (55..<60).map { sent[$0].receiptID } + (5..<55).map { sent[$0].receiptID })
                #expect(vault.forgottenReceipts == 5)
            }
        }
    }
}
