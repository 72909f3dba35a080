// Ceilings: of secrets, bytes, tries and receipts.

import Kernel
import Sealing
import SecureMemory
import Testing

@testable import Vault

@Suite struct VaultLimitTests {
    @Test func `one secret too many is refused, and none is lost`() throws {
        var limits = VaultLimits.small
        limits.secrets = 5
        try withVault(limits) { vault, desk in
            let sent = try (0..<5).map { try desk.conceal([UInt8($0)], isOwned: true, in: vault, now: at(0)) }
            #expect(vault.refusal(forContentOf: 1) == .tooManySecrets)
            #expect(throws: VaultRefusal.tooManySecrets) {
                _ = try desk.conceal(isOwned: true, in: vault, now: at(0))
            }
            #expect(vault.ownedReceipts.count == 4)
            #expect(vault.ownedReceipts.first?.id == sent[4].receiptID)
            for (number, sent) in sent.enumerated() {
                #expect(try desk.take(sent, from: vault, now: at(0)) == [UInt8(number)])
            }
            #expect(vault.refusal(forContentOf: 1) == nil)
            _ = try desk.conceal(in: vault, now: at(0))
        }
    }

    @Test func `one byte too many is refused, and none is lost`() throws {
        var limits = VaultLimits.small
        // Two secrets of 1000 bytes and their tags, to the byte.
        limits.bytes = 2 * (1016 + Record.overhead)
        try withVault(limits) { vault, desk in
            let content = [UInt8](repeating: 7, count: 1000)
            let first = try desk.conceal(content, in: vault, now: at(0))
            #expect(throws: VaultRefusal.tooManyBytes) { _ = try desk.conceal(content + [7], in: vault, now: at(0)) }
            #expect(vault.refusal(forContentOf: 1017) == .tooManyBytes)
            #expect(vault.refusal(forContentOf: 1016) == nil)
            let second = try desk.conceal(content, in: vault, now: at(0))
            #expect(vault.bytesInUse == 2 * (1016 + Record.overhead))
            #expect(throws: VaultRefusal.tooManyBytes) { _ = try desk.conceal([], in: vault, now: at(0)) }
            #expect(try desk.take(first, from: vault, now: at(0)) == content)
            #expect(try desk.take(second, from: vault, now: at(0)) == content)
            #expect(vault.bytesInUse == 0)
        }
    }

    @Test func `what is kept beside a secret counts too`() throws {
        try withVault { vault, desk in
            let plain = try desk.conceal([9], in: vault, now: at(0))
            let ofPlain = vault.bytesInUse
            let addressed = try desk.conceal(
                [9], recipients: [String(repeating: "a", count: 1000)], in: vault, now: at(0))
            #expect(vault.bytesInUse > 2 * ofPlain + 1000)
            for sent in [plain, addressed] { #expect(try desk.take(sent, from: vault, now: at(1)) == [9]) }
            #expect(vault.bytesInUse == 0)
        }
    }

    @Test func `a book that nothing foretold counts for as long as its secret lives`() throws {
        try withVault { vault, desk in
            let sent = try (0..<3).map { try desk.conceal([UInt8($0)], in: vault, now: at(0)) }
            let before = vault.bytesInUse
            for _ in 0..<30 { vault.noteRefusal(sent[0].id, code: 2, now: at(1)) }
            // 490 bytes, as malloc counts them, once 20 are remembered.
            #expect(vault.bytesInUse == before + 576)
            // One who may ask again has a book, too.
            let claim = ClaimID(high: 1, low: 2)
            #expect(try desk.take(sent[1], claim: claim, from: vault, now: at(1)) == [1])
            #expect(vault.bytesInUse == before + 2 * 576)
            let isCommitted = vault.commit(sent[1].id, claim: claim, now: at(2))
            #expect(isCommitted && vault.bytesInUse == before + 576 - 17 - Record.overhead)
            #expect(try desk.take(sent[0], from: vault, now: at(2)) == [0])
            #expect(vault.bytesInUse == 17 + Record.overhead)
            vault.noteRefusal(sent[2].id, code: 2, now: at(3))
            vault.wipeAll(now: at(3))
            #expect(vault.bytesInUse == 0)
        }
    }

    @Test func `room that was kept for a book is not counted twice`() throws {
        try withVault { vault, desk in
            let sent = [
                try desk.conceal([9], isLocked: true, in: vault, now: at(0)),
                try desk.conceal([9], readers: 2, in: vault, now: at(0)),
            ]
            let before = vault.bytesInUse
            for sent in sent { vault.noteRefusal(sent.id, code: 2, now: at(1)) }
            #expect(vault.bytesInUse == before)
        }
    }

    @Test func `refusals take no more bytes than there are`() throws {
        var limits = VaultLimits.small
        // Room for two secrets and a book, but for one byte.
        let room = 2 * (17 + Record.overhead) + 575
        limits.bytes = room
        try withVault(limits) { vault, desk in
            let first = try desk.conceal([1], in: vault, now: at(0))
            vault.noteRefusal(first.id, code: 2, now: at(1))
            #expect(vault.receipt(first.receiptID, now: at(1))?.refusals == 1)
            #expect(vault.refusal(forContentOf: 17) == .tooManyBytes)
            #expect(try desk.take(first, from: vault, now: at(1)) == [1])
            let sent = try (1...2).map { try desk.conceal([$0], in: vault, now: at(2)) }
            for sent in sent { vault.noteRefusal(sent.id, code: 2, now: at(3)) }
            #expect(sent.map { vault.receipt($0.receiptID, now: at(3))?.refusals } == [0, 0])
            #expect(vault.bytesInUse <= room)
            let taken = try sent.map { try desk.take($0, from: vault, now: at(4)) }
            #expect(taken == [[1], [2]], "nor is one lost for it")
        }
    }

    @Test(arguments: [Int.max, Int.max - 1, 1 << 62, 1 << 32])
    func `any number of bytes may be announced`(_ count: Int) throws {
        try withVault { vault, desk in
            _ = try desk.conceal(in: vault, now: at(0))
            #expect(vault.refusal(forContentOf: count) == .tooManyBytes)
        }
    }

    @Test func `wrong tries are counted, and the last one burns`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(isLocked: true, in: vault, now: at(0))
            for left in [2, 1] {
                #expect(try desk.begin(sent, in: vault, now: at(1)))
                #expect(vault.attemptFailed(sent.id, now: at(1)) == left)
                #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == left)
            }
            #expect(try desk.begin(sent, in: vault, now: at(1)))
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
            #expect(vault.count == 0)
            #expect(vault.receipt(sent.receiptID, now: at(1))?.state == .burned)
            #expect(try desk.take(sent, from: vault, now: at(1)) == nil)
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
        }
    }

    @Test func `no more tries are under way than are allowed`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(isLocked: true, in: vault, now: at(0))
            for _ in 0..<3 { #expect(try desk.begin(sent, in: vault, now: at(1))) }
            for _ in 0..<5 { #expect(try !desk.begin(sent, in: vault, now: at(1))) }
            #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == 0)
            // Two fail; the third may be the right one.
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
            #expect(vault.count == 1)
            #expect(try desk.take(sent, from: vault, now: at(1)) == [1, 2, 3])
            #expect(vault.receipt(sent.receiptID, now: at(1))?.state == .received)
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
        }
    }

    @Test func `the last of the tries under way burns when all were wrong`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(isLocked: true, in: vault, now: at(0))
            for _ in 0..<3 { #expect(try desk.begin(sent, in: vault, now: at(1))) }
            for expected in [1, 1, 0] {
                _ = vault.attemptFailed(sent.id, now: at(1))
                #expect(vault.count == expected)
            }
        }
    }

    @Test func `a try that could not be made does not count`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(isLocked: true, in: vault, now: at(0))
            for _ in 0..<20 {
                #expect(try desk.begin(sent, in: vault, now: at(1)))
                vault.withdrawAttempt(sent.id, now: at(1))
            }
            #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == 3)
            // Nobody can withdraw or fail what was not begun.
            vault.withdrawAttempt(sent.id, now: at(1))
            #expect(vault.attemptFailed(sent.id, now: at(1)) == 0)
            #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == 3)
            for _ in 0..<3 { #expect(try desk.begin(sent, in: vault, now: at(1))) }
            _ = vault.attemptFailed(sent.id, now: at(1))
            _ = vault.attemptFailed(sent.id, now: at(1))
            vault.withdrawAttempt(sent.id, now: at(1))
            #expect(vault.secret(sent.id, now: at(1))?.attemptsLeft == 1)
        }
    }

    @Test func `a secret without a passphrase has nothing to try`() throws {
        try withVault { vault, desk in
            let sent = try desk.conceal(in: vault, now: at(0))
            #expect(try !desk.begin(sent, in: vault, now: at(0)))
            #expect(vault.secret(sent.id, now: at(0))?.isLocked == false)
            #expect(try desk.take(sent, from: vault, now: at(0)) == [1, 2, 3])
        }
    }

    @Test func `receipts of what is gone give way, the oldest first`() throws {
        try withVault { vault, desk in
            var sent: [Desk.Sent] = []
            for _ in 0..<130 {
                let next = try desk.conceal(in: vault, now: at(0))
                sent.append(next)
                _ = vault.burn(next.receiptID, now: at(0))
                let remembered = sent.filter { vault.receipt($0.receiptID, now: at(0)) != nil }
                #expect(remembered.map(\.receiptID) == sent.suffix(50).map(\.receiptID))
            }
            #expect(vault.gone.count == 50)
        }
    }

    @Test func `without room for receipts none is remembered`() throws {
        var limits = VaultLimits.small
        limits.goneReceipts = 0
        limits.ownedReceipts = 0
        try withVault(limits) { vault, desk in
            let sent = try desk.conceal(in: vault, now: at(0))
            #expect(vault.receipt(sent.receiptID, now: at(0)) != nil)
            _ = vault.burn(sent.receiptID, now: at(0))
            #expect(vault.receipt(sent.receiptID, now: at(0)) == nil)
        }
    }

    @Test func `the owner's receipts are listed newest first, the oldest give way`() throws {
        try withVault { vault, desk in
            var sent: [Desk.Sent] = []
            for number in 0..<7 {
                sent.append(try desk.conceal(isOwned: number != 3, in: vault, now: at(0)))
            }
            let expected = [6, 5, 4, 2].map { sent[$0].receiptID }
            #expect(vault.ownedReceipts.map(\.id) == expected)
        }
    }
}
