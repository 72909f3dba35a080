// The rules of a secret as they come in, field by field.
internal import HTTPServer
internal import Kernel
internal import Pages
internal import Rules

/// The rules of a secret on their way in.
final class DraftRules {
    var hours: TimeWindows?
    var notBefore: Int64?
    var places = PlaceRule()
    /// What came, for the form that is shown again.
    private(set) var texts = RuleTexts()
    /// The first thing that is wrong, where the rest is read all the same.
    var fault: Refusal?

    /// The rules for the vault; none where there are none.
    var settled: [UInt64] { SecretRules.words(hours: hours, notBefore: notBefore, places: places) }

    /// A number below, of seconds until 2001, is a year or a date without its signs: it would be a rule that is none.
    private static let firstMoment: Int64 = 1_000_000_000
    private static let allowedMoments = """
        seconds since 1970 (1000000000 or more), or date, time and zone such as 2026-11-27T09:00:00+01:00 \
        (2001-09-09T01:46:40Z or later)
        """

    /// Why a rule is not understood.
    struct Fault {
        /// What is allowed instead.
        let allowed: String
        /// What of it was wrong.
        let wrong: String
    }

    /// Takes the value of a rule. One that is not understood must not be none.
    func read(_ rule: SecretRule, _ value: [UInt8]) -> Fault? {
        texts[rule] = String(decoding: value, as: UTF8.self)
        let text = value.span
        switch rule {
        case .hours: return readHours(text)
        case .notBefore: return readMoment(text)
        case .allowNetworks, .denyNetworks, .allowCountries, .denyCountries: return readPlaces(rule, text)
        }
    }

    private func readMoment(_ text: Span<UInt8>) -> Fault? {
        let instant = Instant(parsing: text)
        guard let instant, instant.seconds >= Self.firstMoment else {
            var wrong = ListWords.text(text)
            // One that is too early is told with the limit, in the same form: dates have dashes.
            if instant != nil {
                wrong += wrong.utf8.contains(UInt8(ascii: "-")) ? " < 2001-09-09T01:46:40Z" : " < 1000000000"
            }
            return Fault(allowed: Self.allowedMoments, wrong: wrong)
        }
        notBefore = instant.seconds
        texts.notBefore = instant.seconds
        return nil
    }

    private func readHours(_ text: Span<UInt8>) -> Fault? {
        do throws(HoursFault) {
            hours = try TimeWindows(parsing: text)
            return nil
        } catch {
            return Fault(allowed: error.allowed, wrong: Self.wrong(in: text, error))
        }
    }

    private func readPlaces(_ rule: SecretRule, _ text: Span<UInt8>) -> Fault? {
        do throws(ListFault) {
            switch rule {
            case .allowNetworks: places.networks.allowed = try Self.networks(text)
            case .denyNetworks: places.networks.denied = try Self.networks(text)
            case .allowCountries: places.countries.allowed = try Self.countries(text)
            default: places.countries.denied = try Self.countries(text)
            }
            return nil
        } catch {
            let isNetwork = rule == .allowNetworks || rule == .denyNetworks
            return Fault(
                allowed: isNetwork
                    ? "up to \(SecretRules.maximumNetworks) addresses and ranges such as 192.0.2.0/24, 2001:db8::/32"
                    : "up to \(SecretRules.maximumCountries) codes of countries such as NL, DE",
                wrong: Self.wrong(in: text, isNetwork: isNetwork))
        }
    }

    /// Lets go of what a rule said.
    func forget(_ rule: SecretRule) {
        texts[rule] = ""
        switch rule {
        case .hours: hours = nil
        case .notBefore: (notBefore, texts.notBefore) = (nil, nil)
        case .allowNetworks: places.networks.allowed = []
        case .denyNetworks: places.networks.denied = []
        case .allowCountries: places.countries.allowed = []
        case .denyCountries: places.countries.denied = []
        }
    }

    private static func networks(_ text: Span<UInt8>) throws(ListFault) -> [AddressRange] {
        let ranges = try [AddressRange](ranges: text, limit: SecretRules.maximumNetworks)
        // A list of nothing would allow all, which nobody means who sends one.
        guard !ranges.isEmpty else { throw ListFault(text: "there is none") }
        return ranges
    }

    private static func countries(_ text: Span<UInt8>) throws(ListFault) -> [CountryCode] {
        let countries = try [CountryCode](countries: text)
        guard (1...SecretRules.maximumCountries).contains(countries.count) else {
            throw ListFault(text: "there are none, or too many")
        }
        return countries
    }

    // MARK: What was wrong

    /// The first entry of a list that is none; all of it where there is no entry; or how many there may be, where all are.
    private static func wrong(in text: Span<UInt8>, isNetwork: Bool) -> String {
        var words = ListWords()
        var isEmpty = true
        while let range = words.next(text) {
            let word = text.extracting(range)
            if isNetwork ? AddressRange(word) == nil : CountryCode(word)?.isAssigned != true {
                return ListWords.text(word)
            }
            isEmpty = false
        }
        if isEmpty { return ListWords.text(text) }
        return "> \(isNetwork ? SecretRules.maximumNetworks : SecretRules.maximumCountries)"
    }

    /// The first window that is none, and of it the word that is unknown; or how many there may be.
    private static func wrong(in text: Span<UInt8>, _ fault: HoursFault) -> String {
        if fault == .tooMany { return "> \(TimeWindows.maximumCount)" }
        var start = 0
        for index in 0...text.count where index == text.count || text[index] == UInt8(ascii: ";") {
            let window = trimmed(text.extracting(start..<index))
            start = index + 1
            guard !window.isEmpty, (try? TimeWindows(parsing: window)) == nil else { continue }
            // Days stand first, a zone last.
            var (from, to) = (0, window.count)
            if fault == .unknownDay {
                to = 0
                while to < window.count, window[to] != 0x20 { to += 1 }
            } else if fault == .unknownZone {
                from = to
                while from > 0, window[from - 1] != 0x20 { from -= 1 }
            }
            return ListWords.text(window.extracting(from..<to))
        }
        return ListWords.text(text)
    }

    @_lifetime(copy text)
    private static func trimmed(_ text: Span<UInt8>) -> Span<UInt8> {
        var (start, end) = (0, text.count)
        while start < end, text[start] == 0x20 { start += 1 }
        while end > start, text[end - 1] == 0x20 { end -= 1 }
        return text.extracting(start..<end)
    }
}

extension Draft {
    /// Takes the value of a field that is a rule.
    func readRule(_ field: Field, _ value: [UInt8]) {
        // An empty field of a form says nothing.
        guard let rule = field.rule, !value.isEmpty else { return }
        var text = value
        if rule == .notBefore, case .homePage = route {
            // Without scripts, a field for date and time has no zone: the form says that it is UTC.
            if text.count == 16 { text += [0x3a, 0x30, 0x30] }
            if text.count == 19 { text.append(UInt8(ascii: "Z")) }
        }
        take(rule, text)
    }

    /// Takes a rule as it is meant; one of nothing is refused.
    func take(_ rule: SecretRule, _ value: [UInt8]) {
        if let fault = begunRules().read(rule, value) { refuseRule(rule, fault.allowed, wrong: fault.wrong) }
    }

    /// Refuses a rule that is longer than any.
    func refuseLongRule(_ rule: SecretRule) {
        let longest = SecretRules.maximumText
        refuseRule(rule, "at most \(longest) bytes", wrong: "> \(longest)")
    }

    private func refuseRule(_ rule: SecretRule, _ allowed: String, wrong: String) {
        let refusal = Refusal.malformedRule(rule, allowed: allowed, wrong: wrong)
        // The form is shown again with what else was typed, so the rest of it is read.
        guard case .homePage = route else { return fail(refusal) }
        let rules = begunRules()
        rules.fault = rules.fault ?? refusal
    }

    private func begunRules() -> DraftRules {
        if let rules { return rules }
        let begun = DraftRules()
        rules = begun
        return begun
    }
}

extension Draft.Field {
    /// The rule of the secret that the field is, where it is one.
    var rule: SecretRule? {
        switch self {
        case .hours: .hours
        case .notBefore: .notBefore
        case .allowNetworks: .allowNetworks
        case .denyNetworks: .denyNetworks
        case .allowCountries: .allowCountries
        case .denyCountries: .denyCountries
        default: nil
        }
    }
}
