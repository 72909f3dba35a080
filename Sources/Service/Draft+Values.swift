// What the names and values of fields mean.
internal import HTTPServer
internal import HTTPWire
internal import Sealing
internal import SecureMemory
internal import Vault

extension Draft {
    /// Whether a form's hidden field is the one that it has to be.
    static func isSame(_ value: [UInt8], as token: String) -> Bool {
        constantTimeEqual(value.span, token.utf8Span.span)
    }

    /// A number that the sender chose, or nil. The API has none changed to another one in silence.
    func choice(_ choice: Refusal.Choice, _ value: [UInt8], most: Int) -> Int? {
        let number = Self.number(value)
        if route.isInAPI, !value.isEmpty, !(1...most).contains(number ?? 0) { fail(.outOfRange(choice, most: most)) }
        return number
    }

    /// Whether words are UTF-8, those that were not given included.
    static func isText(_ words: borrowing SecureBytes?) -> Bool {
        switch words {
        case .some(let words):
            var validator = UTF8Validator()
            return validator.accept(words.span) && validator.isComplete
        case .none: return true
        }
    }

    static func field(_ name: Span<UInt8>) -> Field {
        switch true {
        case name.equals("secret"): .secret
        case name.equals("passphrase"): .passphrase
        case name.equals("ttl"): .timeToLive
        case name.equals("recipient"), name.equals("recipient[]"): .recipient
        case name.equals("length"): .length
        case name.equals("character_sets"), name.equals("character_sets[]"): .characterSet
        case name.equals("action"): .action
        case name.equals("form_token"): .formToken
        case name.equals("kind"): .kind
        case name.equals("readers"): .readers
        case name.equals("tries"): .tries
        case name.equals("note"): .note
        case name.equals("label"): .label
        case name.equals("claim"): .claim
        case name.equals("link"): .link
        case name.equals("name"): .keyName
        case name.equals("id"): .keyID
        case name.equals("grace"): .grace
        case name.equals("max_ttl"): .maximumTimeToLive
        case name.equals("max_size"): .maximumContent
        case name.equals("hours"): .hours
        case name.equals("not_before"): .notBefore
        case name.equals("allow_networks"): .allowNetworks
        case name.equals("deny_networks"): .denyNetworks
        case name.equals("allow_countries"): .allowCountries
        case name.equals("deny_countries"): .denyCountries
        case name.equals("all"): .everything
        case name.equals("key"): .burnKey
        case name.equals("from"): .from
        case name.equals("to"): .until
        case name.equals("receipt"), name.equals("receipt[]"): .receipts
        case name.equals("mode"): .mode
        case name.equals("confirm"): .confirm
        case name.equals("creation"): .stopCreation
        case name.equals("reveal"): .stopReveal
        case name.equals("shown"): .shown
        case name.equals("file"), name.equals("files"): .file
        default: .ignored
        }
    }

    /// A whole number in decimal digits, or nil; what is too large to count is the largest there is.
    static func number(_ value: [UInt8]) -> Int? {
        guard !value.isEmpty else { return nil }
        var number = 0
        for byte in value {
            guard byte >= 0x30 && byte <= 0x39 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            number = overflow ? Int.max / 16 : min(product, Int.max / 16) + Int(byte - 0x30)
        }
        return number
    }

    static func kind(_ value: [UInt8]) -> ContentKind {
        switch true {
        case value.span.equals("bundle"): .bundle
        case value.span.equals("envelope"): .envelope
        default: .text
        }
    }

    static func characterClass(_ value: [UInt8]) -> CharacterClasses {
        switch true {
        case value.span.equals("uppercase"): .uppercase
        case value.span.equals("lowercase"): .lowercase
        case value.span.equals("numbers"), value.span.equals("digits"): .digits
        case value.span.equals("symbols"): .symbols
        default: []
        }
    }
}

extension ClaimID {
    /// A claim as 32 hexadecimal digits, or nil.
    init?(hexadecimal digits: Span<UInt8>) {
        guard digits.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in digits.indices {
            let digit: UInt8
            switch digits[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = digits[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = digits[index] - UInt8(ascii: "a") + 10
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        self.init(high: high, low: low)
    }
}

/// Addresses as a receipt shows them.
enum ObscuredAddress {
    /// The first two characters of the name and the first of the domain, stars for the rest: `jo***@e***.com`.
    static func text(_ address: [UInt8]) -> String {
        guard let at = address.lastIndex(of: UInt8(ascii: "@")), at > 0 else { return "***" }
        let visible = address[..<min(2, at)]
        let domain = address[(at + 1)...]
        let dot = domain.lastIndex(of: UInt8(ascii: ".")) ?? domain.endIndex
        let stars = Array("***".utf8)
        let bytes = Array(visible) + stars + [UInt8(ascii: "@")] + domain.prefix(1) + stars + domain[dot...]
        return String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }, as: UTF8.self)
    }
}

extension RequestHead {
    /// How many bytes of body the head announces; of a chunked one, as many as are handled at once.
    var declaredLength: Int {
        switch framing {
        case .none: 0
        case .length(let length): Int(clamping: length)
        case .chunked: ContentOpener.chunkSize
        }
    }
}
