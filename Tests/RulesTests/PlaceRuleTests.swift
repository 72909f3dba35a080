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
