// One reader, not one read: claims, several readers, and destroying without reading.
public import Kernel
public import Sealing
internal import SecureMemory
internal import TimerWheel

extension Vault {
    /// Gives a secret out that may have to be given out again: to the same claim, or to other readers. They read the same ciphertext,
    /// and the record stays until nobody may come any more.
    func lend(_ slot: Int, _ claim: ClaimID?, share: inout SecureBytes, now: Moment) -> TakenSecret {
        let book = book(of: slot)
        let content = sharedContent(of: slot, book)
        let lease = ContentLease(of: content)
        shares.withShare(slot) { _ = share.append($0) }
        let facts = facts(of: slot)
        if let claim, book.isOpen(claim, now: now.milliseconds) {
            book.repeats(claim, lease: lease)
        } else {
            counts.readers += 1
            let ends = min(now.milliseconds + UInt64(limits.claimSeconds) * 1000, records[slot].deadline)
            book.admit(claim, ends: ends, lease: lease, wallSeconds: now.wallSeconds)
            if book.remaining == 0 { readOnes += 1 }
            tell(receipts.id(of: slot))
            settle(slot, now)
        }
        return TakenSecret(lease: lease, facts: facts)
    }

    /// The ciphertext of a record where several answers can read it: it moves from the record to its book.
    private func sharedContent(of slot: Int, _ book: RecordBook) -> SharedContent {
        if let content = book.content { return content }
        bytesInRecords -= Int(records[slot].content.byteCount)
        let content = SharedContent(
            exchange(&records[slot].content, with: SealedContent()), countedIn: bytesInBooks)
        book.share(content)
        return content
    }

    /// The reader who holds a claim has opened what he got: unless others may still come, the secret is destroyed here and now.
    ///
    /// - Returns: whether there was such a claim.
    public func commit(_ id: RecordID, claim: ClaimID, now: Moment) -> Bool {
        guard let slot = living(id, now), let book = records[slot].book, book.isOpen(claim, now: now.milliseconds)
        else {
            return false
        }
        book.close(claim)
        settle(slot, now)
        return true
    }

    /// The recipient destroys a secret that he does not want to read.
    ///
    /// - Returns: whether there was one. What several may read is not for one of them to destroy.
    public func destroyUnread(_ id: RecordID, now: Moment) -> Bool {
        guard let slot = admitting(id, nil, now), records[slot].readers == 1 else { return false }
        destroy(slot, as: .burned, now)
        return true
    }

    /// The slot of a secret that lives for newcomers, or for one who has an open claim to it.
    func admitting(_ id: RecordID, _ claim: ClaimID?, _ now: Moment) -> Int? {
        guard let slot = living(id, now) else { return nil }
        guard let book = records[slot].book, book.remaining == 0 else { return slot }
        guard let claim, book.isOpen(claim, now: now.milliseconds) else { return nil }
        return slot
    }

    /// The book of a record, which gets one if it has none, and counts it where no room was kept for it.
    func book(of slot: Int) -> RecordBook {
        if let book = records[slot].book { return book }
        bytesInRecords += records[slot].costOfBook
        let book = RecordBook(readers: Int(records[slot].readers))
        records[slot].book = book
        return book
    }

    /// Once nobody new may come, a record ends with its last open claim.
    private func settle(_ slot: Int, _ now: Moment) {
        guard let book = records[slot].book, book.remaining == 0 else { return }
        if let end = book.lastEnd(after: now.milliseconds) {
            wheel.schedule(UInt32(slot), at: tick(atOrAfter: end))
        } else {
            destroy(slot, as: .received, now)
        }
    }

    // MARK: News

    /// Has the receipt's changes told by ``takeNews()`` from now on.
    public func watch(_ receiptID: RecordID) { watched.insert(receiptID) }

    /// Nobody waits for the receipt's changes any more.
    public func unwatch(_ receiptID: RecordID) { watched.remove(receiptID) }

    /// The watched receipts that changed since it was asked last.
    public func takeNews() -> [RecordID] {
        if news.isEmpty { return [] }
        defer { news = [] }
        return news
    }

    /// Notes a change, where somebody waits for it.
    func tell(_ receiptID: RecordID) {
        if !watched.isEmpty && watched.contains(receiptID) { news.append(receiptID) }
    }
}
