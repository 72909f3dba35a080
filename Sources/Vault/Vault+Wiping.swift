// The end of everything that is held at one time: at once for whoever asks, little by little for the machine.
public import Kernel
internal import Sealing
internal import SecureMemory
internal import TimerWheel

extension Vault {
    /// Destroys every secret and forgets every receipt.
    ///
    /// From here on nobody gets anything that was held, or learns that it was: the records leave the vault as a whole, and what
    /// is concealed from now on has tables of its own. Nor could one who has both link and memory: the shares are zeroed
    /// first, those of the first quarter of a million secrets before it returns, the others before anything else that
    /// ``expire(now:budget:)`` does, in a few milliseconds. Ciphertexts and tables follow; until then their bytes count.
    public func wipe(now: Moment) {
        shares.wipeAll()
        var atOnce = Self.segmentsWipedAtOnce
        while atOnce > 0, shares.wipeNext() { atOnce -= 1 }
        guard count > 0 || gone.count > 0 || !owned.isEmpty else { return }
        tally.revealed += UInt64(readOnes)
        tally.wiped += UInt64(records.count - readOnes)
        readOnes = 0
        remains.append(
            Remains(
                records: exchange(&records, with: Slab(capacity: limits.secrets)),
                conditions: exchange(&conditions, with: Slab(capacity: limits.secrets)),
                slots: exchange(&slots, with: SlotNumbers(capacity: limits.secrets)),
                secrets: exchange(&secrets, with: IDIndex(capacity: limits.secrets)),
                receipts: exchange(&receipts, with: IDIndex(capacity: limits.secrets)),
                gone: exchange(&gone, with: GoneReceipts(capacity: limits.goneReceipts)),
                wheel: exchange(&wheel, with: TimerWheel(capacity: UInt32(limits.secrets), now: tick(at: now)))))
        owned = []
        news.append(contentsOf: watched)
    }

    /// Destroys every secret, forgets every receipt and gives their memory back before it returns. For the end of the process: it
    /// takes a second for a million.
    public func wipeAll(now: Moment) {
        wipe(now: now)
        var budget = Int.max
        takeApart(&budget)
        trimIfMostlyEmpty()
    }

    /// Segments of 4096 shares; 0.5 ms.
    private static let segmentsWipedAtOnce = 60
    private static let unitsForShares = 64

    /// Takes apart what was wiped, as far as the budget goes.
    func takeApart(_ budget: inout Int) {
        if remains.isEmpty { return }
        while budget > 0, shares.wipeNext() { budget -= Self.unitsForShares }
        while budget > 0, let oldest = remains.first {
            let before = releasedBytes
            let step = oldest.takeApartNext()
            bytesInRecords -= step.bytesOfSecret
            givenBack += step.givenBack
            if step.isLast {
                if let released = shares.releaseNext() { givenBack += released } else { remains.removeFirst() }
            }
            budget -= Self.unitsForSecret + (releasedBytes - before) / 1024
        }
    }
}

/// The tables of secrets that were wiped all at once. Their shares are gone, so nothing opens them, and nothing looks into them.
final class Remains {
    private var records: Slab<Record>
    private var conditions: Slab<ConditionCell>
    private let slots: SlotNumbers
    private var secrets: IDIndex
    private var receipts: IDIndex
    private let gone: GoneReceipts
    private var wheel: TimerWheel

    private var nextRecord: Int? = 0
    private var nextSecretID: Int? = 0
    private var nextReceiptID: Int? = 0

    init(
        records: consuming Slab<Record>, conditions: consuming Slab<ConditionCell>,
        slots: consuming SlotNumbers, secrets: consuming IDIndex, receipts: consuming IDIndex,
        gone: consuming GoneReceipts, wheel: consuming TimerWheel
    ) {
        self.records = records
        self.conditions = conditions
        self.slots = slots
        self.secrets = secrets
        self.receipts = receipts
        self.gone = gone
        self.wheel = wheel
    }

    /// What one step came to.
    struct Step {
        /// What the secret that it ended was counted for, if it ended one.
        var bytesOfSecret = 0
        /// Bytes that went back to the kernel, other than those of the block heap.
        var givenBack = 0
        /// Whether nothing is left to do.
        var isLast = false
    }

    /// Ends one record, or once there is none, a part of a table.
    func takeApartNext() -> Step {
        if let next = nextRecord {
            nextRecord = records.nextIndex(from: next)
            guard let slot = nextRecord else { return Step() }
            let record = records.remove(slot)
            if record.hasConditions { _ = conditions.remove(slot) }
            return Step(bytesOfSecret: record.cost)
        }
        if let next = nextSecretID {
            nextSecretID = secrets.takeApart(at: next)
        } else if let next = nextReceiptID {
            nextReceiptID = receipts.takeApart(at: next)
        } else if let released = wheel.discardSegment() {
            return Step(givenBack: released)
        } else {
            return Step(isLast: true)
        }
        return Step()
    }
}
