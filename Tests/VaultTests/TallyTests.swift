// The books of the vault: what became of all secrets adds up.
import Kernel
import Sealing
import Testing

@testable import Vault

@Suite struct TallyTests {
    private let claim = ClaimID(high: 1, low: 2)

    private func sum(_ tally: VaultTally) -> UInt64 { tally.revealed + tally.burned + tally.expired + tally.wiped }

    @Test func `each end of a secret is counted as what it was`() throws {
        try withVault { vault, desk in
            let read = try desk.conceal(in: vault, now: at(0))
            let burned = try desk.conceal(in: vault, now: at(0))
            _ = try desk.conceal(timeToLive: 1, in: vault, now: at(0))
            let kept = try desk.conceal(in: vault, now: at(0))
            #expect(try desk.take(read, from: vault, now: at(1)) != nil)
            let wasBurned = vault.burn(burned.receiptID, now: at(1))
            #expect(wasBurned)
            while vault.expire(now: at(5000), budget: 1000) {}
            #expect(try desk.take(kept, from: vault, now: at(5000)) != nil)
            _ = try desk.conceal(in: vault, now: at(5000))
            vault.wipeAll(now: at(5001))
            let tally = vault.tally
            #expect(tally.created == 5 && tally.revealed == 2 && tally.burned == 1)
            #expect(tally.expired == 1 && tally.wiped == 1)
        }
    }

    @Test func `what is wiped while its last reader may ask again was revealed`() throws {
        try withVault { vault, desk in
            let claimed = try desk.conceal(timeToLive: 3600, in: vault, now: at(0))
            let committed = try desk.conceal(timeToLive: 3600, in: vault, now: at(0))
            let ended = try desk.conceal(timeToLive: 3600, in: vault, now: at(0))
            _ = try desk.conceal(timeToLive: 3600, in: vault, now: at(0))
            for sent in [ended, committed] {
                #expect(try desk.take(sent, claim: claim, from: vault, now: at(1)) != nil)
            }
            let wasCommitted = vault.commit(committed.id, claim: claim, now: at(2))
            #expect(wasCommitted)
            #expect(vault.tally.revealed == 1)
            while vault.expire(now: at(100_000), budget: 1000) {}
            #expect(vault.tally.revealed == 2)
            #expect(try desk.take(claimed, claim: claim, from: vault, now: at(100_001)) != nil)
            #expect(sum(vault.tally) + UInt64(vault.count) == vault.tally.created)
            vault.wipe(now: at(100_002))
            #expect(vault.tally.revealed == 3 && vault.tally.wiped == 1)
            #expect(sum(vault.tally) == 4)
        }
    }
}
