// The sender's side: receipts, burning, and what the owner of an API key created.
public import Kernel
public import Sealing

/// A receipt that belongs to the owner of the API key.
public struct OwnedReceipt: Sendable {
    /// The receipt's id.
    public let id: RecordID
    /// The receipt's token under the owner's API token.
    public let sealedToken: SealedToken
}

extension Vault {
    /// What the sender may know, or nil when there is no such receipt (any more). Changes nothing.
    public func receipt(_ id: RecordID, now: Moment) -> ReceiptView? {
        if let slot = receipts.find(id) { return view(ofSlot: slot, now) }
        return gone.find(id, now: now.milliseconds).map { Self.view(of: $0, now) }
    }

    static func view(of receipt: GoneReceipt, _ now: Moment) -> ReceiptView {
        var view = ReceiptView(
            state: receipt.state, wasViewed: false, secretID: nil, created: receipt.created,
            updated: receipt.updated, timeToLive: Int(receipt.timeToLive), secondsLeft: nil,
            receiptSecondsLeft: Self.seconds(from: now.milliseconds, to: receipt.forgottenAt),
            isLocked: receipt.isLocked, ownerMark: receipt.owner, recipients: receipt.recipients ?? [],
            label: receipt.label, kind: receipt.kind, readers: Int(receipt.readers), reads: Int(receipt.reads),
            failedAttempts: Int(receipt.failedAttempts),
            readTimes: receipt.book?.readTimes ?? (receipt.state == .received ? [receipt.updated] : []),
            failureTimes: receipt.book?.failureTimes ?? [], sealedToken: nil)
        view.tellRefusals(receipt.book)
        return view
    }

    /// Notes that the receipt was looked at. Only for servers that are asked to tell `viewed` from `new` as upstream did.
    public func markViewed(_ id: RecordID) {
        if let slot = receipts.find(id) { records[slot].wasViewed = true }
    }

    /// Destroys a secret unread.
    ///
    /// - Returns: whether there was one to burn.
    public func burn(_ receiptID: RecordID, now: Moment) -> Bool {
        guard let slot = receipts.find(receiptID), admitting(secrets.id(of: slot), nil, now) != nil else {
            return false
        }
        destroy(slot, as: .burned, now)
        return true
    }

    /// The receipts of what was created with the API key, newest first.
    public var ownedReceipts: [OwnedReceipt] { owned.reversed() }

    func view(ofSlot slot: Int, _ now: Moment) -> ReceiptView? {
        let deadline = records[slot].deadline
        let timeToLive = records[slot].timeToLive
        let created = records[slot].created
        let forgottenAt = deadline + UInt64(timeToLive) * 1000
        guard forgottenAt > now.milliseconds else { return nil }
        let book = records[slot].book
        let reads = book?.reads ?? 0
        // While the last reader may still ask again, it is gone for everybody else.
        let isRead = book?.remaining == 0
        let burned = isRead ? nil : timeOfBurning(slot)
        let lives = deadline > now.milliseconds && !isRead && burned == nil
        let ended = isRead ? book?.lastRead ?? created : burned ?? created + Int64(timeToLive)
        var view = ReceiptView(
            state: lives ? .new : isRead ? .received : burned != nil ? .burned : .expired,
            wasViewed: records[slot].wasViewed,
            secretID: lives ? secrets.id(of: slot) : nil, created: created,
            updated: lives ? created : ended, timeToLive: Int(timeToLive),
            secondsLeft: lives ? Self.seconds(from: now.milliseconds, to: deadline) : nil,
            receiptSecondsLeft: Self.seconds(from: now.milliseconds, to: forgottenAt),
            isLocked: records[slot].extras?.lock != nil, ownerMark: records[slot].owner,
            recipients: records[slot].extras?.recipients ?? [],
            label: records[slot].extras?.label, kind: records[slot].kind, readers: Int(records[slot].readers),
            reads: reads, failedAttempts: Int(records[slot].attempts - records[slot].attemptsUnderWay),
            readTimes: book?.readTimes ?? [], failureTimes: book?.failureTimes ?? [],
            sealedToken: lives ? records[slot].sealedToken : nil)
        if lives, records[slot].hasConditions {
            view.conditions = withConditions(of: slot) { words in words.indices.map { words[$0] } } ?? []
        }
        view.tellRefusals(book)
        return view
    }
}

extension ReceiptView {
    fileprivate mutating func tellRefusals(_ book: RecordBook?) {
        guard let book, book.refusals > 0 else { return }
        refusals = book.refusals
        refusalTimes = book.refusalTimes
        refusalCodes = book.refusalCodes
    }
}
