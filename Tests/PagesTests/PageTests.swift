// What every page has, and what each page shows and keeps to itself.
import HTTPServer
import Pages
import Testing

@Suite struct PageTests {
    @Test(arguments: Words.all.map(\.tag))
    func noPageHasInlineCodeOrInlineStyle(_ tag: String) throws {
        let words = try #require(Words.all.first { $0.tag == tag })
        for (name, page) in try Sample.allPages(Sample.context(words, isSecure: false)) {
            let body = page.body.lowercased()
            let scripts = body.matches(of: /<script/).count
            #expect(
                scripts
                    == body.matches(of: /<script type="module" src="\/assets\/[0-9a-z]+\/[a-z]+\.js"><\/script>/).count,
                "\(name)")
            #expect(scripts <= 1, "\(name)")
            #expect(!body.contains("<style"), "\(name)")
            #expect(!body.contains(" style="), "\(name)")
            #expect(!body.contains("javascript:"), "\(name)")
            let handler = body.firstRange(of: /<[^>]* on[a-z]+=/)
            #expect(handler == nil, "\(name)")
        }
    }

    @Test(arguments: Words.all.map(\.tag))
    func everyPageIsSoundAndGuarded(_ tag: String) throws {
        let words = try #require(Words.all.first { $0.tag == tag })
        for (name, page) in try Sample.allPages(Sample.context(words)) {
            #expect(page.field("Content-Type") == "text/html; charset=utf-8", "\(name)")
            #expect(page.field("Content-Language") == tag, "\(name)")
            #expect(page.field("Cache-Control") == "no-store", "\(name)")
            #expect(page.field("Referrer-Policy") == "no-referrer", "\(name)")
            #expect(
                page.field("Content-Security-Policy")
                    == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                    + "connect-src 'self'; form-action 'self'; "
                    + "frame-ancestors 'none'; base-uri 'none'", "\(name)")
            #expect(page.head.split(separator: "\r\n").allSatisfy { !$0.contains("\n") }, "\(name)")
            let direction = ["ar", "he"].contains(tag) ? " dir=\"rtl\"" : ""
            #expect(page.body.hasPrefix("<!DOCTYPE html>\n<html lang=\"\(tag)\"\(direction)>"), "\(name)")
            #expect(page.body.matches(of: /<h1>/).count == 1, "\(name)")
            #expect(page.body.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"), "\(name)")
            for element in ["html", "main", "form", "section", "div", "p", "dl", "dd", "details", "label", "h1", "a"] {
                let starts = page.body.matches(of: try Regex("<\(element)[ >]")).count
                let ends = page.body.matches(of: try Regex("</\(element)>")).count
                #expect(starts == ends, "\(name): \(element)")
            }
        }
    }

    @Test func everyFieldHasALabelAndEveryReferenceItsTarget() throws {
        for (name, page) in try Sample.allPages(Sample.context()) {
            let ids = page.body.matches(of: /\ id="([^"]+)"/).map { String($0.1) }
            #expect(Set(ids).count == ids.count, "\(name)")
            for field in page.body.matches(of: /<(?:input|select|textarea)[^>]*>/) where !field.0.contains("hidden") {
                let id = try #require(field.0.firstMatch(of: /\ id="([^"]+)"/)?.1)
                #expect(page.body.contains(try Regex("<label[^>]* for=\"\(id)\">")), "\(name): \(id)")
            }
            for list in page.body.matches(of: /aria-describedby="([^"]+)"/) {
                for id in list.1.split(separator: " ") { #expect(ids.contains(String(id)), "\(name): \(id)") }
            }
        }
    }

    @Test func pagesInTwoLanguagesShareNoSentence() throws {
        let pages = zip(try Sample.allPages(Sample.context(.english)), try Sample.allPages(Sample.context(.dutch)))
        for (english, dutch) in pages {
            #expect(sentences(of: english.page).isDisjoint(with: sentences(of: dutch.page)), "\(english.name)")
        }
    }

    private func sentences(of page: Rendered) -> Set<String> {
        Set(page.body.matches(of: /<(?:p|h1|h2|button|summary|label|dt)(?: [^>]*)?>([^<]+)/).map { String($0.1) })
            // Words that both languages have.
            .subtracting(["Link {}", "ID", "Download {}", "UTC"])
    }

    @Test func whatComesFromOutsideIsText() throws {
        let markup = "<img src=x onerror=alert(1)>\"'&"
        var description = Brand.Description()
        description.name = markup
        for (name, page) in try Sample.allPages(Sample.context(brand: Brand(description), formToken: markup)) {
            #expect(!page.body.contains("<img src=x"), "\(name)")
            #expect(page.body.contains("&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;"), "\(name)")
        }
        let bytes = Array(markup.utf8)
        #expect(!(try Sample.secretPage(token: bytes, server: markup)).body.contains("<img src=x"))
        let receipt = try render {
            Page.receipt(
                &$0, Sample.context(), Sample.facts(.new), receiptToken: bytes.span, secretToken: bytes.span,
                baseURL: markup, generated: bytes.span)
        }
        #expect(!receipt.body.contains("<img src=x"))
    }
}
