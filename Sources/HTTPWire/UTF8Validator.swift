// UTF-8, judged piece by piece.

/// Checks that bytes which come in pieces are well-formed UTF-8: no overlong forms, no surrogates, nothing above
/// U+10FFFF. Remembers three small numbers, and none of the content but the class of an unfinished character.
///
/// RFC 3629, section 4; Unicode, table 3-7.
public struct UTF8Validator: BitwiseCopyable, Sendable {
    private var remaining: UInt8 = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF
    private var isBroken = false

    /// A validator before the first byte.
    public init() {}

    /// True if all that came was valid and the last character is whole.
    public var isComplete: Bool { remaining == 0 && !isBroken }

    /// Looks at the next bytes.
    ///
    /// - Returns: false if they break the encoding; then it stays false. O(bytes); ASCII goes eight bytes at a time.
    public mutating func accept(_ piece: Span<UInt8>) -> Bool {
        guard !isBroken else { return false }
        var index = 0
        while index < piece.count {
            if remaining == 0 {
                index = piece.firstNonASCII(from: index)
                guard index < piece.count else { return true }
            }
            isBroken = !step(piece[index])
            guard !isBroken else { return false }
            index += 1
        }
        return true
    }

    private mutating func step(_ byte: UInt8) -> Bool {
        if remaining > 0 {
            guard byte >= lowest, byte <= highest else { return false }
            remaining -= 1
            (lowest, highest) = (0x80, 0xBF)
            return true
        }
        switch byte {
        case 0xC2...0xDF: remaining = 1
        case 0xE0: (remaining, lowest) = (2, 0xA0)
        case 0xE1...0xEC, 0xEE...0xEF: remaining = 2
        case 0xED: (remaining, highest) = (2, 0x9F)
        case 0xF0: (remaining, lowest) = (3, 0x90)
        case 0xF1...0xF3: remaining = 3
        case 0xF4: (remaining, highest) = (3, 0x8F)
        default: return byte < 0x80
        }
        return true
    }
}
