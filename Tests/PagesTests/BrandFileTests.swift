// The brand file: what it may say, and how it is told what it may not.
import Testing

@testable import Pages

@Suite struct BrandFileTests {
    private func parse(_ text: String) throws(BrandFile.Fault) -> [BrandFile.Section] {
        try BrandFile(parsing: Array(text.utf8)).sections
    }

    private func fault(_ text: String) -> String {
        do throws(BrandFile.Fault) {
            _ = try parse(text)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test func aFileDescribesEverybodysBrandAndThoseOfDomains() throws {
        let sections = try parse(
            """
            \u{FEFF}# Ours
            product-name = Acme = secrets
              primary-color=#A0B0c0\r
            logo = acme.svg
            favicon = file:///etc/acme%20icon.png

            before-reveal = First.
            before-reveal = Second: <b>"&'
            after-reveal = Thanks
            footer-link = Terms | of use | https://acme.example/terms?a=b#c
            footer-link = Imprint | /imprint
            footer-link = Help | mailto:help@acme.example
            locale = nl

            [Secrets.Example]
            product-name = Beispiel
            """)
        let main = try #require(sections.first)
        #expect(main.domain == nil)
        #expect(main.description.name == "Acme = secrets")
        #expect(main.description.primaryColor?.text == "#a0b0c0")
        #expect(main.logo?.path == "acme.svg")
        #expect(main.favicon?.path == "/etc/acme icon.png")
        #expect(main.description.beforeReveal == ["First.", "Second: <b>\"&'"])
        #expect(main.description.afterReveal == ["Thanks"])
        #expect(
            main.description.footerLinks == [
                Brand.Link(label: "Terms | of use", address: "https://acme.example/terms?a=b#c"),
                Brand.Link(label: "Imprint", address: "/imprint"),
                Brand.Link(label: "Help", address: "mailto:help@acme.example"),
            ])
        #expect(main.description.locale == "nl")
        #expect(sections.count == 2)
        #expect(sections[1].domain == "secrets.example")
        #expect(sections[1].description.name == "Beispiel")
        #expect(sections[1].description.primaryColor == nil)
        #expect(sections[1].description.footerLinks.isEmpty)
    }

    @Test func anEmptyFileIsTheStandardBrand() throws {
        for text in ["", "\n\n", "# nothing", "\u{FEFF}"] {
            let sections = try parse(text)
            #expect(sections.count == 1)
            #expect(sections[0].description.name == Brand.standardName)
        }
    }

    @Test(arguments: [
        ("a\n", "line 1: a line has to be key = value"),
        ("\n# x\ncolour = red", "line 3: unknown key 'colour'; it is one of product-name, primary-color, logo, "),
        ("Product-Name = x", "line 1: unknown key 'Product-Name'"),
        ("= x", "line 1: unknown key ''"),
        ("product-name =", "line 1: product-name is '', but has to be 1 to 100 bytes of text"),
        ("product-name = a\u{7}b", "line 1: product-name is 'a\u{FFFD}b', but"),
        ("product-name = a\u{0}b", "line 1: product-name is 'a\u{FFFD}b', but"),
        ("product-name = a\rb", "line 1: product-name is 'a\u{FFFD}b', but"),
        ("product-name = a\nproduct-name = b", "line 2: product-name is there twice in one section"),
        ("primary-color = red", "line 1: primary-color is 'red', but has to be #rrggbb"),
        (
            "logo = https://acme.example/logo.png",
            "line 1: logo is 'https://acme.example/logo.png', but has to be a path or"
        ),
        ("favicon = //acme.example/x\nfavicon = x", "line 2: favicon is there twice"),
        ("logo = data:image/png;base64,AAAA", "line 1: logo is 'data:image/png;base64,AAAA', but has to be a path"),
        ("logo = file://acme.example/logo.png", "line 1: logo is"),
        ("locale = xx", "line 1: locale is 'xx', but has to be one of en, "),
        ("footer-link = Terms", "line 1: footer-link is 'Terms', but has to be Label | URL"),
        ("[", "line 1: a section has to be [domain]"),
        ("[]", "line 1: a section has to be [domain]"),
        ("[a.example:80]", "line 1: a section has to be [domain]"),
        ("[a..example]", "line 1: a section has to be [domain]"),
        ("[-a.example]", "line 1: a section has to be [domain]"),
        ("[bücher.example]", "line 1: a section has to be [domain]"),
        ("[a.example] x", "line 1: a section has to be [domain]"),
        ("[a.example]\n[A.example]", "line 2: [a.example] is there twice"),
    ])
    func aMistakeIsToldWithLineAndWhatIsAllowed(_ text: String, _ wanted: String) {
        #expect(fault(text).hasPrefix(wanted), "\(fault(text))")
    }

    @Test func bytesThatAreNoTextAreToldOf() {
        #expect(throws: BrandFile.Fault(line: 1, text: "the file is not UTF-8 text")) {
            try BrandFile(parsing: [0x61, 0xFF])
        }
    }

    @Test(arguments: [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "ftp://a.example",
        "//evil.example",
        "/\\evil.example", "\\\\evil.example", "relative", "https:", "https://", "https:///x", "https:evil", "mailto:",
        "https://a.example/ b", "https://a.example/\"", "https://a.example/<b>", "https://ä.example", "/a\u{0}", "?x",
        "#x", "",
        "/" + String(repeating: "a", count: 300),
    ])
    func aLinkGoesNowhereElse(_ address: String) {
        #expect(fault("footer-link = Label | " + address).contains("footer-link is"), "\(address)")
    }

    @Test func aLinkToTheFirstPageIsOne() throws {
        #expect(
            try parse("footer-link = Label|/")[0].description.footerLinks == [Brand.Link(label: "Label", address: "/")])
    }

    @Test func textsAreBounded() throws {
        let text = String(repeating: "é", count: 500)
        #expect(fault("before-reveal = \(text)\nbefore-reveal = \(text)\nafter-reveal = \(text)") == "none")
        #expect(
            fault("before-reveal = \(text)\nbefore-reveal = \(text)\nbefore-reveal = x").hasPrefix(
                "line 3: before-reveal"))
        #expect(fault("product-name = " + String(repeating: "x", count: 101)).hasPrefix("line 1: product-name is 'xxx"))
        let link = "footer-link = Label | /x\n"
        #expect(fault(String(repeating: link, count: 8)) == "none")
        #expect(fault(String(repeating: link, count: 9)).hasPrefix("line 9: footer-link"))
        #expect(fault("footer-link = " + String(repeating: "x", count: 61) + " | /").hasPrefix("line 1: footer-link"))
        let domains = (0...100).map { "[a\($0).example]\n" }.joined()
        #expect(fault(domains) == "line 101: there are more than 100 domains")
    }

    @Test func textsThatWouldCrowdASecretOutAreRefused() {
        let ampersands = String(repeating: "&", count: 1000)
        let link =
            "footer-link = " + String(repeating: "&", count: 60) + " | /" + String(repeating: "&", count: 299) + "\n"
        #expect(fault("x-y = 1\n").hasPrefix("line 1"))
        #expect(fault("after-reveal = \(ampersands)") == "none")
        #expect(
            fault("product-name = A\n[a.example]\nafter-reveal = \(ampersands)\n\(link)\(link)")
                == "line 2: of this section, product-name, after-reveal and footer-links together have to take at most 8192 "
                + "bytes in HTML")
    }

    @Test(arguments: [
        ("logo.svg", "logo.svg"), ("/a/b.png", "/a/b.png"), ("file:///a/b%20c.png", "/a/b c.png"), ("./a:b", "./a:b"),
        ("file:/a", "/a"), ("FILE://localhost/a", "/a"), ("file://host/a", nil), ("file:a", nil), ("http://a/b", nil),
        ("HTTPS://a/b", nil), ("data:x", nil), ("file:///a%0", nil), ("file:///a%00", nil), ("file:///%ff", nil),
        ("", nil),
        ("file:////a", nil),
    ])
    func aPictureIsAPathOrAFileURL(_ text: String, _ path: String?) {
        #expect(BrandPicture.path(text) == path)
    }
}
