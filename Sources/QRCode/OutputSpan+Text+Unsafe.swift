// Literals and numbers as bytes.

extension OutputSpan<UInt8> {
    /// Appends the bytes of a literal. Stops the process if they do not fit.
    @_lifetime(self: copy self)
    mutating func append(literal: StaticString) {
        // Unsafe: a literal's bytes live as long as the process, and it says how many they are.
        let bytes = unsafe Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount)
        for index in bytes.indices { append(bytes[index]) }
    }

    /// Appends a number from 0 to 99 in decimal digits.
    @_lifetime(self: copy self)
    mutating func append(decimal number: Int) {
        let digit = UInt8(ascii: "0")
        if number >= 10 { append(digit + UInt8(number / 10)) }
        append(digit + UInt8(number % 10))
    }
}
