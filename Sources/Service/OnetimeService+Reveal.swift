internal import Audit
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages
// Revealing: the one reader.
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

/// A content on its way to its reader, part by part. Between two parts nothing of it is in the clear.
final class Reveal {
    private var opener: ContentOpener
    /// How the content is written.
    enum Form {
        case json
        /// On a page, with its language and look.
        case page(PageContext)
        /// On a page, with files.
        case files(PageContext)
        /// As it is.
        case bytes
    }

    private let form: Form
    /// How far the writing of files got, before the part that was written last and after it.
    private var (walkBefore, walk) = (FileWalk(), FileWalk())
    private let context: ServiceContext

    init(opener: consuming ContentOpener, form: Form, context: ServiceContext) {
        self.opener = opener
        self.form = form
        self.context = context
        context.uploadBytes += self.opener.ownedByteCount
    }

    deinit {
        context.uploadBytes -= opener.ownedByteCount
    }

    /// Writes the next chunk, or the last one again, and what follows the content if it was the last. Nil when the ciphertext does
    /// not open.
    func writeNext(again: Bool = false, _ response: inout ResponseWriter) -> Outcome? {
        if case .files(let page) = form { return writeFiles(again: again, page, &response) }
        if again { opener.stepBack() }
        do throws(SealingError) {
            try opener.openNext(into: &context.plaintext, suite: context.suite)
        } catch {
            context.plaintext.wipe()
            return nil
        }
        Self.write(context.plaintext, form, &response)
        context.plaintext.wipe()
        guard opener.isFinished else { return .partial }
        switch form {
        case .json: response.append("\"}")
        case .page(let page): Page.revealedEnd(&response, page)
        case .files, .bytes: break
        }
        return .complete
    }

    /// Writes about one chunk of a text and files.
    private func writeFiles(again: Bool, _ page: PageContext, _ response: inout ResponseWriter) -> Outcome? {
        if again { walk = walkBefore }
        walkBefore = walk
        let enough = response.freeBodyCapacity - ContentOpener.chunkSize
        repeat {
            let before = walk
            do throws(SealingError) {
                try openWindow()
            } catch {
                context.plaintext.wipe()
                return nil
            }
            Self.write(context.plaintext, isLast: opener.isFinished, &walk, page, &response)
            context.plaintext.wipe()
            if walk == before { return nil }
        } while !walk.isComplete && response.freeBodyCapacity > enough
        guard walk.isComplete else { return .partial }
        Page.filesEnd(&response, page)
        return .complete
    }

    /// Opens what the walk has to see next.
    private func openWindow() throws(SealingError) {
        let (chunk, offset) = walk.windowStart.quotientAndRemainder(dividingBy: ContentOpener.chunkSize)
        opener.seek(toChunk: chunk)
        try opener.openNext(into: &context.plaintext, suite: context.suite)
        context.plaintext.removeFirst(offset)
        guard context.plaintext.count < FileWalk.minimumWindow, !opener.isFinished else { return }
        try opener.openNext(into: &context.plaintext, suite: context.suite)
    }

    private static func write(
        _ plaintext: borrowing SecureBytes, isLast: Bool, _ walk: inout FileWalk, _ page: PageContext,
        _ response: inout ResponseWriter
    ) {
        walk.write(plaintext.span, isLast: isLast, to: &response, page)
    }

    private static func write(_ plaintext: borrowing SecureBytes, _ form: Form, _ response: inout ResponseWriter) {
        switch form {
        case .json: response.append(json: plaintext.span)
        case .page: response.append(htmlText: plaintext.span)
        case .files: break
        case .bytes: response.append(plaintext.span)
        }
    }

    /// About how many bytes of content there are.
    var byteCount: Int { opener.sealedByteCount }
}

extension OnetimeService {
    /// Takes the secret out of the vault, or has its passphrase stretched first.
    func reveal(
        _ key: ByteRange, _ draft: Draft, _ request: borrowing Request, _ exchange: inout Exchange,
        _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        if context.lockDown.contains(.reveal) {
            refuse(.lockedDown, draft.route, request, &response, draft)
            return .complete
        }
        let token = key.span(in: request.bytes)
        if let refusal = checkAction(token, draft, request) {
            refuse(refusal, draft.route, request, &response, draft)
            return .complete
        }
        do throws(SealingError) {
            let id = try context.suite.secretID(of: token)
            let claim = draft.claim
            draft.subject = id
            guard let view = vault.secret(id, claim: claim, now: now) else { return missing(draft, request, &response) }
            draft.expires = Int(now.wallSeconds) + view.secondsLeft
            draft.secondsLeft = view.secondsLeft
            draft.isLocked = view.isLocked
            draft.isShared = view.isShared
            draft.kind = view.kind
            if claim == nil, let refusal = draft.route.refusal(for: view.kind) {
                refuse(refusal, draft.route, request, &response, draft)
                return .complete
            }
            if let refusal = ruleRefusal(view, id, request, now, vault) {
                refuse(refusal, draft.route, request, &response, draft)
                return .complete
            }
            if view.isLocked {
                // No passphrase at all is not a guess, and costs no attempt.
                guard draft.hasPassphrase else {
                    refuse(
                        .passphraseRequired(attemptsLeft: view.attemptsLeft), draft.route, request, &response, draft)
                    return .complete
                }
                return try tryPassphrase(on: id, draft, request, &response, now, vault)
            }
            // All that could fail for want of memory comes before the secret leaves the vault.
            guard var share = context.arena.allocate(ShareTable.shareSize),
                let key = context.arena.allocate(ContentOpener.keySize),
                let reserve = context.arena.allocate(firstPartCapacity(view.byteCount, draft, request))
            else { throw .arenaFull }
            guard let taken = vault.take(id, claim: claim, share: &share, now: now) else {
                return missing(draft, request, &response)
            }
            response.reserve = consume reserve
            let opener = try taken.opener(token: token, share: share.span, suite: context.suite, key: key)
            return hand(opener, view.kind, draft, token, request, &exchange, &response, now)
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
            return .complete
        }
    }

    /// Judges an action on the record of a token, before the record is looked for.
    func checkAction(_ token: Span<UInt8>, _ draft: Draft, _ request: borrowing Request) -> Refusal? {
        if draft.route.isInAPI {
            if let refusal = keyRefusal(draft) { return refusal }
            if !Token.isWellFormed(token) { return .malformedKey }
        } else {
            guard isSameOrigin(request, draft) else { return .foreignOrigin }
            if !Token.isWellFormed(token) { return .unknownSecret }
        }
        if case .claim = draft.route, draft.claim == nil { return draft.refusal ?? .claimMissing }
        return draft.refusal
    }

    /// Begins an attempt and hands the passphrase to a worker. It is one of the wrong ones that the client may try until it is
    /// known to be right: otherwise any number at the same time would be none too many.
    @inline(never)
    func tryPassphrase(
        on id: RecordID, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) throws(SealingError) -> Outcome {
        draft.isKnown = true
        if let refusal = beginTry(draft, request, now) {
            refuse(refusal, draft.route, request, &response, draft)
            return .complete
        }
        guard var salt = context.arena.allocate(ShareTable.shareSize), let passphrase = draft.takePassphrase() else {
            throw .arenaFull
        }
        guard let lock = vault.beginAttempt(id, claim: draft.claim, share: &salt, now: now) else {
            refuse(.lockedOut, draft.route, request, &response, draft)
            return .complete
        }
        do throws(SealingError) {
            let stretching = try Stretching(
                passphrase: passphrase, salt: salt, parameters: lock.parameters, arena: context.arena)
            draft.stretching = stretching
            draft.lock = lock
            draft.attempt = id
            if context.workers.submit(request.ticket, { stretching.run() }) { return .waiting }
        } catch {
            vault.withdrawAttempt(id, now: now)
            throw error
        }
        vault.withdrawAttempt(id, now: now)
        refuse(.tooBusy, draft.route, request, &response, draft)
        return .complete
    }

    /// Goes on when the passphrase is stretched: the lock opens or it does not.
    func reveal(
        _ key: ByteRange, _ draft: Draft, _ stretching: Stretching, _ request: borrowing Request,
        _ exchange: inout Exchange, _ response: inout ResponseWriter, _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        let token = key.span(in: request.bytes)
        do throws(SealingError) {
            let id = try context.suite.secretID(of: token)
            if context.lockDown.contains(.reveal) {
                // It came while the passphrase was stretched, which was no try then.
                vault.withdrawAttempt(id, now: now)
                refuse(.lockedDown, draft.route, request, &response, draft)
                return .complete
            }
            if let view = vault.secret(id, claim: draft.claim, now: now),
                let refusal = ruleRefusal(view, id, request, now, vault)
            {
                vault.withdrawAttempt(id, now: now)
                refuse(refusal, draft.route, request, &response, draft)
                return .complete
            }
            guard var heldShare = context.arena.allocate(ShareTable.shareSize),
                let key = context.arena.allocate(ContentOpener.keySize),
                let reserve = context.arena.allocate(
                    firstPartCapacity(vault.secret(id, claim: draft.claim, now: now)?.byteCount ?? 0, draft, request))
            else {
                vault.withdrawAttempt(id, now: now)
                throw .arenaFull
            }
            guard let contentShare = try unlock(draft, stretching, token, id, now, vault) else {
                return failedAttempt(id, draft, request, &response, now, vault)
            }
            let kind = vault.secret(id, claim: draft.claim, now: now)?.kind ?? .text
            guard let taken = vault.take(id, claim: draft.claim, isUnlocked: true, share: &heldShare, now: now)
            else {
                return missing(draft, request, &response)
            }
            response.reserve = consume reserve
            let opener = try taken.opener(
                token: token, share: contentShare.span, suite: context.suite, key: key)
            return hand(opener, kind, draft, token, request, &exchange, &response, now)
        } catch {
            refuse(Refusal(error), draft.route, request, &response, draft)
            return .complete
        }
    }

    /// The share that a lock guards, or nil when it does not open. What goes wrong for other reasons is not held against the
    /// one who tried.
    func unlock(
        _ draft: Draft, _ stretching: Stretching, _ token: Span<UInt8>, _ id: RecordID, _ now: Moment,
        _ vault: isolated Vault
    ) throws(SealingError) -> SecureBytes? {
        let suite = context.suite
        let arena = context.arena
        guard let lock = draft.lock, var contentShare = arena.allocate(ShareTable.shareSize) else {
            vault.withdrawAttempt(id, now: now)
            throw .arenaFull
        }
        let opening = stretching.withResult { (stretched, salt) -> Result<Void, SealingError> in
            do throws(SealingError) {
                try lock.open(
                    token: token, stretched: stretched, heldShare: salt, into: &contentShare, suite: suite,
                    arena: arena)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        switch opening {
        case .success: return consume contentShare
        case .failure(.notAuthentic): return nil
        case .failure(let error):
            vault.withdrawAttempt(id, now: now)
            throw error
        case nil:
            vault.withdrawAttempt(id, now: now)
            throw .libraryFailure
        }
    }

    @inline(never)
    private func failedAttempt(
        _ id: RecordID, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter,
        _ now: Moment, _ vault: isolated Vault
    ) -> Outcome {
        let lived = vault.secret(id, claim: draft.claim, now: now) != nil
        countWrongPassphrase(on: id, draft, request, now)
        let left = vault.attemptFailed(id, now: now)
        if left == 0, lived, vault.secret(id, claim: draft.claim, now: now) == nil {
            audit(.burn, request, now, secret: id, rule: "tries")
        }
        if left == 0 { return missing(draft, request, &response) }
        return wrongPassphrase(left, draft, request, &response)
    }

    @inline(never)
    private func wrongPassphrase(
        _ attemptsLeft: Int, _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter
    ) -> Outcome {
        refuse(.wrongPassphrase(attemptsLeft: attemptsLeft), draft.route, request, &response, draft)
        return .complete
    }

    @inline(never)
    private func missing(
        _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter
    ) -> Outcome {
        refuse(.unknownSecret, draft.route, request, &response, draft)
        return .complete
    }

    /// Begins the answer; a content of one chunk is the whole answer.
    private func hand(
        _ opener: consuming ContentOpener, _ kind: ContentKind, _ draft: Draft, _ token: Span<UInt8>,
        _ request: borrowing Request,
        _ exchange: inout Exchange, _ response: inout ResponseWriter, _ now: Moment
    ) -> Outcome {
        if draft.route.isInAPI { used(draft.caller, request) }
        let isClaim = draft.claim != nil
        audit(
            isClaim ? .claim : .reveal, request, now, secret: draft.subject,
            key: draft.route.isInAPI ? draft.caller.key : nil)
        let form: Reveal.Form
        switch draft.route {
        case .secretPage: form = kind == .files ? .files(pageContext(request)) : .page(pageContext(request))
        case .claim: form = .bytes
        default: form = .json
        }
        let reveal = Reveal(opener: opener, form: form, context: context)
        switch form {
        case .page(let page):
            Page.revealedStart(&response, page, byteCount: reveal.byteCount)
        case .files(let page):
            Page.filesStart(&response, page)
            exchange.stage = .reveal(reveal)
            return .partial
        case .bytes:
            response.begin(.ok, contentType: "application/octet-stream")
            response.field("X-Onetime-Kind", kind.name)
            response.fields(Page.securityFields)
        case .json:
            beginJSON(.ok, &response)
            response.append("{\"secret_key\":\"")
            response.append(token)
            response.append("\",\"share_domain\":\"\",\"value\":\"")
        }
        exchange.stage = .reveal(reveal)
        guard Self.isOneChunk(reveal.byteCount) else { return .partial }
        // All memory was had before, so nil is a failure of OpenSSL's: the answer is cut off, never wrong.
        return reveal.writeNext(&response) ?? .partial
    }

    /// Whether a content is answered with as a whole: then the client learns its length.
    private static func isOneChunk(_ sealedCount: Int) -> Bool {
        sealedCount <= ContentOpener.chunkSize + ContentOpener.tagSize
    }

    /// About how large the page around a content is, its fields included, but for what a brand adds.
    private static let revealedPageCapacity = 14 * 1024

    /// How much room the answer takes, or its first part if it has several: that has to be had before the secret is out of the
    /// vault. An escaped byte is six at the most in JSON, and less on a page; so both fit a block of 64 KiB.
    private func firstPartCapacity(_ sealedCount: Int, _ draft: Draft, _ request: borrowing Request) -> Int {
        let content = Self.isOneChunk(sealedCount) ? sealedCount : 0
        guard case .secretPage = draft.route else { return ResponseWriter.headCapacity + 128 + content * 6 }
        return ResponseWriter.headCapacity + Self.revealedPageCapacity + context.brand(request).revealedByteCount
            + content * ResponseWriter.htmlTextGrowth
    }
}

extension Route {
    /// Why a content of a kind can't be had here by one who has no claim.
    fileprivate func refusal(for kind: ContentKind) -> Refusal? {
        if kind.needsScript { return .needsScript }
        if case .secretPage = self { return nil }
        return kind == .files ? .holdsFiles : nil
    }
}
