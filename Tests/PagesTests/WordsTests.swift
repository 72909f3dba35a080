// What every language has to keep to, whoever wrote it.
import Testing

@testable import Pages

@Suite struct WordsTests {
    @Test(arguments: Words.all.map(\.tag))
    func `every text has its values, and every quantity a form for each class of numbers`(_ tag: String) throws {
        let words = try #require(Words.all.first { $0.tag == tag })
        let quantities: Set = [
            "passphraseMinimumHint", "problemPassphraseTooShort", "problemPassphraseTooLong", "triesLeft", "seconds",
            "minutes",
            "hours", "days", "bytes",
        ]
        let english = texts(.english)
        for (name, text) in texts(words) where !["tag", "name"].contains(name) {
            let forms = text.split(separator: "|", omittingEmptySubsequences: false)
            switch name {
            case "months": #expect(forms.count == 12)
            case "refusedBy": #expect(forms.count == 4, "\(tag): \(name)")
            case _ where quantities.contains(name): #expect(forms.count == words.plural.formCount, "\(tag): \(name)")
            default:
                #expect(forms.count == 1, "\(tag): \(name)")
                #expect(marks(text) == marks(try #require(english[name])), "\(tag): \(name)")
            }
            #expect(!forms.contains { $0.isEmpty }, "\(tag): \(name)")
            #expect(!text.contains("\""), "\(tag): \(name) has the language's own quotation marks")
        }
    }

    @Test func `plural rules follow the classes of CLDR`() {
        let samples: [(PluralRule, [Int], [Int])] = [
            (.oneOther, [0, 1, 2, 11], [1, 0, 1, 1]), (.upToOneOther, [0, 1, 2], [0, 0, 1]),
            (.oneTwoOther, [1, 2, 3, 0], [0, 1, 2, 2]), (.oneFewOther, [1, 2, 4, 5, 22], [0, 1, 1, 2, 2]),
            (.romanian, [1, 0, 2, 19, 20, 101, 120], [0, 1, 1, 1, 2, 1, 2]),
            (.polish, [1, 2, 5, 12, 22, 112, 21], [0, 1, 2, 2, 1, 2, 2]),
            (.eastSlavic, [1, 21, 11, 2, 12, 5, 111, 101], [0, 0, 2, 1, 2, 2, 2, 0]),
            (.arabic, [0, 1, 2, 3, 10, 11, 99, 100, 103], [0, 1, 2, 3, 3, 4, 4, 5, 3]), (.one, [0, 1, 7], [0, 0, 0]),
        ]
        for (rule, numbers, forms) in samples {
            #expect(numbers.map(rule.form) == forms, "\(rule)")
            #expect(forms.allSatisfy { $0 < rule.formCount })
        }
    }

    private func texts(_ words: Words) -> [String: String] {
        var found: [String: String] = [:]
        for child in Mirror(reflecting: words).children {
            if let name = child.label, let text = child.value as? String { found[name] = text }
        }
        return found
    }

    private func marks(_ text: String) -> [String] {
        text.matches(of: /\{\w*\}/).map { String($0.0) }.sorted()
    }
}
