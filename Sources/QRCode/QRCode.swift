// A text as a QR code, in memory that the caller hands in.

/// A QR code, as ISO/IEC 18004 defines it: one segment in alphanumeric mode if all of the text is of that alphabet (digits,
/// capitals, space and `$%*+-./:`), else in byte mode.
///
/// Versions 1 to 13, because a larger one with its margin does not fit a terminal of 80 columns. That is room for 425
/// bytes at ``ErrorCorrection/low`` and 331 at ``ErrorCorrection/medium``, or 619 and 483 alphanumeric characters.
///
/// A link carries a token, so nothing that tells of the text lies outside the memory handed in, but for registers and
/// single words on the stack. Whoever owns that memory wipes it afterwards, as `SecureBytes` does by itself. Nothing is
/// allocated.
///
/// Readers take the bytes of byte mode for UTF-8 if they are valid UTF-8, whatever the standard says.
public struct QRCode: ~Copyable, ~Escapable {
    /// How many bytes of memory a code needs, whatever its text.
    public static var memorySize: Int { SymbolVersion.largest.moduleCount + SymbolVersion.largest.codewordCount }

    /// Light modules around a code, which readers need: on each side as wide as four modules.
    public static var quietZone: Int { 4 }

    /// The text does not fit the largest code.
    public struct TextTooLong: Error {}

    /// The modules row by row, a byte each, and behind them the codewords.
    var memory: MutableSpan<UInt8>
    let version: SymbolVersion
    let correction: ErrorCorrection

    /// The number of modules on each side, 21 to 69, without the quiet zone.
    public var size: Int { version.size }

    /// Encodes a text in the smallest code that it fits.
    ///
    /// - Parameters:
    ///   - text: any bytes.
    ///   - correction: how much of the code may be damaged.
    ///   - memory: at least ``memorySize`` bytes, or the process stops. What they held before is of no account.
    @_lifetime(copy memory)
    public init(
        _ text: Span<UInt8>, correction: ErrorCorrection = .medium, in memory: consuming MutableSpan<UInt8>
    ) throws(TextTooLong) {
        try self.init(text, correction: correction, mask: nil, in: memory)
    }

    /// Encodes a text with a given mask, for comparison with codes from elsewhere; without one, chooses the best.
    @_lifetime(copy memory)
    init(
        _ text: Span<UInt8>, correction: ErrorCorrection, mask: Mask?, in memory: consuming MutableSpan<UInt8>
    ) throws(TextTooLong) {
        precondition(memory.count >= Self.memorySize, "less memory than a code needs")
        let segment = Segment(for: text)
        guard let version = SymbolVersion.smallest(for: segment, correction: correction) else { throw TextTooLong() }
        self.memory = memory
        self.version = version
        self.correction = correction
        for index in 0..<version.moduleCount + version.codewordCount { self.memory[index] = 0 }
        writeData(text, as: segment)
        writeErrorCorrection()
        drawPatterns()
        placeCodewords()
        let chosen = mask ?? bestMask()
        toggle(chosen)
        drawFormat(of: chosen)
    }

    /// Whether a module is dark. Outside of the code, as in the quiet zone, all is light.
    public func isDark(column: Int, row: Int) -> Bool {
        guard column >= 0, column < size, row >= 0, row < size else { return false }
        return memory[row * size + column] & Self.dark != 0
    }

    /// A module that is dark.
    static var dark: UInt8 { 1 }
    /// A module that belongs to a pattern of the symbol: it carries no data and no mask changes it.
    static var pattern: UInt8 { 2 }
}
