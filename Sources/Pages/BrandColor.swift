// Colours of a brand: how light they are, and what one colour becomes so that it can be read in either theme.

/// A colour in sRGB, 8 bits each.
public struct BrandColor: Equatable, Sendable {
    let red: UInt8
    let green: UInt8
    let blue: UInt8

    static let black = BrandColor(0, 0, 0)
    static let white = BrandColor(255, 255, 255)

    init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// A colour as `#rrggbb`, in hexadecimal digits of either case; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[0] == UInt8(ascii: "#") else { return nil }
        var number = 0
        for byte in bytes.dropFirst() {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | digit
        }
        self.init(UInt8(number >> 16), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF))
    }

    /// The colour as `#rrggbb`.
    public var text: String {
        let digits = String(Int(red) << 16 | Int(green) << 8 | Int(blue) | 1 << 24, radix: 16)
        return "#" + digits.dropFirst()
    }

    /// How light it is, from 0 for black to 1 for white: the relative luminance of WCAG 2.2.
    var luminance: Double {
        0.2126 * Self.linear(red) + 0.7152 * Self.linear(green) + 0.0722 * Self.linear(blue)
    }

    /// The contrast of WCAG 2.2 between two colours, from 1 to 21.
    func contrast(with other: BrandColor) -> Double {
        let (one, two) = (luminance, other.luminance)
        return (max(one, two) + 0.05) / (min(one, two) + 0.05)
    }

    /// This colour with a share of another one in it, in 256ths. Towards black or white the hue stays, and light or dark it gets
    /// in steps that never turn back.
    func mixed(with other: BrandColor, share: Int) -> BrandColor {
        func mix(_ one: UInt8, _ two: UInt8) -> UInt8 { UInt8((Int(one) * (256 - share) + Int(two) * share) / 256) }
        return BrandColor(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
    }

    /// This colour, or the nearest one on the way to `end` that can be read on all grounds; `end` itself has to be.
    func readable(on grounds: [BrandColor], towards end: BrandColor) -> BrandColor {
        for share in 0..<256 {
            let color = mixed(with: end, share: share)
            if grounds.allSatisfy({ color.contrast(with: $0) >= Self.textContrast }) { return color }
        }
        return end
    }

    /// What text needs (WCAG 2.2, success criterion 1.4.3); more than the 3 that borders need.
    static let textContrast = 4.5

    /// The light of one channel, from 0 to 1. x^2.4 is x^2 times the fifth root of x^2, which Newton's method finds from above.
    private static func linear(_ channel: UInt8) -> Double {
        let value = Double(channel) / 255
        guard value > 0.040_45 else { return value / 12.92 }
        let base = (value + 0.055) / 1.055
        let square = base * base
        var root = 1.0
        while true {
            let next = (4 * root + square / (root * root * root * root)) / 5
            if root - next < 1e-13 { return square * next }
            root = next
        }
    }
}

/// What the style sheet's colours become for a brand, in one theme.
struct BrandPalette: Equatable {
    let accent: BrandColor
    let accentStrong: BrandColor
    let onAccent: BrandColor
    let soft: BrandColor

    /// What colours stand on; the style sheet has the same, as `--ground`, `--well` and `--surface`.
    struct Theme {
        let ground: BrandColor
        let well: BrandColor
        let surface: BrandColor
        let isDark: Bool

        static let light = Theme(
            ground: BrandColor(0xF6, 0xF5, 0xF1), well: BrandColor(0xFA, 0xF9, 0xF6), surface: .white, isDark: false)
        static let dark = Theme(
            ground: BrandColor(0x13, 0x16, 0x15), well: BrandColor(0x15, 0x19, 0x18),
            surface: BrandColor(0x1C, 0x20, 0x1F), isDark: true)
    }

    /// Any colour will do: it is made darker in the light theme, and lighter in the dark one, for as long as it can't be read.
    init(_ primary: BrandColor, in theme: Theme) {
        let (near, far) = theme.isDark ? (BrandColor.black, BrandColor.white) : (.white, .black)
        soft = theme.surface.mixed(with: primary, share: theme.isDark ? 32 : 26)
        accent = primary.readable(on: [theme.ground, theme.well, theme.surface, soft], towards: far)
        // What the pointer is on differs, also where black or white leaves no way on.
        let isAtEnd = accent.contrast(with: far) < 1.25
        accentStrong = accent.mixed(with: isAtEnd ? near : far, share: isAtEnd ? 48 : 72)
        // Nearer to black than every ground, or as white as the lightest one: the end can be read on both.
        onAccent = (theme.isDark ? accent.mixed(with: .black, share: 216) : .white)
            .readable(on: [accent, accentStrong], towards: near)
    }
}
