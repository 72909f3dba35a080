// Lists of networks and countries, and what they say together.
import Kernel
import Rules
import Testing

@Suite struct PlaceRuleTests {
    private func ranges(_ text: String) throws -> [AddressRange] {
        try [AddressRange](ranges: text.utf8Span.span, limit: 4)
    }

    private func codes(_ text: String) throws -> [CountryCode] { try [CountryCode](countries: text.utf8Span.span) }

    @Test func `a list has commas or blanks between its ranges, and an end`() throws {
        #expect(try ranges("").isEmpty)
        #expect(try ranges(" , ,\t").isEmpty)
        #expect(
            try ranges("10.0.0.0/8,::1, 192.0.2.0/24\n2001:db8::/32").map(\.description) == [
                "10.0.0.0/8", "::1/128", "192.0.2.0/24", "2001:db8::/32",
            ])
        #expect(throws: ListFault(text: "there are more than 4")) { try ranges("::1 ::2 ::3 ::4 ::5") }
        #expect(throws: ListFault.self) { try ranges("10.0.0.0/8;::1") }
        #expect(throws: ListFault.self) { try ranges("10.0.0.1/8") }
        #expect(throws: ListFault.self) { try ranges("10.0.0.0/8, all") }
    }

    @Test func `denial is stronger, and nothing allowed allows all`() throws {
        let (inside, beside, outside) = (
            InternetAddress("10.1.2.3"), InternetAddress("10.2.0.1"), InternetAddress("192.0.2.1")
        )
        var rule = NetworkRule()
        #expect(rule.isEmpty && rule.permits(inside) && rule.permits(nil))
        rule.denied = try ranges("10.1.0.0/16")
        #expect(!rule.permits(inside) && rule.permits(beside) && rule.permits(outside))
        rule.allowed = try ranges("10.0.0.0/8")
        #expect(!rule.permits(inside) && rule.permits(beside) && !rule.permits(outside))
        rule.denied = []
        #expect(rule.permits(inside) && rule.permits(beside) && !rule.permits(outside))
    }

    @Test func `an address that nobody knows may only where there is no rule`() throws {
        #expect(!NetworkRule(allowed: try ranges("::/0 0.0.0.0/0")).permits(nil))
        #expect(!NetworkRule(denied: try ranges("192.0.2.1")).permits(nil))
    }

    @Test func `a mapped address is in the range of the IPv4 one, and in no range of IPv6`() throws {
        let mapped = try #require(InternetAddress("::ffff:10.1.2.3"))
        #expect(mapped == InternetAddress("10.1.2.3"))
        #expect(try ranges("10.0.0.0/8").cover(mapped))
        #expect(try !ranges("::/0").cover(mapped))
        #expect(try !ranges("0.0.0.0/0").cover(#require(InternetAddress("::1"))))
    }

    @Test func `two rules meet where there is an address that both permit`() throws {
        let texts = [
            "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "10.0.0.0/30", "10.0.0.0/31",
            "10.0.0.2/31",
            "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::/126", "2001:db8::/127", "2001:db8::2/127",
            "2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3", "128.0.0.0/2", "192.0.0.0/2", "255.255.255.255",
        ]
        let all = try texts.map { try #require(AddressRange($0), "\($0)") }
        // At least one address of each part into which these ranges cut all there are.
        let addresses = try [
            "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "1.1.1.1", "130.0.0.1", "192.0.2.1", "255.255.255.255",
            "2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3", "::1", "ffff::",
        ].map { try #require(InternetAddress($0), "\($0)") }
        var probe = Probe(seed: 5)
        var met = 0
        for _ in 0..<20_000 {
            func list() -> [AddressRange] {
                (0..<probe.next() % 6).map { _ in all[Int(probe.next() % UInt64(all.count))] }
            }
            let (one, other) = (
                NetworkRule(allowed: list(), denied: list()), NetworkRule(allowed: list(), denied: list())
            )
            let expected = addresses.contains { one.permits($0) && other.permits($0) }
            #expect(one.meets(other) == expected && other.meets(one) == expected, "\(one) \(other)")
            met += expected ? 1 : 0
        }
        #expect((4000...16_000).contains(met))
    }

    @Test func `all around the IPv4 addresses is all of an IPv6 range that they lie in`() throws {
        // ::/80 but for ::ffff:0:0/96: a half, a quarter and so on.
        var around: [AddressRange] = []
        for bits in 81...96 {
            let group = UInt64(0xffff) << UInt64(97 - bits) & 0xffff
            around.append(try #require(AddressRange(InternetAddress(high: 0, low: group << 32), sharedBits: bits)))
        }
        let whole = NetworkRule(allowed: try ranges("::/80"))
        #expect(!whole.meets(NetworkRule(denied: around)))
        for index in around.indices {
            var rest = around
            rest.remove(at: index)
            #expect(whole.meets(NetworkRule(denied: rest)), "\(around[index])")
        }
        #expect(NetworkRule(allowed: try ranges("::/80 192.0.2.1")).meets(NetworkRule(denied: around)))
    }

    @Test func `two rules meet where there is a country that both permit, known or not`() throws {
        let (nl, de, both) = (try codes("NL"), try codes("DE"), try codes("NL DE"))
        let all = [[], nl, de, both]
        for (allowed, denied) in all.flatMap({ one in all.map { (one, $0) } }) {
            for (others, refused) in all.flatMap({ one in all.map { (one, $0) } }) {
                let one = CountryRule(allowed: allowed, denied: denied)
                let other = CountryRule(allowed: others, denied: refused)
                let expected = (both + [nil]).contains { one.permits($0) && other.permits($0) }
                #expect(one.meets(other) == expected, "\(one) \(other)")
            }
        }
    }

    @Test(arguments: ["NL", "nl", "Nl", "ZZ", "AX"])
    func `two letters are a country`(_ text: String) throws {
        #expect(CountryCode(text.utf8Span.span)?.description == text.uppercased())
    }

    @Test(arguments: ["", "N", "NLD", "N1", "T1", "XX", "xx", "N ", "ÄÖ", "[]", "\u{0}\u{0}"])
    func `anything else is none`(_ text: String) {
        #expect(CountryCode(text.utf8Span.span) == nil)
    }

    @Test func `a list names countries that there are, so that a rule about none is not taken for one`() throws {
        let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { $0 }
        let known = letters.flatMap { first in letters.compactMap { CountryCode([first, $0].span) } }
        // ISO 3166-1 has 249.
        #expect(known.count { $0.isAssigned } == 249 + 3)
        for text in ["GB", "AD", "ZW", "BQ", "SS", "ZA", "XK", "EU", "AP"] { #expect(try codes(text).count == 1) }
        for text in ["UK", "EN", "ZZ", "AA", "NL, UK", "SU"] {
            #expect(throws: ListFault.self, "\(text)") { try codes(text) }
        }
    }

    @Test func `a country that nobody knows is in no list`() throws {
        let (nl, de) = (try codes("NL"), try codes("de"))
        #expect(CountryRule().permits(nil))
        #expect(CountryRule(denied: nl).permits(nil))
        #expect(!CountryRule(allowed: nl).permits(nil))
        #expect(!CountryRule(denied: nl).permits(nl[0]) && CountryRule(denied: nl).permits(de[0]))
        #expect(CountryRule(allowed: nl).permits(nl[0]) && !CountryRule(allowed: nl).permits(de[0]))
        #expect(!CountryRule(allowed: nl, denied: nl).permits(nl[0]))
        #expect(throws: ListFault.self) { try codes("NL, Germany") }
        #expect(throws: ListFault.self) { try codes(String(repeating: "NL ", count: 301)) }
    }
}
