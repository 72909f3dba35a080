// Files beside the pages.
import HTTPServer
import Pages
import Testing

@Suite struct AssetTests {
    @Test func filesMayBeKeptForAYearAndAreNamedByTheirBytes() throws {
        let page = try render { Page.gone(&$0, Sample.context()) }
        #expect(page.body.firstRange(of: /href="\/assets\/[0-9a-z]{8,13}\/style\.css"/) != nil)
        #expect(page.body.firstRange(of: /href="\/assets\/[0-9a-z]{8,13}\/icon\.svg"/) != nil)
        #expect(page.body.firstRange(of: /src="\/assets\/[0-9a-z]{8,13}\/reveal\.js"/) != nil)
        let script = "text/javascript; charset=utf-8"
        for (asset, type, isCompressed) in [
            (Asset.styleSheet, "text/css; charset=utf-8", true), (.icon, "image/svg+xml", false), (.page, script, true),
            (.seal, script, true), (.receipt, script, true), (.reveal, script, true),
            (.qr, script, true), (.make, script, true),
        ] {
            let file = try render { asset.write(to: &$0) }
            #expect(file.status == 200)
            #expect(file.field("Content-Type") == type)
            #expect(file.field("Content-Encoding") == (isCompressed ? "gzip" : nil))
            #expect(file.field("Cache-Control") == "public, max-age=31536000, immutable")
            #expect(file.field("X-Content-Type-Options") == "nosniff")
        }
    }

    @Test func robotsStayOut() throws {
        let file = try render { Asset.robots.write(to: &$0) }
        #expect(file.field("Content-Type") == "text/plain; charset=utf-8")
        #expect(file.body == "User-agent: *\nDisallow: /\n")
    }
}
