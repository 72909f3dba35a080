// Any colour can be read: contrasts against the grounds that the style sheet has.
import Foundation
import Testing

@testable import Pages

@Suite struct BrandColorTests {
    /// The style sheet's colours, by theme and name.
    private static func styleSheet() throws -> (light: [String: BrandColor], dark: [String: BrandColor]) {
        let here = URL(filePath: #filePath)
        let file = here.deletingLastPathComponent().appending(path: "../../Sources/Pages/Assets/style.css")
        let roots = try String(contentsOf: file, encoding: .utf8).matches(of: /:root \{([^}]*--ground[^}]*)\}/).map {
            root in
            var colors: [String: BrandColor] = [:]
            for line in root.1.matches(of: /--([a-z-]+): (#[0-9a-f]+);/) {
                let digits = line.2.dropFirst()
                let text = digits.count == 3 ? "#" + digits.map { "\($0)\($0)" }.joined() : String(line.2)
                colors[String(line.1)] = BrandColor(text)
            }
            return colors
        }
        try #require(roots.count == 2)
        return (roots[0], roots[1])
    }

    private static var grid: [BrandColor] {
        let steps = (0...8).map { UInt8(min($0 * 32, 255)) }
        return steps.flatMap { red in steps.flatMap { green in steps.map { BrandColor(red, green, $0) } } }
    }

    @Test func whateverColourIsChosenAllTextCanBeReadInBothThemes() throws {
        let sheet = try Self.styleSheet()
        for (colors, theme) in [(sheet.light, BrandPalette.Theme.light), (sheet.dark, .dark)] {
            let grounds = try ["ground", "surface", "well"].map { try #require(colors[$0]) }
            let (ink, quiet) = (try #require(colors["ink"]), try #require(colors["quiet"]))
            for primary in Self.grid {
                let palette = BrandPalette(primary, in: theme)
                for ground in grounds + [palette.soft] {
                    #expect(palette.accent.contrast(with: ground) >= 4.5, "\(primary.text) in \(palette)")
                    #expect(palette.accentStrong.contrast(with: ground) >= 4.5, "\(primary.text) in \(palette)")
                }
                #expect(palette.onAccent.contrast(with: palette.accent) >= 4.5, "\(primary.text) in \(palette)")
                #expect(palette.onAccent.contrast(with: palette.accentStrong) >= 4.5, "\(primary.text) in \(palette)")
                #expect(ink.contrast(with: palette.soft) >= 4.5, "\(primary.text) in \(palette)")
                #expect(quiet.contrast(with: palette.soft) >= 4.5, "\(primary.text) in \(palette)")
                #expect(palette.accent != palette.accentStrong, "\(primary.text) in \(palette)")
            }
        }
    }

    @Test func theGroundsAreThoseOfTheStyleSheet() throws {
        let sheet = try Self.styleSheet()
        for (colors, theme) in [(sheet.light, BrandPalette.Theme.light), (sheet.dark, .dark)] {
            #expect(colors["ground"] == theme.ground)
            #expect(colors["surface"] == theme.surface)
            #expect(colors["well"] == theme.well)
        }
    }

    @Test func aColourThatCanBeReadStaysAsItIs() {
        #expect(BrandPalette(BrandColor(0x0F, 0x6B, 0x5C), in: .light).accent.text == "#0f6b5c")
        #expect(BrandPalette(BrandColor(0x6F, 0xD0, 0xBB), in: .dark).accent.text == "#6fd0bb")
        #expect(BrandPalette(BrandColor(255, 255, 0), in: .light).accent.text != "#ffff00")
        #expect(BrandPalette(BrandColor(0, 0, 255), in: .dark).accent.text != "#0000ff")
    }

    /// Figures of the table in WCAG's technique G18, and of the definition itself.
    @Test func contrastIsThatOfTheGuidelines() {
        #expect(BrandColor.black.contrast(with: .white) == 21)
        #expect(abs(BrandColor(0x77, 0x77, 0x77).contrast(with: .white) - 4.478) < 0.001)
        #expect(abs(BrandColor(0x76, 0x76, 0x76).contrast(with: .white) - 4.542) < 0.001)
        #expect(abs(BrandColor(255, 0, 0).luminance - 0.2126) < 1e-9)
        for channel in UInt8.min...UInt8.max {
            let value = Double(channel) / 255
            let wanted = value <= 0.040_45 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
            #expect(abs(BrandColor(channel, channel, channel).luminance - wanted) < 1e-9)
        }
    }

    @Test(arguments: [
        "", "#", "0f6b5c", "#0f6b5", "#0f6b5c0", "#0f6b5g", "red", "#０f6b5c", "# f6b5c", "#+f6b5c", "#fff",
    ])
    func whatIsNoColourIsRefused(_ text: String) {
        #expect(BrandColor(text) == nil)
    }

    @Test func coloursAreReadInEitherCase() {
        #expect(BrandColor("#0F6b5C")?.text == "#0f6b5c")
        #expect(BrandColor("#000000")?.text == "#000000")
    }
}
