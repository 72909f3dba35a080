// Burning many secrets at one time: at once for whoever asks for one, little by little for the machine.
public import Kernel
public import Sealing

/// Which secrets are to be burned: those that meet every condition that is set.
public struct BurnSelection: Sendable {
    /// The number of the API key's name that they were created with.
    public var owner: UInt16?
    /// What their label is found by.
    public var labelMark: UInt64?
    /// When they were created, in seconds since 1970.
    public var created: ClosedRange<Int64>?
    /// The first halves of their receipts' ids; empty for any.
    public var receipts: [UInt64] = []

    /// All secrets.
    public init() {}

    /// Whether no condition is set.
    public var isEverything: Bool { owner == nil && labelMark == nil && created == nil && receipts.isEmpty }
}

/// How far a burning of many got. It tells nothing that it was asked to look for.
public struct BurnRun: Sendable {
    /// Counts burnings from 1.
    public let number: UInt32
    /// When it began, in seconds since 1970. From then on nobody gets what it concerns.
    public let began: Int64
    /// How many secrets it burned so far.
    public internal(set) var burned = 0
    /// How many it ended that all readers had already, of whom one might have asked again.
    public internal(set) var cutOff = 0
    /// Whether there is nothing left to do.
    public internal(set) var isFinished = false
}

/// The ids of a secret that is gone, one-way from its token and its receipt's.
public struct EndedSecret: Sendable {
    /// The secret's.
    public let secret: RecordID
    /// Its receipt's.
    public let receipt: RecordID
}

/// A burning of many that is under way.
struct Burning {
    let selection: BurnSelection
    let number: UInt32
    let began: Moment
    /// Slots below have been looked at.
    var nextSlot = 0
}

extension Vault {
    /// How many burnings of many may be under way at one time.
    public static let burningLimit = 16

    /// How many burnings ``burnings`` tells of.
    private static let runsKept = 16

    /// What became of the last burnings of many, the oldest first.
    public var lastBurnings: [BurnRun] { burnRuns }

    /// Whether ``takeFinishedBurnings()`` has some to tell.
    public var hasFinishedBurnings: Bool { !finishedBurnings.isEmpty }

    /// Those burnings that were done by now and not when they were begun, each told once.
    public func takeFinishedBurnings() -> [BurnRun] {
        defer { finishedBurnings = [] }
        return finishedBurnings
    }

    /// The secrets that burnings of many destroyed since this was asked last, each with the number of its burning; none unless
    /// ``keepsEnds``.
    public func takeBurned() -> [(burning: UInt32, ids: EndedSecret)] {
        burnedOnes.isEmpty ? [] : exchange(&burnedOnes, with: [])
    }

    /// Burns all secrets of a selection that are here now.
    ///
    /// From here on nobody gets any of them, and their receipts say that they are burned; secrets that are concealed later do not
    /// belong to it. They are destroyed a part here, the others in the following calls of ``expire(now:budget:)``.
    ///
    /// - Parameter budget: how much to do here, in the units of ``expire(now:budget:)``.
    /// - Returns: how far it got; nil when ``burningLimit`` others are not done yet.
    public func burn(_ selection: BurnSelection, budget: Int, now: Moment) -> BurnRun? {
        guard burnings.count < Self.burningLimit else { return nil }
        burnCount += 1
        if burnRuns.count == Self.runsKept { burnRuns.removeFirst() }
        burnRuns.append(BurnRun(number: burnCount, began: now.wallSeconds))
        burnings.append(Burning(selection: selection, number: burnCount, began: now))
        var budget = budget
        goOnBurning(&budget, now)
        if burnRuns.last?.isFinished == true { finishedBurnings.removeLast() }
        return burnRuns.last
    }

    /// Goes on with the oldest burning, as far as the budget goes. To look at a secret takes one unit.
    func goOnBurning(_ budget: inout Int, _ now: Moment) {
        while budget > 0, !burnings.isEmpty {
            guard let slot = records.nextIndex(from: burnings[0].nextSlot) else {
                if let run = runIndex(burnings[0].number) {
                    burnRuns[run].isFinished = true
                    finishedBurnings.append(burnRuns[run])
                }
                burnings.removeFirst()
                continue
            }
            burnings[0].nextSlot = slot + 1
            budget -= 1
            guard covers(burnings[0], slot) else { continue }
            let before = releasedBytes
            end(slot, &budget, now)
            budget -= (releasedBytes - before) / 1024
        }
    }

    /// The first burning under way that a secret belongs to.
    func burning(of slot: Int) -> Burning? {
        for burning in burnings where covers(burning, slot) { return burning }
        return nil
    }

    /// When a secret was burned that is still to be destroyed; nil for one whose time was over before.
    func timeOfBurning(_ slot: Int) -> Int64? {
        guard !burnings.isEmpty, let burning = burning(of: slot),
            records[slot].deadline > burning.began.milliseconds
        else { return nil }
        return burning.began.wallSeconds
    }

    /// A secret goes that may belong to a burning: then that is what it ended by, whoever comes by first to destroy it.
    func settleBurning(of slot: Int, _ state: inout ReceiptView.State, _ now: inout Moment) {
        guard let burning = burning(of: slot), let run = runIndex(burning.number) else { return }
        if state == .received {
            burnRuns[run].cutOff += 1
        } else if records[slot].deadline > burning.began.milliseconds {
            burnRuns[run].burned += 1
            if keepsEnds { burnedOnes.append((burning.number, ids(of: slot))) }
            state = .burned
            now = burning.began
        }
    }

    private func runIndex(_ number: UInt32) -> Int? {
        for index in burnRuns.indices where burnRuns[index].number == number { return index }
        return nil
    }

    private func covers(_ burning: Burning, _ slot: Int) -> Bool {
        guard records[slot].burnsBefore < burning.number else { return false }
        let selection = burning.selection
        if let owner = selection.owner, records[slot].owner.number != owner { return false }
        if let created = selection.created, !created.contains(records[slot].created) { return false }
        if let mark = selection.labelMark {
            guard let extras = records[slot].extras, extras.label != nil, extras.labelMark == mark else { return false }
        }
        return selection.receipts.isEmpty || selection.receipts.contains(receipts.id(of: slot).high)
    }
}
