// The rules of a secret, from the fields that say them, through the words in which a record keeps them, to what they answer.

import Kernel
import Pages
import Rules
import TestRandomness
import Testing
import Vault

@testable import Service

@Suite struct SecretRulesTests {
    /// Rules in the words that a record keeps of them, which are read anew for each question.
    private struct Kept {
        let words: [UInt64]

        /// The rules that are settled; nil where there are none. Where few words are kept, there are zeros behind them.
        init?(_ rules: DraftRules) {
            let settled = rules.settled
            if settled.isEmpty { return nil }
            words = settled + Array(repeating: 0, count: max(0, NewSecret.conditionsBesideRecord - settled.count))
        }

        var hours: TimeWindows? { SecretRules(words.span).hours }
        var notBefore: Int64? { SecretRules(words.span).notBefore }
        var places: PlaceRule { SecretRules(words.span).places }
        var hasCountries: Bool { SecretRules(words.span).hasCountries }

        func isOpen(at moment: Int64, _ zones: inout ZoneClock) -> Bool {
            SecretRules(words.span).isOpen(at: moment, &zones)
        }

        func permitNetwork(of client: ClientAddress) -> Bool { SecretRules(words.span).permitNetwork(of: client) }
        func permitCountry(_ country: CountryCode?) -> Bool { SecretRules(words.span).permitCountry(country) }
    }

    private func kept(_ rules: DraftRules) -> Kept? { Kept(rules) }

    /// Rules out of texts, as the fields of a request say them.
    private func draft(_ texts: [(rule: SecretRule, text: String)]) -> DraftRules {
        let rules = DraftRules()
        for (rule, text) in texts {
            let fault = rules.read(rule, Array(text.utf8))
            #expect(fault == nil, "\(rule) \(text): \(fault?.allowed ?? "")")
        }
        return rules
    }

    private func draft(_ texts: (SecretRule, String)...) -> DraftRules { draft(texts.map { (rule: $0.0, text: $0.1) }) }

    private func country(_ text: String) -> CountryCode? { CountryCode(text.utf8Span.span) }

    private func client(_ text: String, isKnown: Bool = true) throws -> ClientAddress {
        ClientAddress(try #require(InternetAddress(text), "\(text)"), isKnown: isKnown)
    }

    // MARK: Everything that can be said

    private let zones = [
        "UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
        "Asia/Gaza", "Africa/Casablanca", "America/St_Johns", "Etc/GMT+12", "Pacific/Kiritimati",
    ]
    private let days = ["", "Mon ", "Mon-Fri ", "Sat,Sun ", "Fri-Mon ", "Tue,Thu-Sat ", "Mon-Sun "]

    private func randomHours(_ count: Int, _ generator: inout SeededGenerator) -> String {
        func clock(_ minute: Int) -> String {
            "\(minute / 60 < 10 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
        }
        var windows: [String] = []
        for _ in 0..<count {
            let start = Int.random(in: 0..<1440, using: &generator)
            let end = (start + Int.random(in: 1...1439, using: &generator)) % 1440
            let day = days[Int.random(in: 0..<days.count, using: &generator)]
            windows.append(
                "\(day)\(clock(start))-\(clock(end)) \(zones[Int.random(in: 0..<zones.count, using: &generator)])")
        }
        return windows.joined(separator: "; ")
    }

    /// An address of one of few neighbourhoods, so that ranges have others in them.
    private func randomAddress(_ generator: inout SeededGenerator) -> InternetAddress {
        let number = generator.next()
        switch number % 4 {
        case 0: return InternetAddress(ipv4: 0x0a00_0000 | UInt32(truncatingIfNeeded: number >> 32) & 0x00ff_ffff)
        case 1: return InternetAddress(ipv4: UInt32(truncatingIfNeeded: number >> 32))
        case 2: return InternetAddress(high: 0x2001_0db8_0000_0000 | number >> 48, low: generator.next())
        default: return InternetAddress(high: generator.next(), low: generator.next())
        }
    }

    private func randomRange(_ generator: inout SeededGenerator) -> String {
        let address = randomAddress(&generator)
        let bits =
            address.isIPv4 ? Int.random(in: 96...128, using: &generator) : Int.random(in: 0...128, using: &generator)
        let (high, low) = (
            bits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(bits)), bits <= 64 ? 0 : ~(UInt64.max >> UInt64(bits - 64))
        )
        let first = InternetAddress(high: address.high & high, low: address.low & low)
        return "\(first)/\(address.isIPv4 ? bits - 96 : bits)"
    }

    /// Few countries, so that lists have some in common.
    private static let countries = [
        "NL", "DE", "BE", "LU", "AD", "AX", "AE", "AU", "BA", "BB", "BD", "EE", "XK", "ZW", "GB", "UA", "NA", "NE",
    ]

    private func randomCountry(_ generator: inout SeededGenerator) -> String {
        Self.countries.randomElement(using: &generator) ?? ""
    }

    /// A number of entries: none, one, as many as there may be, or any between.
    private func count(_ isThere: Bool, _ limit: Int, _ generator: inout SeededGenerator) -> Int {
        if !isThere { return 0 }
        return [1, limit, Int.random(in: 1...limit, using: &generator)][Int.random(in: 0..<3, using: &generator)]
    }

    private func randomDraft(_ present: Int, _ generator: inout SeededGenerator) -> DraftRules {
        func list(_ count: Int, _ entry: (inout SeededGenerator) -> String) -> String {
            (0..<count).map { _ in entry(&generator) }.joined(separator: ", ")
        }
        var texts: [(rule: SecretRule, text: String)] = []
        if present & 1 != 0 { texts.append((.hours, randomHours(count(true, 8, &generator), &generator))) }
        if present & 2 != 0 {
            let moments: [Int64] = [
                1_000_000_000, 1_800_000_000, 253_402_300_799, 1_000_000_000 + Int64(generator.next() % 4_000_000_000),
            ]
            texts.append((.notBefore, "\(moments[Int.random(in: 0..<moments.count, using: &generator)])"))
        }
        for (bit, rule) in [(4, SecretRule.allowNetworks), (8, .denyNetworks)] where present & bit != 0 {
            texts.append((rule, list(count(true, SecretRules.maximumNetworks, &generator)) { randomRange(&$0) }))
        }
        for (bit, rule) in [(16, SecretRule.allowCountries), (32, .denyCountries)] where present & bit != 0 {
            texts.append((rule, list(count(true, SecretRules.maximumCountries, &generator)) { randomCountry(&$0) }))
        }
        return draft(texts)
    }

    @Test func `every combination of rules comes out of a record as it was said, and answers as what was said does`()
        throws
    {
        var generator = SeededGenerator(seed: 1)
        var clock = ZoneClock()
        for turn in 0..<12 {
            for present in 0..<64 {
                let said = randomDraft(present, &generator)
                let what = Comment("turn \(turn), rules \(present)")
                guard let rules = kept(said) else {
                    #expect(present == 0, what)
                    continue
                }
                #expect(present != 0, what)
                #expect(rules.hours == said.hours, what)
                #expect(rules.notBefore == said.notBefore, what)
                #expect(rules.places == said.places, what)
                #expect(rules.hasCountries == !said.places.countries.isEmpty, what)
                for moment in moments(of: said, &generator) {
                    let isOpen = moment >= said.notBefore ?? 0 && said.hours?.isOpen(at: moment) ?? true
                    let answer = rules.isOpen(at: moment, &clock)
                    #expect(answer == isOpen, "\(moment) in \(what)")
                }
                let networks = said.places.networks
                for address in addresses(of: networks, &generator) {
                    #expect(
                        rules.permitNetwork(of: ClientAddress(address)) == networks.permits(address),
                        "\(address) in \(what)")
                    let unknown = ClientAddress(address, isKnown: false, isForwarded: true)
                    #expect(rules.permitNetwork(of: unknown) == networks.permits(nil), what)
                }
                let countries = said.places.countries
                for code in countries.allowed + countries.denied
                    + (0..<8).compactMap({ _ in country(randomCountry(&generator)) })
                {
                    #expect(rules.permitCountry(code) == countries.permits(code), "\(code) in \(what)")
                }
                #expect(rules.permitCountry(nil) == countries.permits(nil), what)
            }
        }
    }

    /// Moments around the one before which it may not be read, around the next opening and closing, and anywhere.
    private func moments(of said: DraftRules, _ generator: inout SeededGenerator) -> [Int64] {
        var moments = (0..<6).map { _ in Int64.random(in: 1_767_225_600..<2_400_000_000, using: &generator) }
        if let moment = said.notBefore { moments += [max(moment - 1, 0), moment, moment + 1] }
        for moment in moments {
            if let opening = said.hours?.nextOpening(after: moment) { moments += [opening - 1, opening] }
        }
        return moments
    }

    /// The first and last addresses of all ranges, those beside them, and any.
    private func addresses(of networks: NetworkRule, _ generator: inout SeededGenerator) -> [InternetAddress] {
        var addresses = (0..<6).map { _ in randomAddress(&generator) }
        for range in networks.allowed + networks.denied {
            let bits = UInt64(range.sharedBits)
            let last = InternetAddress(
                high: range.first.high | (bits >= 64 ? 0 : UInt64.max >> bits),
                low: range.first.low | (bits <= 64 ? UInt64.max : UInt64.max >> (bits - 64)))
            addresses += [range.first, last]
            addresses.append(InternetAddress(high: range.first.high, low: range.first.low &- 1))
            addresses.append(InternetAddress(high: last.high, low: last.low &+ 1))
        }
        return addresses
    }

    @Test func `as texts they say the same again`() throws {
        var generator = SeededGenerator(seed: 2)
        for present in 1..<64 {
            let said = randomDraft(present, &generator)
            let texts = RuleTexts(try #require(kept(said)).words)
            let again = DraftRules()
            for rule in RuleTexts.rules where !texts[rule].isEmpty {
                // Ranges and hours are shown in full, and may be longer than a field takes; nothing else is wrong with them.
                #expect(
                    again.read(rule, Array(texts[rule].utf8)) == nil || texts[rule].utf8.count > SecretRules.maximumText
                )
            }
            again.notBefore = texts.notBefore
            #expect(again.places == said.places && again.notBefore == said.notBefore, "rules \(present)")
            if texts[.hours].utf8.count <= SecretRules.maximumText {
                #expect(again.hours == said.hours, "rules \(present)")
            }
        }
        #expect(RuleTexts([]).isEmpty)
    }

    // MARK: Single rules

    @Test func `a secret without rules has none`() {
        #expect(kept(DraftRules()) == nil)
        let withdrawn = draft((.hours, "09:00-17:00"), (.notBefore, "1800000000"), (.denyCountries, "NL"))
        for rule in [SecretRule.hours, .notBefore, .denyCountries] { withdrawn.forget(rule) }
        #expect(kept(withdrawn) == nil)
        #expect(withdrawn.texts.isEmpty)
    }

    @Test func `its time comes with the very second, as far away as can be said`() throws {
        var clock = ZoneClock()
        for text in [
            "1000000000", "1800000000", "253402300799", "9999-12-31T23:59:59Z", "2026-11-27T09:00:00.001+01:00",
        ] {
            let said = draft((.notBefore, text))
            let (rules, moment) = (try #require(kept(said)), try #require(said.notBefore))
            #expect(rules.notBefore == moment)
            let moments: [Int64] = [moment - 1, moment, moment + 1]
            let answers = moments.map { rules.isOpen(at: $0, &clock) }
            #expect(answers == [false, true, true], "\(text)")
        }
        #expect(draft((.notBefore, "2026-11-27T09:00:00.001+01:00")).notBefore == 1_795_766_401)
    }

    @Test func `its time has come, but its hours have not: it is closed; and the other way round`() throws {
        var clock = ZoneClock()
        // Friday, 27 November 2026, 12:00 in Amsterdam.
        let rules = try #require(
            kept(draft((.hours, "Mon-Fri 09:00-17:00 Europe/Amsterdam"), (.notBefore, "2026-11-27T12:00:00+01:00"))))
        let noon: Int64 = 1_795_777_200
        let steps: [Int64] = [-7200, -1, 0, 17_999, 18_000, 248_399, 248_400]
        let answers = steps.map { rules.isOpen(at: noon + $0, &clock) }
        #expect(answers == [false, false, true, true, false, false, true])
    }

    @Test func `eight windows are eight, and the last one counts`() throws {
        let seven = (0..<7).map { "Mon 0\($0):00-0\($0):01" }.joined(separator: ";")
        let rules = try #require(kept(draft((.hours, seven + ";Fri 12:00-12:01 Asia/Kathmandu"))))
        var clock = ZoneClock()
        #expect(rules.hours?.count == 8)
        // 27 November 2026, 12:00 in Kathmandu.
        let noon: Int64 = 1_795_760_100
        let moments: [Int64] = [noon - 1, noon, noon + 59, noon + 60]
        let answers = moments.map { rules.isOpen(at: $0, &clock) }
        #expect(answers == [false, true, true, false])
    }

    @Test func `hours follow both changes of the clocks, and a wall clock that is set back`() throws {
        var clock = ZoneClock()
        // Each: hours, the moment of a change, and whether they are open 90, 30 minutes and a second before it, at it, and 30 and 90
        // minutes behind it.
        let table: [(hours: String, change: Int64, isOpen: [Bool])] = [
            ("Sun 01:00-03:00 Europe/Amsterdam", 1_774_746_000, [false, true, true, false, false, false]),
            ("Sun 02:00-04:00 Europe/Amsterdam", 1_774_746_000, [false, false, false, true, true, false]),
            ("Sun 02:00-03:00 Europe/Amsterdam", 1_792_890_000, [false, true, true, true, true, false]),
            ("Sun 01:00-03:00 America/New_York", 1_772_953_200, [false, true, true, false, false, false]),
            ("Sat 22:00-03:30 America/New_York", 1_772_953_200, [true, true, true, true, false, false]),
            ("Sun 01:00-02:00 America/New_York", 1_793_512_800, [false, true, true, true, true, false]),
            ("Sun 01:30-02:00 Australia/Lord_Howe", 1_775_314_800, [false, true, true, true, false, false]),
            ("Sun 01:30-02:30 Australia/Lord_Howe", 1_791_041_400, [false, true, true, false, false, false]),
        ]
        let steps: [Int64] = [-5400, -1800, -1, 0, 1800, 5400]
        for turn in 0..<3 {
            for (hours, change, isOpen) in table {
                let rules = try #require(kept(draft((.hours, hours))))
                // On over the change, and back.
                let answers = steps.map { rules.isOpen(at: change + $0, &clock) }
                #expect(answers == isOpen, "\(hours) \(turn)")
                let back = steps.reversed().map { rules.isOpen(at: change + $0, &clock) }
                #expect(back == isOpen.reversed(), "\(hours) \(turn) back")
            }
        }
    }

    @Test func `the last network of a full list and the last country count, in either list`() throws {
        let networks = (0..<15).map { "10.0.\($0).0/24" }.joined(separator: " ") + " 2001:db8::/32"
        let countries = (0..<63).map { ["AD", "AE", "AU"][$0 % 3] }.joined(separator: " ") + " NL"
        let (inside, outside) = (try client("2001:db8::1"), try client("2001:db9::1"))
        let (nl, de) = (try #require(country("NL")), try #require(country("DE")))
        for hours in ["", "09:00-17:00", "09:00-17:00; Sat 10:00-11:00 Asia/Gaza; Sun 10:00-11:00"] {
            for moment in ["", "1800000000"] {
                let time = [(rule: SecretRule.hours, text: hours), (.notBefore, moment)].filter { !$0.text.isEmpty }
                let allowing = try #require(
                    kept(draft(time + [(rule: .allowNetworks, text: networks), (.allowCountries, countries)])))
                #expect(allowing.permitNetwork(of: inside) && !allowing.permitNetwork(of: outside))
                #expect(allowing.permitCountry(nl) && !allowing.permitCountry(de) && !allowing.permitCountry(nil))
                let denying = try #require(
                    kept(draft(time + [(rule: .denyNetworks, text: networks), (.denyCountries, countries)])))
                #expect(!denying.permitNetwork(of: inside) && denying.permitNetwork(of: outside))
                #expect(!denying.permitCountry(nl) && denying.permitCountry(de) && denying.permitCountry(nil))
                let both = try #require(
                    kept(
                        draft(
                            time + [
                                (rule: .allowNetworks, text: networks), (.denyNetworks, networks),
                                (.allowCountries, countries), (.denyCountries, countries),
                            ])))
                #expect(!both.permitNetwork(of: inside) && !both.permitNetwork(of: outside))
                #expect(!both.permitCountry(nl) && !both.permitCountry(de) && !both.permitCountry(nil))
            }
        }
    }

    @Test func `who is not known is refused where networks are named, and only there`() throws {
        let unknown = try client("10.0.0.1", isKnown: false)
        for (rule, text, isPermitted) in [
            (SecretRule.allowNetworks, "10.0.0.0/8", false), (.denyNetworks, "192.0.2.0/24", false),
            (.allowCountries, "NL", true), (.hours, "09:00-17:00", true), (.notBefore, "1800000000", true),
        ] {
            let rules = try #require(kept(draft((rule, text))))
            #expect(rules.permitNetwork(of: unknown) == isPermitted, "\(rule)")
        }
    }

    @Test func `one rule too many is refused with what is allowed, and none is taken`() {
        for (rule, text) in [
            (SecretRule.hours, Array(repeating: "Mon 09:00-10:00", count: 9).joined(separator: ";")),
            (.allowNetworks, (0..<17).map { "10.0.0.\($0)" }.joined(separator: ",")),
            (.denyNetworks, (0..<17).map { "10.0.0.\($0)" }.joined(separator: ",")),
            (.allowCountries, Array(repeating: "NL", count: 65).joined(separator: ",")),
            (.denyCountries, Array(repeating: "NL", count: 65).joined(separator: ",")),
            (.notBefore, "253402300800"), (.notBefore, "-1"), (.notBefore, "0"), (.notBefore, "2027"),
            (.notBefore, "20271231"), (.notBefore, "999999999"), (.notBefore, "10000-01-01T00:00:00Z"),
        ] {
            let rules = DraftRules()
            let fault = rules.read(rule, Array(text.utf8))
            #expect(fault?.allowed.isEmpty == false, "\(text)")
            #expect(kept(rules) == nil, "\(text)")
        }
    }

    @Test(arguments: [SecretRule.hours, .notBefore, .allowNetworks, .denyNetworks, .allowCountries, .denyCountries])
    func `a rule in which nothing is said is refused, for none would allow all`(_ rule: SecretRule) {
        for text in ["", " ", ",", " , ", ";", "\t"] {
            let rules = DraftRules()
            let fault = rules.read(rule, Array(text.utf8))
            #expect(fault?.wrong.isEmpty == text.isEmpty && fault?.allowed.isEmpty == false, "\(rule) '\(text)'")
            #expect(kept(rules) == nil, "\(rule) '\(text)'")
        }
    }
}
