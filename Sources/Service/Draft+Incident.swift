// What an operator says of what is to be burned or stopped. A mistake in it must never make it concern more than was meant.
internal import HTTPServer
internal import HTTPWire
internal import Rules
internal import Sealing
internal import SecureMemory
internal import Vault

/// The fields of requests about an incident.
final class IncidentFields {
    /// The page's form is the one that stops things.
    var wantsLock = false
    /// All secrets, said in so many words.
    var isEverything = false
    /// The name of an API key.
    var keyName: String?
    /// When secrets were created, in seconds since 1970.
    var (from, until): (Int64?, Int64?)
    /// First halves of receipts' ids.
    var receipts: [UInt64] = []
    var mode: LockDown?
    /// What the page's boxes stop.
    var stops: LockDown = []
    /// What was stopped when the page was shown.
    var shown: LockDown?
    var isConfirmed = false

    /// How many receipts one request may name.
    static let receiptLimit = 100
    /// How many bytes their ids have at most in one field, with what stands between them.
    static let receiptBytes = 2048
}

extension Route {
    /// Whether it takes no field that it does not know or cannot use: one that was misspelled would leave more to be burned, a link
    /// without its limit, or an old key for longer than was meant.
    var isStrict: Bool {
        switch self {
        case .burnMany, .lockDown, .operatorPage, .rotateKey, .revokeKey, .makeLink: true
        default: false
        }
    }

    /// Whether fields say which secrets to burn.
    var burnsMany: Bool {
        switch self {
        case .burnMany, .operatorPage: true
        default: false
        }
    }
}

extension Route {
    /// Whether a strict route knows a field; of those about keys and links ``Draft/isKnown(_:)`` says which.
    fileprivate func knows(_ field: Draft.Field) -> Bool {
        switch (field, self) {
        case (.formToken, _), (.mode, .lockDown), (.timeToLive, .makeLink): true
        case (.keyName, _), (.keyID, _), (.grace, _), (.maximumTimeToLive, _), (.maximumContent, _): true
        case (.action, .operatorPage), (.stopCreation, .operatorPage), (.stopReveal, .operatorPage),
            (.shown, .operatorPage):
            true
        case (.everything, _), (.burnKey, _), (.label, _), (.from, _), (.until, _), (.receipts, _), (.confirm, _):
            burnsMany
        default: false
        }
    }
}

extension Draft {
    /// Refuses what the route does not know.
    func checkStrictly(_ kind: FieldKind, isNested: Bool) {
        if isNested || kind == .null || !route.knows(field) || !isKnown(field) { fail(.unknownField) }
    }

    /// Refuses an array of JSON in which nothing is said, or an object, where to say nothing could do more than was meant, or leave a
    /// secret open that was to have a passphrase or a rule. Null or an empty string by itself is an empty field of a form: that is how
    /// clients say that there is none.
    func refuseStructure(_ name: Span<UInt8>) {
        if route.isStrict { return fail(.key(.malformedField)) }
        let field = Self.field(name)
        guard depth == 0, isKnown(field) else { return }
        switch field {
        case .passphrase: fail(.passphraseIsNoText)
        case .note, .label, .readers, .tries: fail(.malformedBody(.refusedBySink))
        default: if let rule = field.rule { take(rule, []) }
        }
    }

    /// The page's form sends empty fields where nothing was said; elsewhere they are mistakes.
    func refuseEmpty() {
        if case .operatorPage = route { return }
        fail(.key(.malformedField))
    }

    /// Reads a field about an incident.
    func readIncident(_ field: Field, _ bytes: [UInt8]) {
        if bytes.isEmpty { return refuseEmpty() }
        let incident = incident ?? IncidentFields()
        self.incident = incident
        let value = bytes.span
        switch field {
        case .action: incident.wantsLock = value.equals("lock")
        case .everything: incident.isEverything = isYes(value)
        case .confirm: incident.isConfirmed = isYes(value)
        case .burnKey: incident.keyName = String(decoding: bytes, as: UTF8.self)
        case .from: incident.from = moment(value)
        case .until: incident.until = moment(value)
        case .receipts: readReceipts(value, incident)
        case .mode:
            incident.mode = LockDown(value)
            if incident.mode == nil { fail(.key(.malformedField)) }
        case .shown:
            incident.shown = LockDown(value)
            if incident.shown == nil { fail(.key(.malformedField)) }
        case .stopCreation: if isYes(value) { incident.stops.insert(.creation) }
        case .stopReveal: if isYes(value) { incident.stops.insert(.reveal) }
        default: break
        }
    }

    private func isYes(_ value: Span<UInt8>) -> Bool {
        if value.equals("yes") || value.equals("true") || value.equals("on") || value.equals("1") { return true }
        if !value.equals("no") && !value.equals("false") && !value.equals("0") { fail(.key(.malformedField)) }
        return false
    }

    private func moment(_ value: Span<UInt8>) -> Int64? {
        guard let moment = IncidentTime.seconds(value) else {
            fail(.key(.malformedField))
            return nil
        }
        return moment
    }

    /// Ids with commas or spaces between them, at least one.
    private func readReceipts(_ value: Span<UInt8>, _ incident: IncidentFields) {
        let before = incident.receipts.count
        var start = 0
        for index in 0...value.count {
            let isBetween = index == value.count || value[index] == UInt8(ascii: ",") || value[index] == 0x20
            guard isBetween else { continue }
            if index > start {
                guard let id = ShortID.number(value.extracting(start..<index)),
                    incident.receipts.count < IncidentFields.receiptLimit
                else { return fail(.key(.malformedField)) }
                incident.receipts.append(id)
            }
            start = index + 1
        }
        if incident.receipts.count == before { fail(.key(.malformedField)) }
    }

    /// Whether a label was said, here to burn what has it.
    var hasLabel: Bool {
        switch label {
        case .some(let label): !label.isEmpty
        case .none: false
        }
    }

    /// What the label is found by; 0 without one.
    func labelMark() throws(SealingError) -> UInt64 {
        switch label {
        case .some(let label):
            if label.isEmpty { return 0 }
            return try context.labels.mark(of: label.span, suite: context.suite, arena: context.arena)
        case .none: return 0
        }
    }

    /// What is to be burned. Refused where nothing was said, or all and something besides.
    func burnSelection() throws(Refusal) -> BurnSelection {
        var selection = BurnSelection()
        let incident = incident ?? IncidentFields()
        if let name = incident.keyName {
            guard let owner = context.keys.owner(named: name) else { throw .key(.noSuchKey) }
            selection.owner = owner
        }
        if hasLabel {
            do throws(SealingError) {
                selection.labelMark = try labelMark()
            } catch {
                throw Refusal(error)
            }
        }
        if incident.from != nil || incident.until != nil {
            let (from, until) = (incident.from ?? 0, incident.until ?? .max)
            guard from <= until else { throw .key(.malformedField) }
            selection.created = from...until
        }
        selection.receipts = incident.receipts
        guard selection.isEverything || !incident.isEverything else { throw .key(.malformedField) }
        guard !selection.isEverything || incident.isEverything else { throw .nothingSelected }
        return selection
    }
}

/// Ids as they are spoken of: the first half of a receipt's or a secret's, 16 hexadecimal digits, one-way from the token.
enum ShortID {
    /// The half that some digits mean, or nil.
    static func number(_ digits: Span<UInt8>) -> UInt64? {
        guard digits.count == 16 else { return nil }
        var number: UInt64 = 0
        for index in digits.indices {
            switch digits[index] {
            case 0x30...0x39: number = number << 4 | UInt64(digits[index] - 0x30)
            case 0x61...0x66: number = number << 4 | UInt64(digits[index] - 0x61 + 10)
            default: return nil
            }
        }
        return number
    }

    /// The digits of a half.
    static func text(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// Moments as an operator says them.
enum IncidentTime {
    /// How many bytes a text for one may have.
    static let longest = 32

    /// Seconds since 1970 from such a number, from RFC 3339, or from what a form's field for date and time sends, which is taken
    /// as UTC; nil for anything else.
    static func seconds(_ text: Span<UInt8>) -> Int64? {
        guard !text.isEmpty, text.count <= longest else { return nil }
        var bytes: [UInt8] = []
        var isNumber = true
        for index in text.indices {
            if text[index] < 0x30 || text[index] > 0x39 { isNumber = false }
            bytes.append(text[index])
        }
        if isNumber { return bytes.count <= 12 ? Draft.number(bytes).map { Int64($0) } : nil }
        if bytes.count == 16 { bytes += [0x3a, 0x30, 0x30] }
        if bytes.count == 19 { bytes.append(UInt8(ascii: "Z")) }
        // Secrets know the second in which they were created: a part of one says nothing more.
        return Timestamp(parsing: bytes.span)?.seconds
    }
}
