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
            guard let code = CountryCode(bytes) else {
                throw ListFault(text: "'\(ListWords.text(bytes))' is no country code of two letters")
            }
            guard count < CountryRule.maximumCountries else {
                throw ListFault(text: "there are more than \(CountryRule.maximumCountries)")
            }
            append(code)
        }
    }
}
