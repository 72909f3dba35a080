// What a brand shows, that nothing of it comes alive, and that it leaves a secret its room.
import Foundation
import HTTPServer
import HTTPWire
import Testing

@testable import Pages

@Suite struct BrandTests {
    private static let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\"><rect/></svg>".utf8)
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 1, 2]

    private static func brand(_ change: (inout Brand.Description) -> Void) -> Brand {
        var description = Brand.Description()
        change(&description)
        return Brand(description)
    }

    private static func everything(_ text: String) -> Brand {
        brand {
            $0.name = text
            $0.primaryColor = BrandColor(1, 2, 3)
            $0.logo = BrandPicture(svg)
            $0.beforeReveal = [text, text]
            $0.afterReveal = [text]
            $0.footerLinks = [Brand.Link(label: text, address: text)]
        }
    }

    private func digest(of location: String) -> [UInt8] {
        Array(location.split(separator: "/")[1].utf8)
    }

    @Test func aServerWithoutABrandHasThePagesThatItHad() throws {
        for (name, page) in try Sample.allPages(Sample.context()) {
            #expect(
                page.body.contains(/<link rel="icon" type="image\/svg\+xml" href="\/assets\/[0-9a-z]+\/icon.svg">/),
                "\(name)")
            #expect(page.body.contains(/<link rel="stylesheet" href="\/assets\/[0-9a-z]+\/style.css">/), "\(name)")
            #expect(page.body.contains("<header>\n<a class=\"brand\" href=\"/\"><svg "), "\(name)")
            #expect(
                page.body.contains("</svg>\n<span>Onetime Secret Lite</span></a>\n</header>\n<main>\n<h1>"), "\(name)")
            for part in ["/brand/", "after-reveal", "class=\"links\"", "<img"] {
                #expect(!page.body.contains(part), "\(name): \(part)")
            }
        }
    }

    @Test(arguments: [
        "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "' onload='alert(1)",
        "</template></p></title><b>",
        "\u{202E}שלום & مرحبا\u{2066}", "-->]]>", "\u{0}\r\n", "javascript:alert(1)", "{}{1}", "&lt;script&gt;",
        String(repeating: "<\"&'", count: 250), String(repeating: "🦊", count: 1000),
    ])
    func everyTextOfABrandIsTextOnEveryPage(_ text: String) throws {
        let (plain, marked) = (Self.everything("x"), Self.everything(text))
        let pages = zip(
            try Sample.allPages(Sample.context(brand: plain)), try Sample.allPages(Sample.context(brand: marked)))
        for (before, after) in pages {
            // Whatever the texts are, the markup is the same: tags and names of attributes, in the same order.
            #expect(tags(of: before.page) == tags(of: after.page), "\(after.name)")
            #expect(fields(of: after.page) == fields(of: before.page), "\(after.name)")
            let name = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
                .replacing("\"", with: "&#34;").replacing("'", with: "&#39;").replacing("\u{0}", with: "\u{2400}")
                .replacing("\r\n", with: "&#13;\n")
            #expect(after.page.body.contains("<span>\(name)</span></a>\n</header>"), "\(after.name)")
            #expect(after.page.body.contains("href=\"\(name)\">\(name)</a></li>"), "\(after.name)")
        }
    }

    private func fields(of page: Rendered) -> [Substring] {
        page.head.split(separator: "\r\n").filter { !$0.hasPrefix("Content-Length: ") }
    }

    /// All tags of a page without the values of their attributes.
    private func tags(of page: Rendered) -> [String] {
        page.body.matches(of: /<[^>]*>/).map { String($0.0).replacing(/="[^"]*"/, with: "") }
    }

    @Test func textsStandWhereTheSecretIsAwaitedAndWhereItIsShown() throws {
        let brand = Self.brand {
            $0.beforeReveal = ["Before it.", "And more."]
            $0.afterReveal = ["After it."]
        }
        for (name, page) in try Sample.allPages(Sample.context(brand: brand)) {
            let isSecret = name == "secret" || name.hasPrefix("secret-")
            let before = page.body.contains("</p>\n<p dir=\"auto\">Before it.</p>\n<p dir=\"auto\">And more.</p>\n")
            #expect(before == isSecret, "\(name)")
            let template = page.body.contains(
                "<template id=\"after-reveal\">\n<p dir=\"auto\">After it.</p>\n</template>")
            #expect(template == (isSecret || name == "gone"), "\(name)")
            let shown = page.body.contains("</p>\n<p dir=\"auto\">After it.</p>\n<section")
            #expect(shown == (name == "revealed"), "\(name)")
        }
    }

    @Test func linksAreAtTheFootOfEveryPageAndTellNothing() throws {
        let brand = Self.brand { $0.footerLinks = [Brand.Link(label: "Terms", address: "https://acme.example/?a&b")] }
        for (name, page) in try Sample.allPages(Sample.context(brand: brand)) {
            let link = "<a rel=\"noopener noreferrer\" dir=\"auto\" href=\"https://acme.example/?a&amp;b\">Terms</a>"
            #expect(page.body.contains("<ul class=\"links\">\n<li>\(link)</li>\n</ul>\n</footer>"), "\(name)")
        }
    }

    @Test func aLogoIsInTheHeaderAndInTheTabAndIsOneFile() throws {
        let brand = Self.brand { $0.logo = BrandPicture(Self.png) }
        let page = try render { Page.gone(&$0, Sample.context(brand: brand)) }
        let logo = try #require(brand.logoLocation)
        #expect(logo.hasPrefix("/brand/") && logo.hasSuffix("/logo"))
        #expect(page.body.contains("<link rel=\"icon\" type=\"image/png\" href=\"\(logo)\">"))
        #expect(page.body.contains("href=\"/\"><img alt=\"\" src=\"\(logo)\">\n<span>"))
        #expect(!page.body.contains("<svg"))
        let file = try picture(brand, .logo, digest: digest(of: logo))
        #expect(file?.field("Content-Type") == "image/png")
    }

    @Test func aFaviconIsAnotherFile() throws {
        let brand = Self.brand {
            $0.logo = BrandPicture(Self.png)
            $0.favicon = BrandPicture(Self.svg)
        }
        #expect(brand.iconLocation.hasSuffix("/icon"))
        #expect(brand.iconType == "image/svg+xml")
        #expect(brand.logoLocation?.hasSuffix("/logo") == true)
    }

    @Test func aPictureMayBeKeptForAYearAndHasNoRights() throws {
        let brand = Self.brand { $0.logo = BrandPicture(Self.svg) }
        let location = try #require(brand.logoLocation)
        let file = try #require(try picture(brand, .logo, digest: digest(of: location)))
        #expect(file.status == 200)
        #expect(file.field("Content-Type") == "image/svg+xml")
        #expect(file.field("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(file.field("Content-Security-Policy") == "default-src 'none'; sandbox")
        #expect(file.field("X-Content-Type-Options") == "nosniff")
        #expect(file.field("Cross-Origin-Resource-Policy") == "same-origin")
        #expect(Array(file.body.utf8) == Self.svg)
        #expect(try picture(brand, .logo, digest: Array("0".utf8)) == nil)
        #expect(try picture(brand, .styleSheet, digest: digest(of: location)) == nil)
        #expect(try picture(.standard, .logo, digest: Array("0".utf8)) == nil)
    }

    private func picture(_ brand: Brand, _ part: Brand.Part, digest: [UInt8]) throws -> Rendered? {
        var isThere = false
        let file = try render {
            isThere = brand.write(part, digest: digest.span, to: &$0)
            if !isThere { $0.begin(.notFound) }
        }
        return isThere ? file : nil
    }

    @Test func theStandardIconTakesTheColourThatCanBeRead() throws {
        let brand = Self.brand { $0.primaryColor = BrandColor(255, 255, 0) }
        let color = BrandPalette(BrandColor(255, 255, 0), in: .light).accent.text
        let page = try render { Page.gone(&$0, Sample.context(brand: brand)) }
        #expect(page.body.contains("<rect width=\"64\" height=\"64\" rx=\"17\" fill=\"\(color)\"/>"))
        #expect(!page.body.contains("#0f6b5c"))
        #expect(page.body.contains("href=\"\(brand.iconLocation)\""))
        #expect(brand.iconLocation.hasPrefix("/brand/"))
    }

    /// What a browser unpacks, unpacked by gzip itself, which checks the sum and the count.
    @Test func coloursStandBeforeTheStyleSheetInOneFile() throws {
        let color = BrandColor(0x12, 0x34, 0x56)
        let colors = BrandStyle.colors(of: color)
        let file = BrandStyle.gzip(Array(colors.utf8), before: Asset.styleSheet.bytes)
        let sheet = Asset.styleSheet.bytes
        #expect(try unpacked(file) == colors + unpacked(sheet.indices.map { sheet[$0] }))
        #expect(colors.contains("html:root{--accent:#123456;"))
        #expect(!colors.contains("<"))
    }

    private func unpacked(_ bytes: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "onetime-\(UUID().uuidString).gz")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let (gzip, pipe) = (Process(), Pipe())
        gzip.executableURL = URL(filePath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc", file.path]
        gzip.standardOutput = pipe
        try gzip.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        gzip.waitUntilExit()
        try #require(gzip.terminationStatus == 0)
        return text
    }

    @Test func theLargestBrandLeavesTheLargestPartOfASecretItsRoom() throws {
        let file = """
            product-name = \(String(repeating: "&", count: 100))
            primary-color = #ffff00
            after-reveal = \(String(repeating: "&", count: 1000))
            """
        let brand = Brand(try BrandFile(parsing: Array(file.utf8)).sections[0].description)
        #expect(brand.revealedByteCount > 7168 && brand.revealedByteCount <= Brand.revealedByteLimit)
        let content = [UInt8](repeating: UInt8(ascii: "&"), count: 8192 + 16)
        for words in Words.all {
            let sizes = try [Brand.standard, brand].map { brand in
                // `render` expects that nothing overflowed.
                try render {
                    let context = PageContext(
                        words: words, brand: brand, formToken: "proof", isSecure: false, isLanguageChosen: true,
                        offersLanguages: false)
                    Page.revealedStart(&$0, context, byteCount: content.count)
                    $0.append(htmlText: content.span)
                    Page.revealedEnd(&$0, context)
                }.raw.utf8.count
            }
            #expect(sizes[1] - sizes[0] <= brand.revealedByteCount, "\(words.tag)")
            #expect(sizes[0] - content.count * 5 <= 14 * 1024, "\(words.tag)")
            #expect(sizes[1] <= 64 * 1024, "\(words.tag)")
        }
    }

    @Test func aPictureIsToldByItsBytes() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
        let accepted: [(String, BrandPicture.Kind)] = [
            (svg.replacing("<svg ", with: "<svg\n"), .svg),
            ("\u{FEFF}<?xml version=\"1.0\"?>\n<!-- <svg> -->\n\(svg)", .svg),
            ("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\">\(svg)", .svg), ("GIF89a...", .gif),
            ("GIF87a...", .gif),
            ("RIFF....WEBPVP8 ...", .webp),
        ]
        for (text, kind) in accepted { #expect(BrandPicture(Array(text.utf8))?.kind == kind, "\(text)") }
        #expect(BrandPicture(Self.png)?.kind == .png)
        #expect(BrandPicture([0xFF, 0xD8, 0xFF, 0xE0])?.kind == .jpeg)
        let refused = [
            "", "<svg", "<svg>", "<html>\(svg)", "x\(svg)", "<!DOCTYPE svg [<!ENTITY a \"b\">]>\(svg)", "<!-- \(svg)",
            "GIF88a",
            "RIFF....WAVEfmt", "\u{89}PNG", "%PDF-1.7", "<svgx xmlns='http://www.w3.org/2000/svg'/>", "<?xml \(svg)",
            "<!x>\(svg)",
        ]
        for text in refused { #expect(BrandPicture(Array(text.utf8)) == nil, "\(text)") }
        #expect(BrandPicture(Array(svg.utf8) + [0xFF]) == nil)
        #expect(BrandPicture(Self.png + [UInt8](repeating: 0, count: 64 * 1024 - Self.png.count)) != nil)
        #expect(BrandPicture(Self.png + [UInt8](repeating: 0, count: 64 * 1024 - Self.png.count + 1)) == nil)
    }

    @Test func theGonePageOfABrandIsOneAnswer() throws {
        let brand = Self.everything("Acme")
        let one = try render { Page.gone(&$0, Sample.context(brand: brand, formToken: "one", isSecure: true)) }
        let other = try render { Page.gone(&$0, Sample.context(brand: brand, formToken: "two", isSecure: false)) }
        #expect(one == other)
    }
}
