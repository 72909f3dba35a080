// Receipts of secrets that are gone: a fixed ring, the oldest give way.
internal import Sealing

/// What is remembered of a secret once it is gone: no key material, no content, no link.
struct GoneReceipt {
    /// The first half of the secret's id, by which it is spoken of.
    var secretID: UInt64 = 0
    var state = ReceiptView.State.expired
    var isLocked = false
    var owner = OwnerMark()
    var timeToLive: UInt32 = 0
    var created: Int64 = 0
    var updated: Int64 = 0
    /// Milliseconds on the monotonic clock.
    var forgottenAt: UInt64 = 0
    var recipients: [String]?
    var label: SealedWords?
    var kind = ContentKind.text
    var readers: UInt8 = 1
    var reads: UInt8 = 0
    var failedAttempts: UInt8 = 0
    /// Nil where there was nothing to note besides the end.
    var book: RecordBook?
}

/// The last so many receipts of secrets that are gone. All room is taken at the start, so that a vault that empties has no
/// more memory than one that was never filled.
struct GoneReceipts: ~Copyable {
    private var ring: [GoneReceipt]
    private var isFilled: [Bool]
    private var index: IDIndex
    private var next = 0
    /// How many were remembered since the start.
    private(set) var total = 0
    private var labelBytes = 0

    /// How many bytes of labels are kept; where there are more, receipts lose theirs.
    static let labelLimit = 1 << 20

    /// Room for so many receipts.
    init(capacity: Int) {
        ring = Array(repeating: GoneReceipt(), count: capacity)
        isFilled = Array(repeating: false, count: capacity)
        index = IDIndex(capacity: capacity)
    }

    var count: Int { index.count }

    /// Remembers a receipt; the oldest one is forgotten when there is no room.
    mutating func insert(_ receipt: GoneReceipt, id: RecordID) {
        guard !ring.isEmpty else { return }
        if isFilled[next] { index.remove(slot: next) }
        if let label = ring[next].label { labelBytes -= label.count }
        ring[next] = receipt
        if let label = receipt.label {
            if labelBytes + label.count > Self.labelLimit { ring[next].label = nil } else { labelBytes += label.count }
        }
        isFilled[next] = true
        index.insert(id, slot: next)
        total += 1
        next = (next + 1) % ring.count
    }

    /// The receipt with an id, unless its time is over.
    func find(_ id: RecordID, now: UInt64) -> GoneReceipt? {
        guard let slot = index.find(id), ring[slot].forgottenAt > now else { return nil }
        return ring[slot]
    }

    /// The first receipt that is remembered still of those from a number on, in the order in which their secrets ended.
    func first(from number: Int) -> (number: Int, id: RecordID, receipt: GoneReceipt)? {
        let number = max(number, total - ring.count, 0)
        guard number < total else { return nil }
        // The last one lies before `next`.
        let slot = (next + ring.count - (total - number)) % ring.count
        return (number, index.id(of: slot), ring[slot])
    }

    /// Forgets all.
    mutating func removeAll() {
        for slot in ring.indices where isFilled[slot] {
            index.remove(slot: slot)
            ring[slot] = GoneReceipt()
            isFilled[slot] = false
        }
        labelBytes = 0
        total = 0
    }
}
