// Numbers as text, without allocation.

/// The decimal digits of an unsigned number.
public struct DecimalDigits: BitwiseCopyable, Sendable {
    private var digits: [20 of UInt8] = .init(repeating: .zero)
    private var start = 20

    /// The digits of `value`; one for 0.
    public init(_ value: UInt64) {
        // From the last one on, because division by a constant is a multiplication.
        var rest = value
        repeat {
            start -= 1
            digits[start] = .zero + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// The digits, from 1 to 20 of them.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { digits.span.extracting(droppingFirst: start) }
    }
}
