// One reader, not one read: claims, several readers, tries of a secret's own, and news.
import Kernel
import Sealing
import Testing

@testable import Vault

@Suite struct ReaderTests {
    private let mine = ClaimID(high: 1, low: 2)
    private let other = ClaimID(high: 1, low: 3)

    @Test func `the same claim gets the same content again and nobody else does`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([7, 8], timeToLive: 3600, in: vault, now: at(0))
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(1000)) == [7, 8])
            #expect(try desk.take(sent, claim: other, from: vault, now: at(2000)) == nil)
            #expect(try desk.take(sent, from: vault, now: at(2000)) == nil)
            #expect(vault.secret(sent.id, now: at(2000)) == nil)
            #expect(vault.secret(sent.id, claim: mine, now: at(2000)) != nil)
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(60000)) == [7, 8])
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(61000)) == nil)
            let receipt = vault.receipt(sent.receiptID, now: at(2000))
            #expect(receipt?.state == .received)
            #expect(receipt?.sealedToken == nil)
        }
    }

    @Test func `a claim that ends uncommitted is destroyed by the wheel as received`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([7], timeToLive: 3600, in: vault, now: at(0))
            _ = try desk.take(sent, claim: mine, from: vault, now: at(5000))
            while vault.expire(now: at(64000), budget: 1000) {}
            #expect(vault.count == 1)
            while vault.expire(now: at(66000), budget: 1000) {}
            #expect(vault.count == 0 && vault.bytesInUse == 0)
            let receipt = vault.receipt(sent.receiptID, now: at(66000))
            #expect(receipt?.state == .received)
            #expect(receipt?.updated == at(5000).wallSeconds)
        }
    }

    @Test func `whom rules refused is known after the secret is gone, whichever way it went`() throws {
        for way in 0..<4 {
            try withVault { vault, desk in
                let sent = try desk.conceal([7], timeToLive: 60, in: vault, now: at(0))
                #expect(vault.receipt(sent.receiptID, now: at(0))?.refusals == 0)
                for number in 1...25 as ClosedRange<UInt64> {
                    vault.noteRefusal(sent.id, code: number == 25 ? 3 : 2, now: at(number * 1000))
                }
                switch way {
                case 0: #expect(try desk.take(sent, from: vault, now: at(30_000)) == [7])
                case 1:
                    let isBurned = vault.burn(sent.receiptID, now: at(30_000))
                    #expect(isBurned)
                case 2: while vault.expire(now: at(61_000), budget: 1000) {}
                default: break
                }
                let end: UInt64 = way == 2 ? 61_000 : 31_000
                let found = vault.receipt(sent.receiptID, now: at(end))
                let receipt = try #require(found)
                #expect(receipt.state == [.received, .burned, .expired, .new][way])
                #expect(receipt.refusals == 25 && receipt.reads == (way == 0 ? 1 : 0))
                #expect(receipt.refusalCodes == Array(repeating: 2, count: 19) + [3])
                #expect(receipt.refusalTimes == (6...25).map { at($0 * 1000).wallSeconds })
                vault.noteRefusal(sent.id, code: 1, now: at(end))
                #expect(vault.receipt(sent.receiptID, now: at(end))?.refusals == (way == 3 ? 26 : 25))
            }
        }
    }

    @Test func `a commit destroys at once`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([7], timeToLive: 3600, in: vault, now: at(0))
            _ = try desk.take(sent, claim: mine, from: vault, now: at(1000))
            let byOther = vault.commit(sent.id, claim: other, now: at(2000))
            #expect(!byOther && vault.count == 1)
            let byReader = vault.commit(sent.id, claim: mine, now: at(2000))
            #expect(byReader && vault.count == 0 && vault.bytesInUse == 0)
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(3000)) == nil)
            let again = vault.commit(sent.id, claim: mine, now: at(3000))
            #expect(!again)
        }
    }

    @Test func `of a thousand racing claims one wins`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([7], timeToLive: 3600, in: vault, now: at(0))
            var winners = 0
            for number in 0..<1000 {
                let claim = ClaimID(high: UInt64(number), low: 0)
                if try desk.take(sent, claim: claim, from: vault, now: at(1000)) != nil { winners += 1 }
            }
            #expect(winners == 1)
        }
    }

    @Test func `three readers have it once each`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], readers: 3, in: vault, now: at(0))
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(1000)) == [9])
            #expect(try desk.take(sent, claim: mine, from: vault, now: at(2000)) == [9])
            #expect(vault.receipt(sent.receiptID, now: at(2000))?.state == .new)
            #expect(vault.receipt(sent.receiptID, now: at(2000))?.reads == 1)
            #expect(try desk.take(sent, from: vault, now: at(3000)) == [9])
            #expect(try desk.take(sent, claim: other, from: vault, now: at(4000)) == [9])
            #expect(vault.receipt(sent.receiptID, now: at(4000))?.state == .received)
            #expect(try desk.take(sent, from: vault, now: at(5000)) == nil)
            _ = vault.commit(sent.id, claim: mine, now: at(6000))
            #expect(vault.count == 1)
            _ = vault.commit(sent.id, claim: other, now: at(6000))
            #expect(vault.count == 0 && vault.bytesInUse == 0)
            #expect(vault.receipt(sent.receiptID, now: at(6000))?.reads == 3)
        }
    }

    @Test func `what only some of its readers read ends as what ended it and says how many came`() throws {
        try withVault { vault, desk in
            let expiring = try desk.conceal([9], readers: 2, in: vault, now: at(0))
            #expect(try desk.take(expiring, claim: mine, from: vault, now: at(59000)) == [9])
            #expect(try desk.take(expiring, claim: mine, from: vault, now: at(60000)) == nil)
            #expect(vault.receipt(expiring.receiptID, now: at(60000))?.state == .expired)
            while vault.expire(now: at(61000), budget: 1000) {}
            #expect(vault.count == 0)
            let expired = vault.receipt(expiring.receiptID, now: at(61000))
            #expect(expired?.state == .expired && expired?.reads == 1)
            #expect(expired?.updated == at(60000).wallSeconds)

            let burning = try desk.conceal([9], readers: 2, in: vault, now: at(62000))
            #expect(try desk.take(burning, from: vault, now: at(63000)) == [9])
            let isBurned = vault.burn(burning.receiptID, now: at(64000))
            let burned = vault.receipt(burning.receiptID, now: at(64000))
            #expect(isBurned && burned?.state == .burned && burned?.reads == 1)
            #expect(burned?.updated == at(64000).wallSeconds)
        }
    }

    @Test func `a passphrase that was right is no try that is used up`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], isLocked: true, readers: 9, attempts: 2, in: vault, now: at(0))
            for reader in 0..<6 {
                #expect(try desk.begin(sent, in: vault, now: at(1000)))
                let claim = ClaimID(high: 7, low: UInt64(reader))
                #expect(try desk.take(sent, claim: claim, from: vault, now: at(1000)) == [9], "reader \(reader)")
            }
            #expect(vault.secret(sent.id, now: at(2000))?.attemptsLeft == 2)
            for left in [1, 0] {
                #expect(try desk.begin(sent, in: vault, now: at(2000)))
                let told = vault.attemptFailed(sent.id, now: at(2000))
                #expect(told == left)
            }
            let receipt = vault.receipt(sent.receiptID, now: at(2000))
            #expect(
                vault.count == 0 && receipt?.state == .burned && receipt?.reads == 6 && receipt?.failedAttempts == 2)
        }
    }

    @Test func `a claim to a secret with one try may be repeated`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], isLocked: true, attempts: 1, in: vault, now: at(0))
            for moment in [at(1000), at(2000), at(3000)] {
                var share = try desk.lend(32)
                let lock = vault.beginAttempt(sent.id, claim: mine, share: &share, now: moment)
                #expect(lock != nil)
                #expect(try desk.take(sent, claim: mine, from: vault, now: moment) == [9])
            }
        }
    }

    @Test func `answers read one ciphertext, which counts once for as long as one of them reads`() throws {
        try withVault { vault, desk in
            let content = [UInt8](repeating: 5, count: 20000)
            let sent = try desk.conceal(content, readers: 2, in: vault, now: at(0))
            let before = vault.bytesInUse
            let first = try desk.opener(of: sent, claim: mine, from: vault, now: at(1000))
            #expect(vault.bytesInUse == before)
            if var second = try desk.opener(of: sent, from: vault, now: at(1000)) {
                #expect(vault.bytesInUse == before)
                let isCommitted = vault.commit(sent.id, claim: mine, now: at(2000))
                #expect(isCommitted && vault.count == 0)
                #expect(vault.bytesInUse > 20000, "one of them still reads")
                #expect(try desk.next(&second).count == 8192)
            }
            _ = consume first
            #expect(vault.bytesInUse == 0)
        }
    }

    @Test func `an answer ends when its claim is repeated or committed`() throws {
        try withVault { vault, desk in
            let content = [UInt8](repeating: 5, count: 20000)
            let sent = try desk.conceal(content, in: vault, now: at(0))
            guard var first = try desk.opener(of: sent, claim: mine, from: vault, now: at(1000)) else { return }
            #expect(try desk.next(&first).count == 8192)
            guard var second = try desk.opener(of: sent, claim: mine, from: vault, now: at(2000)) else { return }
            #expect(throws: SealingError.notAuthentic) { try desk.next(&first) }
            #expect(try desk.next(&second).count == 8192)
            _ = vault.commit(sent.id, claim: mine, now: at(3000))
            #expect(throws: SealingError.notAuthentic) { try desk.next(&second) }
            #expect(vault.bytesInUse == 0, "nobody has any of it any more")
        }
    }

    @Test func `several readers are no reason to let one of them destroy`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], readers: 2, in: vault, now: at(0))
            let destroyed = vault.destroyUnread(sent.id, now: at(1000))
            #expect(!destroyed && vault.count == 1)
        }
    }

    @Test func `a secret with its own number of tries burns after them`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], isLocked: true, attempts: 1, in: vault, now: at(0))
            #expect(vault.secret(sent.id, now: at(0))?.attemptsLeft == 1)
            #expect(try desk.begin(sent, in: vault, now: at(1000)))
            let left = vault.attemptFailed(sent.id, now: at(1000))
            #expect(left == 0 && vault.count == 0)
            #expect(vault.receipt(sent.receiptID, now: at(1000))?.state == .burned)
            #expect(vault.receipt(sent.receiptID, now: at(1000))?.failedAttempts == 1)
        }
    }

    @Test func `the recipient may destroy unread`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], in: vault, now: at(0))
            let destroyed = vault.destroyUnread(sent.id, now: at(1000))
            let again = vault.destroyUnread(sent.id, now: at(1000))
            #expect(destroyed && !again && vault.count == 0)
            #expect(vault.receipt(sent.receiptID, now: at(1000))?.state == .burned)
        }
    }

    @Test func `news comes only of what is watched`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal([9], readers: 2, in: vault, now: at(0))
            let unwatched = try desk.conceal([9], in: vault, now: at(0))
            vault.watch(sent.receiptID)
            _ = try desk.take(unwatched, from: vault, now: at(1000))
            _ = try desk.take(sent, claim: mine, from: vault, now: at(1000))
            #expect(vault.takeNews() == [sent.receiptID])
            #expect(vault.takeNews().isEmpty)
            let burned = vault.burn(sent.receiptID, now: at(2000))
            #expect(burned && vault.takeNews() == [sent.receiptID])
        }
    }
}
