// How many secrets the operator's page tells of.
import HTTPServer
import Testing

@testable import Pages

@Suite struct OperatorPageTests {
    /// Everything that can be told of a secret: all times, and the longest rules.
    private static var longest: ReceiptFacts {
        var facts = Sample.facts(.new, isLocked: true)
        let times = (0..<20).map { Int64(Sample.created + $0 * 86_400) }
        (facts.readers, facts.reads, facts.readTimes) = (100, 99, times)
        (facts.failedAttempts, facts.failureTimes) = (99, times)
        (facts.refusals, facts.refusalTimes) = (1_000_000, times)
        facts.refusalCodes = (0..<20).map { UInt8($0 % 4 + 1) }
        facts.rules.notBefore = Int64(Sample.created)
        func list(_ text: String, _ count: Int) -> String {
            Array(repeating: text, count: count).joined(separator: ", ")
        }
        facts.rules[.hours] = list("Mon,Wed,Fri,Sun 09:00-17:00 America/Argentina/ComodRivadavia", 8)
        let network = "2001:0db8:1111:2222:3333:4444:5555:6666/128"
        facts.rules[.allowNetworks] = list(network, 16)
        facts.rules[.denyNetworks] = list(network, 16)
        facts.rules[.allowCountries] = list("NL", 64)
        facts.rules[.denyCountries] = list("KP", 64)
        return facts
    }

    private static func page(
        _ told: ReceiptFacts, _ words: Words, _ brand: Brand = .standard, keyName: String = "night"
    ) throws -> (body: String, count: Int) {
        var facts = OperatorFacts()
        facts.entries = (1...OperatorFacts.entryLimit).map { number in
            OperatorEntry(
                id: "0123456789abcdef", facts: told, keyName: keyName, next: number * 7)
        }
        facts.next = 1234
        facts.query = "&from=5"
        let body = try render { Page.console(&$0, Sample.context(words, brand: brand), facts) }.body
        return (body, body.split(separator: "<details>").count - 1)
    }

    @Test func `a page goes on where it had no room for more, in every language`() throws {
        let link = "footer-link = \(String(repeating: "&", count: 60)) | /\(String(repeating: "&", count: 60))\n"
        let file = "product-name = \(String(repeating: "&", count: 100))\n" + String(repeating: link, count: 8)
        let brand = Brand(try BrandFile(parsing: Array(file.utf8)).sections[0].description)
        for words in Words.all {
            let (body, count) = try Self.page(
                Self.longest, words, brand, keyName: String(repeating: "&", count: 255))
            #expect((3..<OperatorFacts.entryLimit).contains(count), "\(words.tag): \(count)")
            #expect(body.contains("href=\"/operator?after=\(count * 7)&amp;from=5\""), "\(words.tag)")
        }
    }

    @Test func `it holds twenty of whom there is little to tell`() throws {
        for words in Words.all {
            let (body, count) = try Self.page(Sample.facts(.new), words)
            #expect(count == OperatorFacts.entryLimit, "\(words.tag)")
            #expect(body.contains("href=\"/operator?after=1234&amp;from=5\""), "\(words.tag)")
        }
    }

    @Test func `rules stand in an entry as text`() throws {
        var told = Sample.facts(.new)
        told.rules = Sample.rules
        let (body, _) = try Self.page(told, .english)
        for rule in RuleTexts.rules {
            let text = "&#34;&gt;&lt;b id=&#39;\(rule.name)&#39;&gt;"
            #expect(body.contains("<dt>\(rule.label(.english))</dt><dd><bdi dir=\"ltr\">\(text)</bdi></dd>"))
        }
        #expect(body.contains("<dt>\(Words.english.notBeforeLabel)</dt>"))
    }
}
