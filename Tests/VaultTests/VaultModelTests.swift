// Random histories of a vault, each step compared with a dictionary.

import Kernel
import Sealing
import TestRandomness
import Testing

@testable import Vault

@Suite struct VaultModelTests {
    struct Entry {
        let sent: Desk.Sent
        let born: UInt64
        let isLocked: Bool
        var state = ReceiptView.State.new
        var ended: UInt64 = 0
        var attempts = 0
        var underWay = 0

        var deadline: UInt64 { born + UInt64(sent.timeToLive) * 1000 }
        var forgottenAt: UInt64 { deadline + UInt64(sent.timeToLive) * 1000 }

        func lives(_ clock: UInt64) -> Bool { state == .new && clock < deadline }
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func `a vault does what a dictionary does`(_ seed: UInt64) throws {
        var limits = VaultLimits.small
        limits.secrets = 40
        limits.goneReceipts = 10_000
        limits.lockedShares = 20
        try withVault(limits) { vault, desk in
            var random = SeededGenerator(seed: seed)
            var entries: [Entry] = []
            var clock: UInt64 = 0
            for step in 0..<500 {
                func note(_ what: String) -> Comment { "\(what); seed \(seed), step \(step)" }
                let some = entries.indices.suffix(60).randomElement(using: &random)
                switch Int.random(in: 0..<12, using: &random) {
                case 0...3:
                    let count = Int.random(in: 0...300, using: &random)
                    let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ step) }
                    let isLocked = Int.random(in: 0..<3, using: &random) == 0
                    let used = vault.slots.used
                    do {
                        let sent = try desk.conceal(
                            content, timeToLive: UInt32.random(in: 1...20, using: &random), isLocked: isLocked,
                            in: vault, now: at(clock))
                        #expect(used < 40, note("taken in"))
                        entries.append(Entry(sent: sent, born: clock, isLocked: isLocked))
                    } catch let refusal as VaultRefusal {
                        #expect(refusal == .tooManySecrets && used == 40, note("refused"))
                    }
                case 4, 5:
                    guard let some else { continue }
                    let content = try desk.take(entries[some].sent, from: vault, now: at(clock))
                    let lives = entries[some].lives(clock)
                    #expect(content == (lives ? entries[some].sent.content : nil), note("take"))
                    if lives {
                        entries[some].state = .received
                        entries[some].ended = clock
                    }
                case 6:
                    guard let some else { continue }
                    let burned = vault.burn(entries[some].sent.receiptID, now: at(clock))
                    #expect(burned == entries[some].lives(clock), note("burn"))
                    if burned {
                        entries[some].state = .burned
                        entries[some].ended = clock
                    }
                case 7:
                    guard let some else { continue }
                    let begun = try desk.begin(entries[some].sent, in: vault, now: at(clock))
                    let may = entries[some].lives(clock) && entries[some].isLocked && entries[some].attempts < 3
                    #expect(begun == may, note("begin"))
                    if begun {
                        entries[some].attempts += 1
                        entries[some].underWay += 1
                    }
                case 8:
                    guard let some else { continue }
                    let left = vault.attemptFailed(entries[some].sent.id, now: at(clock))
                    guard entries[some].lives(clock), entries[some].underWay > 0 else {
                        #expect(left == 0, note("fail"))
                        continue
                    }
                    entries[some].underWay -= 1
                    #expect(left == 3 - entries[some].attempts, note("fail"))
                    if left == 0 && entries[some].underWay == 0 {
                        entries[some].state = .burned
                        entries[some].ended = clock
                    }
                case 9:
                    guard let some else { continue }
                    vault.withdrawAttempt(entries[some].sent.id, now: at(clock))
                    if entries[some].lives(clock), entries[some].underWay > 0 {
                        entries[some].attempts -= 1
                        entries[some].underWay -= 1
                    }
                case 10:
                    clock += UInt64([1, 50, 999, 1000, 7000].randomElement(using: &random) ?? 1)
                default:
                    _ = vault.expire(now: at(clock), budget: Int.random(in: 0...10, using: &random))
                }
                if step % 20 == 19 { try compare(vault, entries, clock, note("all")) }
                if step == 300 && seed % 4 == 0 {
                    vault.wipeAll(now: at(clock))
                    for entry in entries { #expect(vault.receipt(entry.sent.receiptID, now: at(clock)) == nil) }
                    entries = []
                }
            }
            while vault.expire(now: at(clock + 100_000), budget: 100) {}
            #expect(vault.count == 0 && vault.bytesInUse == 0 && vault.slots.used == 0, "seed \(seed)")
            #expect(vault.secrets.count == 0 && vault.receipts.count == 0, "seed \(seed)")
        }
    }

    private func compare(
        _ vault: isolated Vault, _ entries: [Entry], _ clock: UInt64, _ comment: Comment
    ) throws {
        let held = entries.filter { $0.state == .new && vault.secrets.find($0.sent.id) != nil }
        #expect(vault.count == held.count && vault.slots.used == held.count, comment)
        // A lock, and room for a book of tries.
        let locked = Record.overhead + 512 + 64 + 144 + 160
        let bytes = held.reduce(0) { $0 + $1.sent.content.count + 16 + ($1.isLocked ? locked : Record.overhead) }
        #expect(vault.bytesInUse == bytes, comment)
        for entry in entries {
            let view = vault.secret(entry.sent.id, now: at(clock))
            #expect((view != nil) == entry.lives(clock), comment)
            if let view {
                #expect(view.isLocked == entry.isLocked && view.attemptsLeft == 3 - entry.attempts, comment)
                #expect(UInt64(view.secondsLeft) == (entry.deadline - clock + 999) / 1000, comment)
            }
            let receipt = vault.receipt(entry.sent.receiptID, now: at(clock))
            #expect((receipt != nil) == (clock < entry.forgottenAt), comment)
            guard let receipt else { continue }
            let state = entry.state == .new && clock >= entry.deadline ? .expired : entry.state
            #expect(receipt.state == state, comment)
            #expect(receipt.created == at(entry.born).wallSeconds, comment)
            #expect((receipt.secretID == entry.sent.id) == (state == .new), comment)
            #expect((receipt.sealedToken != nil) == (state == .new), comment)
            #expect(UInt64(receipt.receiptSecondsLeft) == (entry.forgottenAt - clock + 999) / 1000, comment)
        }
    }
}
