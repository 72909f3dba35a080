// Concealing: from a draft to a secret in the vault and a receipt for its sender.
internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

extension OnetimeService {
    /// Checks the draft, has a passphrase stretched if there is one, and conceals.
    func create(
        _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment,
        _ vault: isolated Vault
    ) -> Outcome {
        if let refusal = check(draft, request, now) {
            // To find that hours or networks never meet takes as long as a hundred secrets do; nobody may have it found any number of
            // times.
            switch refusal {
            case .neverOpen, .nowhereOpen: countRate(.creation, request, now)
            default: break
            }
            refuse(refusal, draft.route, request, &response, draft)
            return .complete
        }
        do throws(SealingError) {
            if draft.isGenerating { try generate(draft) }
            guard draft.hasPassphrase, let passphrase = draft.takePassphrase() else {
                conceal(draft, nil, request, &response, now, vault)
                return .complete
            }
            guard var salt = context.arena.allocate(ShareTable.shareSize) else { throw .arenaFull }
            try Randomness.append(ShareTable.shareSize, to: &salt)
            let stretching = try Stretching(
                passphrase: passphrase, salt: salt, parameters: context.settings.scrypt, arena: context.arena)
            draft.stretching = stretching
            guard context.workers.submit(request.ticket, { stretching.run() }) else {
                refuse(.tooBusy, draft.route, request, &response, draft)
                return .complete
            }
            return .waiting
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
            return .complete
        }
    }

    private func check(_ draft: Draft, _ request: borrowing Request, _ now: Moment) -> Refusal? {
        if context.lockDown.contains(.creation) { return .lockedDown }
        if !draft.route.isInAPI {
            guard isSameOrigin(request, draft) else { return .foreignOrigin }
        }
        if let refusal = draft.refusalToCreate(now) ?? draft.refusal { return refusal }
        // The API has looked already, before the body came.
        if !draft.route.isInAPI, draft.creator != nil, context.isForeignForm(request, hasProof: draft.hasKeyProof) {
            return .foreignOrigin
        }
        if let refusal = refusal(ofRules: draft.rules, draft, now) { return refusal }
        if !draft.isGenerating && !draft.hasContent { return .nothingToShare }
        if draft.hasPassphrase {
            // The script sends a proof in place of a passphrase, and has seen to its length.
            if draft.kind != .envelope && draft.passphraseCharacters < context.settings.minimumPassphrase {
                return .passphraseTooShort
            }
            if draft.passphraseCharacters > context.settings.maximumPassphrase { return .passphraseTooLong }
        } else if context.settings.requiresPassphrase {
            return .passphraseMissing
        }
        if !draft.recipients.isEmpty && draft.creator == nil { return .recipientWithoutAccount }
        return nil
    }

    func isSameOrigin(_ request: borrowing Request, _ draft: Draft) -> Bool {
        context.isSameOrigin(request, hasFormToken: draft.hasFormToken)
    }

    private func generate(_ draft: Draft) throws(SealingError) {
        let lengths = GeneratedPassword.lengths
        let asked = draft.length ?? context.settings.generatedLength
        let length = min(max(asked, lengths.lowerBound), lengths.upperBound)
        guard var value = context.arena.allocate(length) else { throw .arenaFull }
        let classes = draft.classes.isEmpty ? .standard : draft.classes
        try GeneratedPassword.append(length: length, from: classes, to: &value, suite: context.suite)
        try draft.beginSealing(expectedCount: length)
        try draft.sealGenerated(value.span)
        draft.generated = consume value
    }

    /// Seals what is left, puts the secret into the vault and answers with its receipt.
    ///
    /// - Parameter stretching: the stretched passphrase, if there is one.
    func conceal(
        _ draft: Draft, _ stretching: Stretching?, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) {
        // It may have come while a passphrase was stretched.
        if context.lockDown.contains(.creation) { return refuse(.lockedDown, draft.route, request, &response, draft) }
        do throws(SealingError) {
            guard let token = draft.takeToken(), let receiptToken = draft.takeReceiptToken() else {
                throw .libraryFailure
            }
            let receiptID = try receiptID(of: receiptToken)
            // Once more, before it is written down whose secret it is: others may have used up the key or the link while a passphrase
            // was stretched.
            if let refusal = draft.refusalToCreate(now) {
                return refuse(refusal, draft.route, request, &response, draft)
            }
            let secret = try seal(draft, stretching, token, receiptToken, receiptID, request, now)
            let key = draft.creator
            if let refusal = rateRefusal(.creation, request, now) ?? creationRefusal(of: key, request, now) {
                return refuse(refusal, draft.route, request, &response, draft)
            }
            do throws(VaultRefusal) {
                try vault.conceal(secret, now: now)
            } catch {
                return refuse(.vaultFull, draft.route, request, &response, draft)
            }
            noteCreated(draft, receiptID, request, now, vault)
            answer(draft, token, receiptToken, receiptID, request, &response, now, vault)
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
        }
    }

    /// Counts and writes down what was created. Out of line, as what follows it is: all that is on the stack while a secret is sealed has
    /// to be wiped after.
    @inline(never)
    private func noteCreated(
        _ draft: Draft, _ receiptID: RecordID, _ request: borrowing Request, _ now: Moment, _ vault: isolated Vault
    ) {
        created(draft, request)
        countRate(.creation, request, now)
        let key = draft.creator
        if let key { countRate(.creation, request, now, key: key) }
        guard context.audit != nil else { return }
        audit(
            .create, request, now, secret: vault.receipt(receiptID, now: now)?.secretID, receipt: receiptID,
            key: key)
    }

    /// Why a key may not create one more now: it did so too often of late, from wherever. Takes nothing.
    func creationRefusal(of key: APIKey?, _ request: borrowing Request, _ now: Moment) -> Refusal? {
        guard let key else { return nil }
        return rateRefusal(.creation, request, now, key: key)
    }

    // Spans of what was unwrapped are taken in functions of their own: the compiler puts a value without copies that is both
    // unwrapped and looked into on the heap.
    private func receiptID(of token: borrowing SecureBytes) throws(SealingError) -> RecordID {
        try context.suite.receiptID(of: token.span)
    }

    private func seal(
        _ draft: Draft, _ stretching: Stretching?, _ token: borrowing SecureBytes,
        _ receiptToken: borrowing SecureBytes, _ receiptID: RecordID, _ request: borrowing Request, _ now: Moment
    ) throws(SealingError) -> NewSecret {
        let suite = context.suite
        let arena = context.arena
        guard let contentShare = draft.takeShare(), let sealer = draft.takeSealer() else { throw .libraryFailure }
        let facts = RecordFacts(
            id: try suite.secretID(of: token.span), created: now.wallSeconds,
            timeToLive: UInt32(timeToLive(draft)), isLocked: stretching != nil, kind: draft.kind)
        let labelMark = try draft.labelMark()
        let (note, label) = (
            try sealWords(draft.takeNote(), token.span, facts.id, .note),
            try sealWords(draft.takeLabel(), receiptToken.span, receiptID, .label)
        )
        let rules = draft.rules?.settled ?? []
        let readers = UInt8(min(max(draft.readers ?? 1, 1), ServiceSettings.maximumReaders))
        let attempts = draft.tries.map { UInt8(min(max($0, 1), context.settings.passphraseAttempts)) }
        let content = try sealer.finish(facts: facts, suite: suite)
        let sealedToken = try SealedToken(
            token.span, under: receiptToken.span, for: receiptID, purpose: .secretInReceipt, suite: suite, arena: arena)
        var ownerSeal: SealedToken?
        if draft.creator != nil, let apiToken = context.apiToken(request) {
            ownerSeal = try SealedToken(
                receiptToken.span, under: apiToken.span, for: receiptID, purpose: .receiptForOwner, suite: suite,
                arena: arena)
        }
        let share: SecureBytes
        var lock: PassphraseLock?
        if let stretching {
            guard var heldShare = arena.allocate(ShareTable.shareSize) else { throw .arenaFull }
            lock = try self.lock(contentShare, token, stretching, heldShare: &heldShare)
            share = heldShare
        } else {
            share = contentShare
        }
        // Asked here, for an initializer that fails has taken memory before it does.
        let isPlain =
            lock == nil && draft.recipients.isEmpty && note == nil && label == nil
            && rules.count <= NewSecret.conditionsBesideRecord
        return NewSecret(
            content: content, share: share, sealedToken: sealedToken, facts: facts, receiptID: receiptID,
            extras: isPlain
                ? nil
                : RecordExtras(
                    lock: lock, recipients: draft.recipients, note: note, label: label, labelMark: labelMark,
                    conditions: rules),
            conditions: rules, ownerSeal: ownerSeal, owner: draft.owner, readers: readers, attempts: attempts)
    }

    private func sealWords(
        _ words: consuming SecureBytes?, _ token: Span<UInt8>, _ id: RecordID, _ purpose: SealedWords.Purpose
    ) throws(SealingError) -> SealedWords? {
        guard let words else { return nil }
        return try sealWords(words, token, id, purpose)
    }

    private func sealWords(
        _ words: borrowing SecureBytes, _ token: Span<UInt8>, _ id: RecordID, _ purpose: SealedWords.Purpose
    ) throws(SealingError) -> SealedWords? {
        if words.isEmpty { return nil }
        return try SealedWords(
            words.span, under: token, of: id, purpose: purpose, suite: context.suite, arena: context.arena)
    }

    /// Locks a share with a stretched passphrase. What the server holds instead of it comes into `heldShare`.
    private func lock(
        _ contentShare: borrowing SecureBytes, _ token: borrowing SecureBytes, _ stretching: Stretching,
        heldShare: inout SecureBytes
    ) throws(SealingError) -> PassphraseLock {
        let content = contentShare.span
        let token = token.span
        let locking = stretching.withResult { (stretched, salt) -> Result<PassphraseLock, SealingError> in
            heldShare.append(salt)
            do throws(SealingError) {
                return .success(
                    try PassphraseLock(
                        contentShare: content, token: token, stretched: stretched, heldShare: salt,
                        parameters: context.settings.scrypt, suite: context.suite, arena: context.arena))
            } catch {
                return .failure(error)
            }
        }
        guard let locking else { throw .libraryFailure }
        return try locking.get()
    }

    /// What was asked for, within the limits; the default where nothing sensible was.
    func timeToLive(_ draft: Draft) -> Int {
        // Not the settings as a whole: each copy counts the references to all their texts.
        let longest =
            draft.creator != nil
            ? context.settings.maximumTimeToLive
            : min(context.settings.maximumTimeToLive, context.settings.maximumAnonymousTimeToLive)
        let standard = context.settings.defaultTimeToLive
        let asked = draft.timeToLive.map { $0 > 0 ? $0 : standard } ?? standard
        return min(max(asked, context.settings.minimumTimeToLive), longest, draft.rights?.timeToLiveLimit ?? .max)
    }

    @inline(never)
    private func answer(
        _ draft: Draft, _ token: borrowing SecureBytes, _ receiptToken: borrowing SecureBytes, _ receiptID: RecordID,
        _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) {
        guard let view = vault.receipt(receiptID, now: now) else {
            return refuse(.internalError, draft.route, request, &response, draft)
        }
        if case .homePage = draft.route {
            return showCreated(draft, view, token, receiptToken, request, &response)
        }
        if case .conceal = draft.route {
            return tellScript(draft, view, token.span, receiptToken.span, request, &response)
        }
        beginJSON(.ok, &response)
        switch draft.takeGenerated() {
        case .some(let value):
            writeCreated(view, receiptToken, token, generated: value, request, &response)
        case .none:
            writeReceipt(
                view, receiptToken.span, secretToken: token.span, generated: nil, request, &response)
        }
    }

    private func writeCreated(
        _ view: ReceiptView, _ receiptToken: borrowing SecureBytes, _ token: borrowing SecureBytes,
        generated: borrowing SecureBytes, _ request: borrowing Request, _ response: inout ResponseWriter
    ) {
        writeReceipt(
            view, receiptToken.span, secretToken: token.span, generated: generated.span, request, &response)
    }
}

extension Draft {
    /// Whether the content is to be made up.
    var isGenerating: Bool {
        switch route {
        case .generate: true
        case .homePage: wantsGenerated
        default: false
        }
    }
}

extension Refusal {
    /// What a failure of sealing means to the client.
    init(_ error: SealingError) {
        self = error == .arenaFull ? .noMemory : .internalError
    }
}
