// The vault: the one place where a secret changes its state.
public import Kernel
public import Sealing
public import SecureMemory
internal import TimerWheel

/// All secrets of the process, in memory, each for one reader.
///
/// An actor whose executor is the event loop: on that thread it is entered once (`assumeIsolated`), and every call below is a
/// plain call. No method suspends, so whatever one request does to a secret is done before the next request begins: that,
/// and that taking a secret *moves* it out, is what makes "once" true. Time is handed in; expiry is judged against it on every
/// call, so a secret whose time is over is gone whether or not it was swept.
public actor Vault {
    private nonisolated let executor: any SerialExecutor
    let limits: VaultLimits
    var records: Slab<Record>
    /// What readers have to meet, for those secrets that say so: beside their records, so that others take no room for it, and one that
    /// leaves gives no memory back for it.
    var conditions: Slab<ConditionCell>
    var slots: SlotNumbers
    var secrets: IDIndex
    var receipts: IDIndex
    var shares: ShareTable
    var gone: GoneReceipts
    var owned: [OwnedReceipt] = []
    /// Final, or each look at it would take memory for the accessor that lends it.
    final var wheel: TimerWheel
    let wheelStart: UInt64
    /// What records take, those that are being taken apart included.
    var bytesInRecords = 0
    /// What answers read side by side, for as long as one of them does.
    let bytesInBooks = SharedByteCount()
    private var highWater = 0
    /// What was held when all was wiped, and is not taken apart yet.
    var remains: [Remains] = []
    /// Receipts whose changes somebody waits for, and those of them that changed.
    var watched: Set<RecordID> = []
    var news: [RecordID] = []
    /// What became of all secrets so far.
    public internal(set) var tally = VaultTally()
    /// Whether ``takeEnds()`` and ``takeBurned()`` are called after ``expire(now:budget:)`` and ``burn(_:budget:now:)``.
    public var keepsEnds = false
    private var ends: [EndedSecret] = []
    var burnedOnes: [(burning: UInt32, ids: EndedSecret)] = []
    /// Secrets that every reader had, and that the last one may still ask for again.
    var readOnes = 0
    /// Burnings of many that are not done yet, the oldest first, and what became of the last ones.
    var burnings: [Burning] = []
    var burnRuns: [BurnRun] = []
    var finishedBurnings: [BurnRun] = []
    /// How many were ever begun.
    var burnCount: UInt32 = 0
    /// Bytes that went back to the kernel, other than those of the block heap.
    var givenBack = 0
    /// What people did so far.
    public internal(set) final var counts = VaultCounts()

    /// The executor of the event loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// An empty vault.
    ///
    /// - Parameters:
    ///   - executor: where it runs.
    ///   - now: the time at which it is made.
    public init(
        executor: any SerialExecutor, limits: VaultLimits, shares: consuming ShareTable, now: Moment
    ) {
        self.executor = executor
        self.limits = limits
        self.shares = shares
        records = Slab(capacity: limits.secrets)
        conditions = Slab(capacity: limits.secrets)
        slots = SlotNumbers(capacity: limits.secrets)
        secrets = IDIndex(capacity: limits.secrets)
        receipts = IDIndex(capacity: limits.secrets)
        gone = GoneReceipts(capacity: limits.goneReceipts)
        wheelStart = now.milliseconds
        wheel = TimerWheel(capacity: UInt32(limits.secrets), now: 0)
    }

    /// How many secrets wait for their readers.
    public var count: Int { records.count }

    /// How many bytes of the budget are taken.
    public var bytesInUse: Int { bytesInRecords + bytesInBooks.bytes }

    /// How many secrets it may hold.
    public var secretLimit: Int { limits.secrets }

    /// How many more bytes it may hold.
    public var freeBytes: Int { limits.bytes - bytesInUse }

    /// Why a secret with so many bytes of content would be refused, or nil.
    public func refusal(forContentOf byteCount: Int) -> VaultRefusal? {
        // No sum: a request may announce any number of bytes.
        refusal(forCostOf: byteCount, limits.bytes - bytesInUse - Record.overhead)
    }

    private func refusal(forCostOf byteCount: Int, _ room: Int) -> VaultRefusal? {
        if slots.used >= limits.secrets { return .tooManySecrets }
        return byteCount > room ? .tooManyBytes : nil
    }

    /// Takes a sealed secret in and starts its time.
    public func conceal(_ secret: consuming NewSecret, now: Moment) throws(VaultRefusal) {
        if let refusal = refusal(forCostOf: secret.cost, freeBytes) { throw refusal }
        guard let slot = slots.take() else { throw .tooManySecrets }
        let facts = secret.facts
        let receiptID = secret.receiptID
        if let seal = secret.ownerSeal {
            if owned.count >= limits.ownedReceipts, !owned.isEmpty { owned.removeFirst() }
            owned.append(OwnedReceipt(id: receiptID, sealedToken: seal))
        }
        shares.fill(slot, with: secret.share.span)
        secrets.insert(facts.id, slot: slot)
        receipts.insert(receiptID, slot: slot)
        let deadline = now.milliseconds + UInt64(facts.timeToLive) * 1000
        wheel.schedule(UInt32(slot), at: tick(atOrAfter: deadline))
        if !secret.conditions.isEmpty { conditions.insert(ConditionCell(secret.conditions), at: slot) }
        let record = Record(
            secret, deadline: deadline, attemptLimit: limits.passphraseAttempts, burnsBefore: burnCount)
        bytesInRecords += record.cost
        tally.created += 1
        highWater = max(highWater, bytesInUse)
        records.insert(record, at: slot)
    }

    /// What anyone with the link may know, or nil when there is no such secret (any more). Changes nothing.
    ///
    /// - Parameter claim: shows it to one who may ask for it again, too.
    public func secret(_ id: RecordID, claim: ClaimID? = nil, now: Moment) -> SecretView? {
        guard let slot = admitting(id, claim, now) else { return nil }
        return records[slot].view(slot: slot, claim, now)
    }

    /// Lets the closure look at the words that say what a secret's reader has to meet; behind them there may be zeroes.
    ///
    /// - Parameter view: what ``secret(_:claim:now:)`` told of the secret, just before.
    /// - Returns: nil where there is nothing to meet, or no such secret any more.
    public func withConditions<Result>(
        of id: RecordID, _ view: borrowing SecretView, _ body: (Span<UInt64>) -> Result
    ) -> Result? {
        guard records.contains(view.slot), secrets.id(of: view.slot) == id else { return nil }
        return withConditions(of: view.slot, body)
    }

    /// Notes for the sender that a rule refused somebody who asked for a secret. A vault without room for one more book
    /// notes it only where there is one, or where room was kept for it.
    ///
    /// - Parameter code: which one, as the caller numbers them from 1.
    public func noteRefusal(_ id: RecordID, code: UInt8, now: Moment) {
        guard let slot = living(id, now) else { return }
        let cost = records[slot].costOfBook
        if cost > 0, cost > freeBytes { return }
        book(of: slot).noteRefusal(code: code, wallSeconds: now.wallSeconds)
        tell(receipts.id(of: slot))
    }

    /// Moves a secret out of the vault, for its one reader: whoever comes later finds nothing.
    ///
    /// With a claim the reader may lose the answer: the same claim gets it again until it commits, at most
    /// ``VaultLimits/claimSeconds`` later. Others find nothing all the same, once as many readers came as were allowed.
    ///
    /// - Parameters:
    ///   - claim: made by the reader; nil for one who takes it once and for all.
    ///   - isUnlocked: whether the caller opened its lock. One with a lock is not given up otherwise.
    ///   - share: gets the share that the server held. It needs room for 32 bytes, so that nothing can fail once the secret
    ///     is out.
    /// - Returns: nil, and nothing in `share`, when there is no such secret (any more).
    public func take(
        _ id: RecordID, claim: ClaimID? = nil, isUnlocked: Bool = false, share: inout SecureBytes, now: Moment
    ) -> TakenSecret? {
        precondition(share.freeCapacity >= ShareTable.shareSize)
        guard let slot = admitting(id, claim, now), isUnlocked || records[slot].extras?.lock == nil else { return nil }
        // The try that opened the lock was no wrong one.
        if isUnlocked { giveBackAttempt(slot) }
        if claim != nil || records[slot].readers > 1 { return lend(slot, claim, share: &share, now: now) }
        shares.withShare(slot) { _ = share.append($0) }
        counts.readers += 1
        records[slot].book?.admit(nil, ends: 0, lease: nil, wallSeconds: now.wallSeconds)
        let facts = facts(of: slot)
        let record = remove(slot, as: .received, now)
        return TakenSecret(content: record.content, facts: facts)
    }

    /// The share and the lock of a secret with a passphrase, to try one; counts the try before it is made, so that no number of
    /// tries at the same time is more than was allowed.
    ///
    /// - Parameter claim: lets one try again who had it already.
    /// - Returns: nil when there is no such secret, it has no lock, or as many tries as were left are under way.
    public func beginAttempt(
        _ id: RecordID, claim: ClaimID? = nil, share: inout SecureBytes, now: Moment
    ) -> PassphraseLock? {
        guard let slot = admitting(id, claim, now), let lock = records[slot].extras?.lock,
            records[slot].attempts < records[slot].attemptLimit
        else { return nil }
        records[slot].attempts += 1
        records[slot].attemptsUnderWay += 1
        shares.withShare(slot) { _ = share.append($0) }
        return lock
    }

    /// Takes a try back that could not be made, or that nobody waits for any more.
    public func withdrawAttempt(_ id: RecordID, now: Moment) {
        if let slot = living(id, now) { giveBackAttempt(slot) }
    }

    private func giveBackAttempt(_ slot: Int) {
        guard records[slot].attemptsUnderWay > 0 else { return }
        records[slot].attempts -= 1
        records[slot].attemptsUnderWay -= 1
    }

    /// A try was wrong. The last one that was allowed burns the secret, unless another is under way: that may be the right one.
    ///
    /// - Returns: how many tries are left, those under way not counted; 0 when there are none or it is gone.
    public func attemptFailed(_ id: RecordID, now: Moment) -> Int {
        guard let slot = living(id, now), records[slot].attemptsUnderWay > 0 else { return 0 }
        records[slot].attemptsUnderWay -= 1
        counts.wrongPassphrases += 1
        let left = Int(records[slot].attemptLimit) - Int(records[slot].attempts)
        book(of: slot).noteFailure(wallSeconds: now.wallSeconds)
        tell(receipts.id(of: slot))
        if left <= 0 && records[slot].attemptsUnderWay == 0 {
            destroy(slot, as: .burned, now)
        }
        return max(left, 0)
    }

    // MARK: Slots

    /// Lets the closure look at what a secret's reader has to meet.
    func withConditions<Result>(of slot: Int, _ body: (Span<UInt64>) -> Result) -> Result? {
        guard records[slot].hasConditions else { return nil }
        if let long = records[slot].extras?.conditions, !long.isEmpty { return body(long.span) }
        return body(conditions[slot].words.span)
    }

    /// The slot of a secret that lives.
    func living(_ id: RecordID, _ now: Moment) -> Int? {
        guard let slot = secrets.find(id), records[slot].deadline > now.milliseconds,
            burnings.isEmpty || burning(of: slot) == nil
        else { return nil }
        return slot
    }

    func ids(of slot: Int) -> EndedSecret { EndedSecret(secret: secrets.id(of: slot), receipt: receipts.id(of: slot)) }

    func facts(of slot: Int) -> RecordFacts { records[slot].facts(secrets.id(of: slot)) }

    /// The end of every secret, whichever way it goes: its share is zeroed first, then all books, then its ciphertext.
    func destroy(_ slot: Int, as state: ReceiptView.State, _ now: Moment) {
        _ = remove(slot, as: state, now)
    }

    /// Moves a record out; what is left of it is a receipt without key material.
    private func remove(_ slot: Int, as state: ReceiptView.State, _ now: Moment) -> Record {
        var (state, now) = (state, now)
        if !burnings.isEmpty { settleBurning(of: slot, &state, &now) }
        givenBack += shares.wipe(slot)
        let secretID = secrets.remove(slot: slot).high
        let receiptID = receipts.remove(slot: slot)
        wheel.cancel(UInt32(slot))
        slots.giveBack(slot)
        let record = records.remove(slot)
        if record.hasConditions { _ = conditions.remove(slot) }
        if let book = record.book, book.content != nil, book.remaining == 0 { readOnes -= 1 }
        tally.count(state)
        record.book?.letGo()
        bytesInRecords -= record.cost
        tell(receiptID)
        let end =
            state == .expired
            ? record.created + Int64(record.timeToLive)
            : state == .received ? record.book?.lastRead ?? now.wallSeconds : now.wallSeconds
        gone.insert(
            GoneReceipt(
                secretID: secretID, state: state, isLocked: record.extras?.lock != nil, owner: record.owner,
                timeToLive: record.timeToLive, created: record.created, updated: end,
                forgottenAt: record.deadline + UInt64(record.timeToLive) * 1000,
                recipients: record.extras?.recipients, label: record.extras?.label, kind: record.kind,
                readers: record.readers, reads: UInt8(record.book?.reads ?? (state == .received ? 1 : 0)),
                failedAttempts: record.attempts - record.attemptsUnderWay,
                book: record.book),
            id: receiptID)
        return record
    }

    // MARK: Time

    /// The last tick that has passed at a moment.
    func tick(at now: Moment) -> UInt32 {
        let elapsed = now.milliseconds > wheelStart ? now.milliseconds - wheelStart : 0
        return UInt32(clamping: elapsed / Self.tickMilliseconds)
    }

    /// The first tick at which a moment has passed. A tick is 100 ms, counted from the start of the vault.
    func tick(atOrAfter milliseconds: UInt64) -> UInt32 {
        let elapsed = milliseconds > wheelStart ? milliseconds - wheelStart : 0
        return UInt32(clamping: (elapsed + Self.tickMilliseconds - 1) / Self.tickMilliseconds)
    }

    static let tickMilliseconds: UInt64 = 100

    /// Goes on with what takes long, a little at a time: takes apart what was wiped, and destroys secrets whose time is over.
    ///
    /// - Parameter budget: how much to do, in units of about 0.3 us: a secret takes four, and one more for each KiB that goes back
    ///   to the kernel because of it.
    /// - Returns: whether there is more to do right now.
    public func expire(now: Moment, budget: Int) -> Bool {
        var budget = budget
        takeApart(&budget)
        if !burnings.isEmpty { goOnBurning(&budget, now) }
        let tick = tick(at: now)
        var before = releasedBytes
        while let slot = wheel.next(upTo: tick, budget: &budget) {
            end(Int(slot), &budget, now)
            budget -= (releasedBytes - before) / 1024
            before = releasedBytes
        }
        guard remains.isEmpty, burnings.isEmpty, !wheel.hasWorkLeft else { return true }
        trimIfMostlyEmpty()
        return false
    }

    /// The ids of secrets and their receipts that expired unread since this was asked last.
    public func takeEnds() -> [EndedSecret] {
        ends.isEmpty ? [] : exchange(&ends, with: [])
    }

    /// Destroys a secret whose time is over, or that is to be burned, within a budget.
    func end(_ slot: Int, _ budget: inout Int, _ now: Moment) {
        // Wiping a large content takes as long as destroying many small ones.
        budget = max(budget - records[slot].contentCount / Self.bytesPerStep, 0)
        // All readers had it, and the last one's time to ask again is over.
        let isRead = records[slot].book?.remaining == 0
        if keepsEnds && !isRead && timeOfBurning(slot) == nil {
            ends.append(ids(of: slot))
        }
        destroy(slot, as: isRead ? .received : .expired, now)
        budget -= Self.unitsForSecret
    }

    /// How many bytes of content are wiped in about the time that a secret takes to be destroyed.
    private static let bytesPerStep = 8192

    /// What ending a secret takes of a budget: it touches ten places of which none is in the cache when there are many.
    static let unitsForSecret = 4

    /// All bytes that went back to the kernel so far. It is what takes longest when much is destroyed.
    var releasedBytes: Int { givenBack + BlockHeap.shared.givenBack }

    /// When ``expire(now:budget:)`` should be called next, in milliseconds of the monotonic clock; nil while there is nothing to
    /// do.
    public var nextExpiry: UInt64? {
        if !remains.isEmpty || !burnings.isEmpty { return wheelStart }
        // Not by a closure, which would ask the runtime whose thread this is.
        guard let tick = wheel.nextDeadline else { return nil }
        return wheelStart + UInt64(tick) * Self.tickMilliseconds
    }

    /// Gives memory back once most of what was held is gone. The heap is walked only then, so it has few blocks left.
    func trimIfMostlyEmpty() {
        guard highWater > 256 << 10, bytesInUse < highWater / 16 else { return }
        Heap.trim()
        if highWater > 4 << 20 { Heap.releaseCode() }
        highWater = bytesInUse
    }

    /// Seconds between two moments, rounded up, at least 0.
    static func seconds(from now: UInt64, to end: UInt64) -> Int {
        end > now ? Int((end - now + 999) / 1000) : 0
    }
}

extension Record {
    /// What anyone with the link may know. The record is asked for all of it at once: to find it is half of the work.
    borrowing func view(slot: Int, _ claim: ClaimID?, _ now: Moment) -> SecretView {
        SecretView(
            slot: slot, kind: kind, note: extras?.note, isLocked: extras?.lock != nil,
            secondsLeft: Vault.seconds(from: now.milliseconds, to: deadline),
            attemptsLeft: Int(attemptLimit) - Int(attempts), byteCount: contentCount, isShared: readers > 1,
            hasConditions: hasConditions,
            isRepeat: claim.map { book?.isOpen($0, now: now.milliseconds) ?? false } ?? false)
    }

    borrowing func facts(_ id: RecordID) -> RecordFacts {
        RecordFacts(id: id, created: created, timeToLive: timeToLive, isLocked: extras?.lock != nil, kind: kind)
    }

    init(_ secret: consuming NewSecret, deadline: UInt64, attemptLimit: UInt8, burnsBefore: UInt32) {
        self.burnsBefore = burnsBefore
        sealedToken = secret.sealedToken
        created = secret.facts.created
        self.deadline = deadline
        timeToLive = secret.facts.timeToLive
        owner = secret.owner
        kind = secret.facts.kind
        readers = secret.readers
        self.attemptLimit = secret.attempts ?? attemptLimit
        extras = secret.extras
        hasConditions = !secret.conditions.isEmpty
        content = secret.content
    }
}
