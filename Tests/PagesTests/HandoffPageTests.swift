// The sender's and the recipient's pages.
import HTTPServer
import Pages
import Testing

@Suite struct HandoffPageTests {
    @Test func anUnreadSecretsReceiptHasTheLink() throws {
        let link = "https://secrets.example.org/secret/" + String(decoding: Sample.secretToken, as: UTF8.self)
        for (name, page) in try Sample.allPages(Sample.context()) where name.hasPrefix("receipt-") {
            let isNew = name == "receipt-new" || name == "receipt-generated"
            #expect(page.body.contains("value=\"\(link)\"") == isNew, "\(name)")
            #expect(page.body.contains("/burn\"") == isNew, "\(name)")
        }
    }

    @Test func aLinkIsNotShownOnceTheSecretIsGone() throws {
        let (secret, receipt, generated) = (Sample.secretToken, Sample.receiptToken, Array("never".utf8))
        let page = try render {
            Page.receipt(
                &$0, Sample.context(), Sample.facts(.received), receiptToken: receipt.span, secretToken: secret.span,
                baseURL: "x", generated: generated.span)
        }
        #expect(!page.body.contains(String(decoding: secret, as: UTF8.self)))
        #expect(!page.body.contains("never"))
        #expect(page.body.contains("<time datetime=\"2026-02-28T18:04:59Z\">28 February 2026, 18:04 UTC</time>"))
    }

    @Test func onlyALockedSecretAsksForAPassphrase() throws {
        let receipt = Sample.receiptToken
        for isLocked in [true, false] {
            let secret = try Sample.secretPage(isLocked: isLocked)
            let burn = try render {
                Page.burnForm(&$0, Sample.context(), receiptToken: receipt.span, isLocked: isLocked)
            }
            #expect(secret.body.contains("name=\"passphrase\"") == isLocked)
            #expect(burn.body.contains("name=\"passphrase\"") == isLocked)
        }
    }

    @Test func theTriesThatAreLeftAreTold() throws {
        let pages = try Sample.allPages(Sample.context())
        let wrong = try #require(pages.first { $0.name == "secret-locked-wrong" }?.page)
        #expect(wrong.status == 403)
        #expect(wrong.body.contains("3 tries left"))
        let last = try #require(pages.first { $0.name == "secret-locked-last" }?.page)
        #expect(last.body.contains("One try left"))
    }

    @Test func contentThatBeginsWithALineKeepsIt() throws {
        let content = Array("\nx".utf8)
        let page = try render {
            Page.revealedStart(&$0, Sample.context(), byteCount: 2)
            $0.append(htmlText: content.span)
            Page.revealedEnd(&$0, Sample.context())
        }
        #expect(page.body.contains("rows=\"3\">\n\nx</textarea>"))
    }

    @Test func theGonePageDependsOnLanguageAndBrandAlone() throws {
        for words in Words.all {
            let one = try render { Page.gone(&$0, Sample.context(words, formToken: "one", isSecure: true)) }
            let other = try render { Page.gone(&$0, Sample.context(words, formToken: "two", isSecure: false)) }
            #expect(one.status == 404)
            #expect(one == other)
        }
    }

    @Test func pagesWithTokensOrContentAreMarkedAsSensitive() throws {
        let (secret, receipt) = (Sample.secretToken, Sample.receiptToken)
        let marked = try [
            isSensitive {
                Page.secret(
                    &$0, Sample.context(), SecretFacts(server: "s", expires: 0, secondsLeft: 0, isLocked: true),
                    secretToken: secret.span, note: nil)
            },
            isSensitive { Page.burnForm(&$0, Sample.context(), receiptToken: receipt.span, isLocked: false) },
            isSensitive {
                Page.receipt(
                    &$0, Sample.context(), Sample.facts(.burned), receiptToken: receipt.span, secretToken: nil,
                    baseURL: "x")
            },
            isSensitive { Page.revealedStart(&$0, Sample.context(), byteCount: 1) },
        ]
        #expect(marked == [true, true, true, true])
        #expect(try !isSensitive { Page.gone(&$0, Sample.context()) })
    }

    private func isSensitive(_ write: (inout ResponseWriter) -> Void) throws -> Bool {
        var result = false
        _ = try render {
            write(&$0)
            result = $0.isSensitive
        }
        return result
    }
}
