// Which language a reader gets.
import Pages
import Testing

@Suite struct LanguageTests {
    private func chosen(_ field: String?, override: String? = nil, fallback: Words = .english) -> String {
        let (field, override) = (field.map { Array($0.utf8) }, override.map { Array($0.utf8) })
        return Words.choose(acceptLanguage: field?.span, override: override?.span, fallback: fallback).tag
    }

    @Test(arguments: [
        ("nl", "nl"), ("NL", "nl"), ("nl-BE", "nl"), ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("en;q=0.8,nl;q=0.9", "nl"), ("en,nl", "en"), ("nl,en", "nl"), ("eo,ia;q=0.9,nl;q=0.1", "nl"),
        ("nl;q=0.5,en;q=0.5", "nl"), ("nl ; q=0.4 , en ; q=0.5", "en"), ("nl;q=0", "en"), ("nl;Q=1.000", "nl"),
        ("*,nl;q=0.5", "en"), ("*;q=0.1,nl", "nl"), ("eo", "en"), ("", "en"), ("nlx", "en"), ("n", "en"),
        (",,;q=1,,nl", "nl"), (",;=", "en"),
    ])
    func theBrowsersFavouriteIsChosen(_ field: String, _ tag: String) {
        #expect(chosen(field) == tag)
    }

    @Test(arguments: ["nl;q=1.1", "nl;q=", "nl;q=.9", "nl;q=0,9", "nl;q=0.1234", "nl;q=-1", "nl;level=1", "nl;q=1x"])
    func aWeightThatMakesNoSenseDropsItsRange(_ field: String) {
        #expect(chosen(field) == "en")
    }

    @Test func withoutAFieldTheServersLanguageIsChosen() {
        #expect(chosen(nil) == "en")
        #expect(chosen(nil, fallback: .dutch) == "nl")
        #expect(chosen("eo", fallback: .dutch) == "nl")
        #expect(chosen("*", fallback: .dutch) == "nl")
    }

    @Test func aLanguageAskedForByNameComesFirst() {
        #expect(chosen("en", override: "nl") == "nl")
        #expect(chosen("en", override: "nl_BE") == "nl")
        #expect(chosen("nl", override: "xx") == "nl")
        #expect(chosen("nl", override: "") == "nl")
    }

    @Test func onlyTheBeginningOfALongFieldIsLookedAt() {
        #expect(chosen(String(repeating: "eo,", count: 150) + "nl") == "nl")
        #expect(chosen(String(repeating: "eo,", count: 200) + "nl") == "en")
        #expect(chosen(String(repeating: ",", count: 100_000)) == "en")
    }

    @Test func tagsOfLanguagesDiffer() {
        #expect(Set(Words.all.map(\.tag)).count == Words.all.count)
    }

    @Test func aLanguageChosenByTheAddressStaysInEveryAddressOfThePage() throws {
        let context = PageContext(words: .dutch, formToken: "proof", isSecure: true, isLanguageChosen: true)
        let (secret, receipt) = (Sample.secretToken, Sample.receiptToken)
        let pages = [
            try render { Page.createForm(&$0, context, Sample.policy) },
            try render { Page.gone(&$0, context) },
            try render { Page.destroyForm(&$0, context, secretToken: secret.span) },
            try render { Page.burnForm(&$0, context, receiptToken: receipt.span, isLocked: true) },
            try render { page in
                Page.receipt(
                    &page, context, Sample.facts(.new), receiptToken: receipt.span, secretToken: secret.span,
                    baseURL: "https://a.example")
            },
        ]
        for page in pages {
            for address in page.body.matches(of: /(?:href|action)="(\/[^"]*)"/).map(\.output.1) {
                #expect(address.hasSuffix("?locale=nl") || address.hasPrefix("/assets/"), "\(address)")
            }
        }
        #expect(pages[4].body.contains("https://a.example/secret/\(String(decoding: secret, as: UTF8.self))\""))
    }

    @Test func thePageOffersEveryOtherLanguageByItsOwnName() throws {
        let page = try render { page in
            let context = PageContext(words: .dutch, formToken: "proof", isSecure: true, offersLanguages: true)
            Page.gone(&page, context)
        }
        for words in Words.all {
            #expect(page.body.contains("href=\"?locale=\(words.tag)\"") == (words.tag != "nl"))
        }
        #expect(page.body.contains("Taal: Nederlands"))
    }

    @Test func theAnswerToAFormOffersNoLanguages() throws {
        let page = try render { Page.gone(&$0, Sample.context(.dutch)) }
        #expect(!page.body.contains("?locale"))
    }
}
