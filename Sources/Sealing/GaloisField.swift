// Arithmetic in GF(2^8), in which secrets are split.

/// The field of 256 elements, polynomials over two elements modulo x^8 + x^4 + x^3 + x + 1 (0x11b), as in FIPS 197, section 4.
/// Addition is exclusive or.
enum GaloisField {
    /// The product. No branch and no address depends on the factors.
    static func times(_ element: UInt8, _ factor: UInt8) -> UInt8 {
        var product: UInt8 = 0
        var multiple = element
        var rest = factor
        // As many steps for all factors: one doubling of the element for each bit.
        var step = 0
        while step < 8 {
            product ^= multiple & (0 &- (rest & 1))
            multiple = multiple << 1 ^ (multiple >> 7) &* 0x1B
            rest >>= 1
            step += 1
        }
        return product
    }

    /// The element that gives 1 with this one, which is not 0: its 254th power.
    static func inverse(_ element: UInt8) -> UInt8 {
        // 254 is 2 + 4 + 8 + ... + 128.
        var square = times(element, element)
        var inverse = square
        for _ in 0..<6 {
            square = times(square, square)
            inverse = times(inverse, square)
        }
        return inverse
    }

    /// Adds the products of all source bytes with a factor to the target's, which are as many or more.
    static func add(_ source: Span<UInt8>, times factor: UInt8, to target: inout MutableSpan<UInt8>) {
        precondition(source.count <= target.count)
        for index in source.indices { target[index] ^= times(source[index], factor) }
    }
}
