// Reads short texts of rules, byte by byte.

/// A place in a text, from which what comes next is taken.
struct TextScanner: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var index: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from index: Int = 0) {
        self.bytes = bytes
        self.index = index
    }

    var isAtEnd: Bool { index >= bytes.count }

    /// The next byte, which stays; 0 at the end.
    var next: UInt8 { index < bytes.count ? bytes[index] : 0 }

    /// Whether the next byte is a digit.
    var isAtDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) }

    /// Takes the next byte if it is this one.
    @_lifetime(self: copy self)
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, UInt32(next) == character.value else { return false }
        index += 1
        return true
    }

    /// Takes the next byte; 0 at the end.
    @_lifetime(self: copy self)
    mutating func take() -> UInt8 {
        let byte = next
        index += 1
        return byte
    }

    /// Takes digits, at least one; nil if there is none, or the number is larger than may be.
    @_lifetime(self: copy self)
    mutating func integer(upTo limit: Int) -> Int? {
        guard isAtDigit else { return nil }
        var number = 0
        while isAtDigit {
            number = number * 10 + Int(take() - UInt8(ascii: "0"))
            guard number <= limit else { return nil }
        }
        return number
    }

    /// Takes so many digits, no more and no fewer.
    @_lifetime(self: copy self)
    mutating func digits(_ count: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<count {
            guard isAtDigit else { return nil }
            number = number * 10 + Int64(take() - UInt8(ascii: "0"))
        }
        return isAtDigit ? nil : number
    }
}
