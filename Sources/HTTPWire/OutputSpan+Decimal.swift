// Numbers as text, without allocation.

/// Decimal digits of unsigned numbers.
public enum Decimal {
    /// How many digits `value` has; 1 for 0.
    public static func digitCount(of value: UInt64) -> Int {
        var (count, rest) = (1, value)
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}

extension OutputSpan<UInt8> {
    /// Appends `value` in decimal digits, at most 20. Stops the process if they don't fit.
    @_lifetime(self: copy self)
    public mutating func append(decimal value: UInt64) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(.zero + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
