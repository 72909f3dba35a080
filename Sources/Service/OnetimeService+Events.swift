// A receipt's changes as they come, for the sender's page: server-sent events (HTML Standard, section 9.2).
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Sealing
internal import Vault

/// A request that is told of each change of one receipt.
final class ReceiptFollower {
    let id: RecordID
    let ticket: Ticket
    /// Gets header fields only.
    let isHead: Bool
    /// What was told last.
    var told: ReceiptVersion?

    init(id: RecordID, ticket: Ticket, isHead: Bool) {
        self.id = id
        self.ticket = ticket
        self.isHead = isHead
    }
}

/// All requests that wait for news, by receipt.
struct ReceiptFollowers {
    private var tickets: [RecordID: [Ticket]] = [:]

    /// How many requests may follow one receipt: more than a sender has pages of it.
    static let limit = 16

    var isEmpty: Bool { tickets.isEmpty }

    func count(of id: RecordID) -> Int { tickets[id]?.count ?? 0 }

    mutating func add(_ follower: ReceiptFollower, _ vault: isolated Vault) {
        vault.watch(follower.id)
        tickets[follower.id, default: []].append(follower.ticket)
    }

    mutating func remove(_ follower: ReceiptFollower, _ vault: isolated Vault) {
        guard let left = tickets[follower.id]?.filter({ $0 != follower.ticket }) else { return }
        tickets[follower.id] = left.isEmpty ? nil : left
        if left.isEmpty { vault.unwatch(follower.id) }
    }

    /// Those who wait for news of some receipts; they wait no longer.
    mutating func take(thoseOf ids: [RecordID], _ vault: isolated Vault) -> [Ticket] {
        var awakened: [Ticket] = []
        for id in ids {
            guard let some = tickets.removeValue(forKey: id) else { continue }
            vault.unwatch(id)
            awakened += some
        }
        return awakened
    }
}

extension OnetimeService {
    /// Answers with the receipt's state now and whenever it changes, until its secret is gone. It is the one GET that goes on,
    /// and changes nothing either.
    func follow(
        _ key: ByteRange, _ request: borrowing Request, _ exchange: inout Exchange, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        response.isSensitive = true
        if refusesGuess(.receiptEvents(key), request, &response, now) { return .complete }
        let token = key.span(in: request.bytes)
        guard Token.isWellFormed(token), let id = try? context.suite.receiptID(of: token),
            vault.receipt(id, now: now) != nil
        else {
            refuse(.unknownSecret, .receiptEvents(key), request, &response)
            return .complete
        }
        response.begin(.ok, contentType: "text/event-stream")
        response.fields(Page.securityFields)
        // Proxies of nginx's kind would keep what comes until there is more of it.
        response.field("X-Accel-Buffering", "no")
        // How many milliseconds a browser waits before it asks again. Any other answer than this one would be the last for it.
        guard followers.count(of: id) < ReceiptFollowers.limit else {
            response.append("retry: 30000\n\n")
            return .complete
        }
        response.append("retry: 1000\n\n")
        exchange.stage = .follow(
            ReceiptFollower(id: id, ticket: request.ticket, isHead: request.head.method == .head))
        return .partial
    }

    /// Tells what changed, or waits for the next change.
    func tellNext(
        _ follower: ReceiptFollower, again: Bool, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) -> Outcome {
        if follower.isHead { return .complete }
        if !again {
            let version = vault.receipt(follower.id, now: now).map { ReceiptVersion(ReceiptFacts($0, now)) }
            if let version, version == follower.told {
                followers.add(follower, vault)
                return .dormant
            }
            follower.told = version
        }
        response.append("data: ")
        if let told = follower.told { told.write(to: &response) } else { response.append("gone") }
        response.append("\n\n")
        return follower.told?.isFinal == false ? .partial : .complete
    }
}
