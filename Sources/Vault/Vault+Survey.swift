// Looking at all secrets and receipts one after the other, for whoever runs the server.
public import Kernel
public import Sealing

/// What may be known of a secret, living or gone, without its link and its receipt's token.
public struct SurveyedSecret: Sendable {
    /// The receipt's id, one-way from its token.
    public let receiptID: RecordID
    /// The first half of the secret's id, one-way from its token.
    public let secretID: UInt64
    /// What its sender may know.
    public let receipt: ReceiptView
}

extension Vault {
    /// The next secret or receipt of a walk through all of them: first those that are held, then receipts of those that are
    /// gone in the order in which they went. What changes its place meanwhile may be told twice, or once as it was.
    ///
    /// - Parameters:
    ///   - position: where the walk is, 0 at first; nil once it is at its end.
    ///   - budget: how many more may be looked at.
    ///   - isWithGone: whether the walk goes on to those that are gone.
    public func survey(
        _ position: inout Int?, budget: inout Int, isWithGone: Bool, now: Moment
    ) -> SurveyedSecret? {
        while budget > 0, let place = position {
            budget -= 1
            if place < limits.secrets {
                guard let slot = records.nextIndex(from: place) else {
                    position = isWithGone ? limits.secrets : nil
                    continue
                }
                position = slot + 1
                guard let view = view(ofSlot: slot, now) else { continue }
                return SurveyedSecret(
                    receiptID: receipts.id(of: slot), secretID: secrets.id(of: slot).high, receipt: view)
            }
            guard isWithGone, let found = gone.first(from: place - limits.secrets) else {
                position = nil
                continue
            }
            position = limits.secrets + found.number + 1
            guard found.receipt.forgottenAt > now.milliseconds else { continue }
            return SurveyedSecret(
                receiptID: found.id, secretID: found.receipt.secretID, receipt: Self.view(of: found.receipt, now))
        }
        return nil
    }

    /// How many receipts of secrets that are gone gave way to newer ones.
    public var forgottenReceipts: Int { max(gone.total - limits.goneReceipts, 0) }
}
