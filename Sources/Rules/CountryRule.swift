// Which countries may do something, and how countries are called.
public import Kernel

/// A country by the two capital letters of ISO 3166-1.
public struct CountryCode: BitwiseCopyable, Equatable, Sendable {
    /// The first letter.
    public let first: UInt8
    /// The second letter.
    public let second: UInt8

    /// Reads two ASCII letters, in either case; nil for anything else, and for `XX`, which says that nobody knows.
    public init?(_ text: Span<UInt8>) {
        guard text.count == 2 else { return nil }
        (first, second) = (text[0] & 0xdf, text[1] & 0xdf)
        let letters: ClosedRange<UInt8> = 0x41...0x5a
        guard letters.contains(first), letters.contains(second), first != 0x58 || second != 0x58 else { return nil }
    }
}

extension CountryCode {
    /// Whether it is one of ISO 3166-1 (as of 2025), or one of those that databases have besides: `XK` for Kosovo, `EU` and `AP` for no
    /// one country of Europe or Asia. A rule about any other, such as `UK` for `GB`, would be none.
    public var isAssigned: Bool { Self.assigned[Int(first - 0x41)] >> UInt32(second - 0x41) & 1 == 1 }

    /// For each first letter a bit for each second one.
    private static let assigned: [26 of UInt32] = [
        0x2df_d978, 0x36f_7bfb, 0x3f2_7ded, 0x200_5610, 0x01e_00d4, 0x002_5700, 0x15f_b9fb, 0x01a_3400, 0x00f_7818,
        0x000_d010, 0x342_b1d0, 0x13e_0507, 0x3ff_fcfd, 0x212_c975, 0x000_1000, 0x14e_3cf1, 0x000_0001, 0x054_4010,
        0x3ae_7fdf, 0x26a_7eec, 0x304_1041, 0x010_2155, 0x004_0020, 0x000_0400, 0x008_0010, 0x040_1001,
    ]
}

extension CountryCode: CustomStringConvertible {
    /// The two letters.
    public var description: String { String(decoding: [first, second], as: UTF8.self) }
}

/// Countries that are allowed, and countries that are denied. Denial is stronger; an empty list of allowed ones allows all, but who
/// comes from no known country is in no list.
public struct CountryRule: Equatable, Sendable {
    /// How many countries a list may have: more than there are.
    public static var maximumCountries: Int { 300 }

    /// The countries that may; empty for all, known or not.
    public var allowed: [CountryCode]
    /// The countries that may not, even where they are among those that may.
    public var denied: [CountryCode]

    /// A rule; without lists it lets everybody do everything.
    public init(allowed: [CountryCode] = [], denied: [CountryCode] = []) {
        self.allowed = allowed
        self.denied = denied
    }

    /// Whether there is no rule at all.
    public var isEmpty: Bool { allowed.isEmpty && denied.isEmpty }

    /// Whether a country may; nil is one that is not known, and may unless some are allowed and others so are not.
    public func permits(_ country: CountryCode?) -> Bool {
        guard let country else { return allowed.isEmpty }
        if denied.contains(country) { return false }
        return allowed.isEmpty || allowed.contains(country)
    }

    /// Whether there is a country, or one that is not known, that both this rule and another one permit.
    public func meets(_ other: CountryRule) -> Bool {
        if permits(nil), other.permits(nil) { return true }
        return (allowed + other.allowed).contains { permits($0) && other.permits($0) }
    }
}

extension [CountryCode] {
    /// Reads country codes with commas or blanks between them; an empty text is an empty list.
    ///
    /// - Throws: what is no code, or that there are more than ``CountryRule/maximumCountries``.
    public init(countries text: Span<UInt8>) throws(ListFault) {
        self = []
        var words = ListWords()
        while let word = words.next(text) {
            let bytes = text.extracting(word)
            guard let code = CountryCode(bytes), code.isAssigned else {
                throw ListFault(text: "'\(ListWords.text(bytes))' is no country code of ISO 3166-1, such as GB")
            }
            guard count < CountryRule.maximumCountries else {
                throw ListFault(text: "there are more than \(CountryRule.maximumCountries)")
            }
            append(code)
        }
    }
}
