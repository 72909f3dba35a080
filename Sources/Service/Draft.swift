// What a request says, field by field, as it arrives.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

/// The fields of a request under way. Content is sealed as it comes; a passphrase waits in protected memory.
final class Draft {
    /// Whether the fields at hand come from the query or the body: the body's replace the query's.
    enum Source { case query, body }

    enum Field: UInt8 {
        case secret, passphrase, timeToLive, recipient, length, characterSet, action, formToken, kind, readers, tries,
            note, label, claim, file, link, keyName, keyID, grace, maximumTimeToLive, maximumContent,
            hours, notBefore, allowNetworks, denyNetworks, allowCountries, denyCountries,
            everything, burnKey, from, until, receipts, mode, confirm, stopCreation, stopReveal, shown,
            ignored
    }

    private enum Format {
        case none
        case form(FormDecoder)
        case multipart(MultipartDecoder)
        case json(JSONFieldDecoder)
    }

    let route: Route
    /// The first thing that is wrong with it; the rest of the body is thrown away.
    var refusal: Refusal?

    private(set) var passphrase: SecureBytes?
    /// Room for a passphrase that may yet come.
    private var passphraseBlock: SecureBytes?
    private(set) var passphraseCharacters = 0
    private(set) var timeToLive: Int?
    private(set) var length: Int?
    private(set) var classes: CharacterClasses = []
    private(set) var recipients: [String] = []
    private(set) var wantsGenerated = false
    /// What an operator wants to burn or to stop.
    var incident: IncidentFields?
    /// Whether the form has the hidden field of one of the server's pages: everybody's, or that of the key that it came with.
    private(set) var hasFormToken = false
    /// Whether it has the latter.
    private(set) var hasKeyProof = false
    /// What the page's script says that the content is; text from everybody else.
    var kind = ContentKind.text
    private(set) var readers: Int?
    private(set) var tries: Int?
    /// Words beside the secret, for its recipient and for its sender.
    private(set) var note: SecureBytes?
    private(set) var label: SecureBytes?
    private var noteBlock: SecureBytes?
    private var labelBlock: SecureBytes?
    /// Names a reader who may ask again.
    private(set) var claim: ClaimID?

    /// Who is asking and what for; only where keys are in use.
    var rights: Rights?

    /// When and from where the secret may be read, where the sender says.
    var rules: DraftRules?
    /// The secret that the request turned out to be about.
    var subject: RecordID?

    /// The content under seal, with its token, its receipt's token, and the share that it is sealed under.
    var sealer: ContentSealer?
    var token: SecureBytes?
    var receiptToken: SecureBytes?
    var share: SecureBytes?

    /// Whether it named something that there is, or was a moment ago.
    var isKnown = false
    /// Whether the log has a line already of what it is refused for.
    var isWrittenDown = false
    /// The secret that a passphrase is being tried on.
    var attempt: RecordID?
    /// Whose wrong passphrases are one fewer until this one is found right or wrong.
    var trier: RateClient?
    /// Set while a worker has the passphrase.
    var stretching: Stretching?
    /// The lock that a passphrase is tried on.
    var lock: PassphraseLock?
    /// A generated value, until the answer has shown it.
    var generated: SecureBytes?

    let context: ServiceContext
    let takesContent: Bool
    private var format = Format.none
    private(set) var source = Source.query
    private(set) var field = Field.ignored
    /// How deep the fields at hand lie in nested objects, which v1 does not have.
    fileprivate(set) var depth = 0
    private var seen: [2 of UInt64] = .init(repeating: 0)
    var contentText = UTF8Validator()
    /// Whether the last byte that came was a CR, which is not sealed before it is known what follows.
    var endsInReturn = false
    var expectedContent = 0
    /// The value of a short field that is no secret.
    private var value: [UInt8] = []

    /// The longest value of a field that is neither content nor passphrase, in bytes.
    private static let shortValueLimit = 320

    init(route: Route, context: ServiceContext, takesContent: Bool) {
        self.route = route
        self.context = context
        self.takesContent = takesContent
    }

    deinit {
        context.uploadBytes -= heldCount
        endTry()
    }

    /// The passphrase is right or wrong now, or nobody waits for it any more.
    func endTry() {
        guard let client = trier.take() else { return }
        context.rates.endTry(client)
    }

    // MARK: Feeding

    /// Settles how the body is read. A type that is not known makes it a body without fields.
    func setFormat(_ request: borrowing Request) {
        expectedContent = min(request.head.declaredLength, context.settings.maximumContent)
        switch request.head.mediaType(in: request.bytes) {
        case .form, .none: format = .form(FormDecoder())
        case .json: format = .json(JSONFieldDecoder())
        case .multipart(let range):
            do throws(FieldFault) {
                format = .multipart(
                    MultipartDecoder(
                        boundary: try MultipartBoundary(range.span(in: request.bytes)),
                        maxFieldCount: FieldLimits.maxFieldCount + (takesFiles ? Self.fileLimit : 0)))
            } catch {
                refusal = .malformedBody(error)
            }
        case .other: format = .none
        }
    }

    /// Takes all the memory that the draft holds while its body comes, and leaves what others need to be served meanwhile.
    /// Returns false when there is not as much.
    func takeMemory() -> Bool {
        if takesContent {
            do throws(SealingError) {
                try beginSealing(expectedCount: expectedContent)
            } catch {
                guard error != .arenaFull else { return false }
                fail(.internalError)
            }
        }
        passphraseBlock = context.arena.allocate(passphraseCapacity)
        if takesLink {
            guard let rights, rights.takeMemory(context.arena) else { return false }
        }
        if takesWords {
            noteBlock = context.arena.allocate(SealedWords.limit)
            labelBlock = context.arena.allocate(SealedWords.limit)
            guard noteBlock != nil, labelBlock != nil else { return false }
        }
        return passphraseBlock != nil && context.arena.hasRoom(for: ServerLimits.requestReserve)
    }

    /// Reads the fields of the query, which lies in protected memory; it is copied, for decoding works in place.
    ///
    /// Pages and their scripts send all their fields in the body. Whoever makes others come by a link with a query must not fill
    /// in what they leave empty.
    func readQuery(_ request: borrowing Request) {
        guard route.isInAPI, let range = request.head.query, !range.isEmpty else { return }
        guard var copy = context.arena.allocate(range.span(in: request.bytes).count) else {
            refusal = .noMemory
            return
        }
        copy.append(range.span(in: request.bytes))
        source = .query
        var decoder = FormDecoder()
        var sink = Sink(draft: self)
        var bytes = copy.mutableSpan
        do throws(FieldFault) {
            _ = try decoder.decode(&bytes, isLast: true, into: &sink)
        } catch {
            fail(.malformedBody(error))
        }
    }

    /// Reads what came of the body; returns how much was consumed.
    @_lifetime(body: copy body)
    func read(_ body: inout MutableSpan<UInt8>, isLast: Bool) -> Int {
        guard refusal == nil else { return body.count }
        source = .body
        var sink = Sink(draft: self)
        do throws(FieldFault) {
            switch format {
            case .none:
                // What cannot be read could say that less is meant.
                if route.isStrict && !body.isEmpty { fail(.key(.malformedField)) }
                return body.count
            case .form(var decoder):
                let count = try decoder.decode(&body, isLast: isLast, into: &sink)
                format = .form(decoder)
                return count
            case .multipart(var decoder):
                let count = try decoder.decode(&body, isLast: isLast, into: &sink)
                format = .multipart(decoder)
                return count
            case .json(var decoder):
                let count = try decoder.decode(&body, isLast: isLast, into: &sink)
                format = .json(decoder)
                return count
            }
        } catch {
            fail(.malformedBody(error))
            return body.count
        }
    }

    /// Gives up what is sealed, for the vault.
    func takeSealer() -> ContentSealer? { sealer.take() }
    func takeToken() -> SecureBytes? { token.take() }
    func takeReceiptToken() -> SecureBytes? { receiptToken.take() }
    func takeGenerated() -> SecureBytes? { generated.take() }
    func takeShare() -> SecureBytes? { share.take() }
    func takePassphrase() -> SecureBytes? { passphrase.take() }
    func takeNote() -> SecureBytes? { note.take() }
    func takeLabel() -> SecureBytes? { label.take() }

    /// When the secret that a passphrase is tried on expires, for the page that is shown again.
    var expires = 0
    /// How many seconds that is from now.
    var secondsLeft = 0
    /// Whether it has a passphrase.
    var isLocked = true
    var isShared = false

    /// Whether any content came; a file without bytes is some.
    var hasContent: Bool { contentCount > 0 || fileCount > 0 }
    /// Bytes of content that came.
    var contentCount = 0
    /// Bytes of it as it is sealed, with what stands between files, that count as held.
    var heldCount = 0
    /// Files that came.
    var fileCount = 0
    /// Bytes of their names and types.
    var namesCount = 0
    /// The item that is coming in, where the content has files.
    var item = Item.none

    /// Notes the first refusal and lets go of what came so far.
    func fail(_ found: Refusal) {
        if refusal == nil { refusal = found }
        sealer = nil
        passphrase = nil
        passphraseBlock = nil
        note = nil
        label = nil
        noteBlock = nil
        labelBlock = nil
    }

    // MARK: Fields

    fileprivate func begin(_ name: Span<UInt8>, _ kind: FieldKind) {
        value.removeAll(keepingCapacity: true)
        field = Self.field(name)
        // Too late to say by what right the content comes.
        if field == .link, refusal == .key(.required) { rights?.hasLateLink = true }
        if route.isStrict, refusal == nil { checkStrictly(kind, isNested: depth > 0) }
        if field == .link, refusal == nil, depth == 0, kind != .null, refusesLink { fail(.linkInAPI) }
        guard refusal == nil, depth == 0, field != .ignored, kind != .null, isKnown(field) else {
            field = .ignored
            return
        }
        if field == .characterSet || field == .recipient { return }
        if field == .file && kind == .file || field == .secret, let refusal = refusalToCreate() {
            return fail(refusal)
        }
        if field == .file {
            // A field of that name that is no file is none of ours.
            if kind == .file { return beginFile() }
            field = .ignored
            return
        }
        let bit = UInt64(1) << UInt64(field.rawValue)
        let (mine, other) = source == .query ? (0, 1) : (1, 0)
        if seen[mine] & bit != 0 && field != .receipts { return fail(.duplicateField) }
        seen[mine] |= bit
        if source == .body && seen[other] & bit != 0 { forget(field) }
        if field == .secret {
            guard takesContent else { return field = .ignored }
            beginContent()
        }
        if field == .passphrase { beginPassphrase() }
        if field == .note || field == .label { beginWords() }
        if field == .link {
            if rights?.beginLink(context.arena) != true { fail(.noMemory) }
        }
    }

    fileprivate func append(_ piece: Span<UInt8>) {
        guard refusal == nil else { return }
        switch field {
        case .secret: if case .homePage = route { appendWithoutReturns(piece) } else { appendContent(piece) }
        case .file: appendToFile(piece)
        case .passphrase: appendPassphrase(piece)
        case .note: if note?.append(piece) != true { fail(.wordsTooLong) }
        case .label: if label?.append(piece) != true { fail(.wordsTooLong) }
        case .link: if rights?.appendToLink(piece) != true { fail(.key(.linkGone)) }
        case .ignored: break
        default:
            let limit =
                field == .receipts
                ? IncidentFields.receiptBytes : field.rule == nil ? Self.shortValueLimit : SecretRules.maximumText
            guard value.count + piece.count <= limit else {
                if let rule = field.rule { refuseLongRule(rule) }
                if route.isStrict { fail(.key(.malformedField)) }
                field = .ignored
                return
            }
            for index in piece.indices { value.append(piece[index]) }
        }
    }

    fileprivate func end() {
        guard refusal == nil else { return }
        switch field {
        case .secret:
            flushReturn()
            if takesContent && kind.isText && !contentText.isComplete { fail(.contentIsNotText) }
            endItem()
        case .file: endFile()
        case .timeToLive:
            timeToLive = Self.number(value)
            // For a secret that is the standard one, as everywhere; a link would outlive what was meant.
            if timeToLive == nil, case .makeLink = route { fail(.key(.malformedField)) }
        case .length: length = Self.number(value)
        case .recipient:
            if !value.isEmpty, recipients.count < 10 { recipients.append(ObscuredAddress.text(value)) }
        case .characterSet: classes.formUnion(Self.characterClass(value))
        case .action:
            let action = value
            wantsGenerated = action.span.equals("generate")
            if case .operatorPage = route { readIncident(.action, value) }
        case .formToken:
            hasKeyProof = context.keyProof(for: caller).map { Self.isSame(value, as: $0) } ?? false
            hasFormToken = hasKeyProof || Self.isSame(value, as: context.formToken)
        case .kind: if case .conceal = route { name(Self.kind(value)) }
        case .readers: readers = choice(.readers, value, most: ServiceSettings.maximumReaders)
        case .tries: tries = choice(.tries, value, most: context.settings.passphraseAttempts)
        case .claim:
            let digits = value
            claim = ClaimID(hexadecimal: digits.span)
        case .note: if !Self.isText(note) { fail(.contentIsNotText) }
        case .label:
            if !Self.isText(label) { fail(.contentIsNotText) }
            if route.isStrict && !hasLabel { refuseEmpty() }
        case .keyName, .keyID, .grace, .maximumTimeToLive, .maximumContent:
            if let refusal = rights?.set(field, value) { fail(refusal) }
        case .hours, .notBefore, .allowNetworks, .denyNetworks, .allowCountries, .denyCountries:
            readRule(field, value)
        case .everything, .burnKey, .from, .until, .receipts, .mode, .confirm, .stopCreation, .stopReveal,
            .shown:
            readIncident(field, value)
        case .passphrase, .link, .ignored: break
        }
        field = .ignored
    }

    private func forget(_ field: Field) {
        switch field {
        case .secret:
            // What is sealed already can't be taken out from between files.
            if kind == .files { return fail(.duplicateField) }
            sealer = nil
            hold(0)
            contentCount = 0
        case .passphrase:
            passphrase = nil
            passphraseCharacters = 0
        case .timeToLive: timeToLive = nil
        case .length: length = nil
        case .readers: readers = nil
        case .tries: tries = nil
        case .note: note = nil
        case .label: label = nil
        case .claim: claim = nil
        case .keyName, .keyID, .grace, .maximumTimeToLive, .maximumContent: rights?.forget(field)
        case .hours, .notBefore, .allowNetworks, .denyNetworks, .allowCountries, .denyCountries:
            if let rule = field.rule { rules?.forget(rule) }
        case .everything, .burnKey, .from, .until, .receipts, .mode, .confirm:
            // Said in the address and in the body: one of them is a mistake, and a mistake must not burn.
            fail(.duplicateField)
        default: break
        }
    }

    private func beginPassphrase() {
        passphrase = passphraseBlock.take() ?? context.arena.allocate(passphraseCapacity)
        passphraseCharacters = 0
        if passphrase == nil { fail(.noMemory) }
    }

    private func beginWords() {
        if field == .note {
            note = noteBlock.take() ?? context.arena.allocate(SealedWords.limit)
            if note == nil { fail(.noMemory) }
        } else {
            label = labelBlock.take() ?? context.arena.allocate(SealedWords.limit)
            if label == nil { fail(.noMemory) }
        }
    }

    /// Four bytes a character at the most, and some more to tell that it is too long.
    private var passphraseCapacity: Int { (context.settings.maximumPassphrase + 1) * 4 }

    private func appendPassphrase(_ piece: Span<UInt8>) {
        // Continuation bytes begin no character.
        for index in piece.indices where piece[index] & 0xc0 != 0x80 { passphraseCharacters += 1 }
        guard passphrase?.append(piece) == true else { return fail(.passphraseTooLong) }
    }

    /// Whether a passphrase was given; an empty one is none.
    var hasPassphrase: Bool {
        switch passphrase {
        case .some(let passphrase): !passphrase.isEmpty
        case .none: false
        }
    }
}

/// Delivers decoded fields to a draft.
private struct Sink: FieldSink {
    let draft: Draft

    mutating func beginField(name: Span<UInt8>, kind: FieldKind) { draft.begin(name, kind) }
    mutating func fileName(_ name: Span<UInt8>) { draft.nameFile(name) }
    mutating func mediaType(_ type: Span<UInt8>) { draft.typeFile(type) }
    mutating func appendValue(_ piece: Span<UInt8>) { draft.append(piece) }
    mutating func endField() { draft.end() }
    mutating func beginObject(name: Span<UInt8>) {
        draft.refuseStructure(name)
        draft.depth += 1
    }
    mutating func endObject() { draft.depth -= 1 }
    mutating func emptyArray(name: Span<UInt8>) { draft.refuseStructure(name) }
}
