// Error correction codewords: Reed-Solomon over the field of 256 elements.

/// The divisor that makes the codewords of error correction: the product of (x - 2^i) for each i below its degree.
struct GeneratorPolynomial {
    /// From the second highest power down; the highest has the factor 1.
    private(set) var coefficients: [30 of UInt8] = .init(repeating: 0)

    /// - Parameter degree: 1 to 30.
    init(degree: Int) {
        coefficients[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                coefficients[index] = Self.multiply(coefficients[index], root)
                if index + 1 < degree { coefficients[index] ^= coefficients[index + 1] }
            }
            root = Self.multiply(root, 2)
        }
    }

    /// Multiplies modulo x^8 + x^4 + x^3 + x^2 + 1. No tables: what is multiplied is content, and a table's cache lines tell of it.
    static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var (product, rest): (UInt8, UInt8) = (0, right)
        for _ in 0..<8 {
            product = product &<< 1 ^ (0 &- product &>> 7) & 0x1D
            product ^= (0 &- rest &>> 7) & left
            rest = rest &<< 1
        }
        return product
    }
}

extension QRCode {
    /// Writes each block's codewords of error correction behind all data. They are the remainder when the block is divided.
    @_lifetime(self: copy self)
    mutating func writeErrorCorrection() {
        let count = version.correctionCount(correction)
        let generator = GeneratorPolynomial(degree: count)
        for block in 0..<version.blockCount(correction) {
            let remainder = version.moduleCount + version.dataCount(correction) + block * count
            for index in version.dataRange(ofBlock: block, correction) {
                let factor = memory[version.moduleCount + index] ^ memory[remainder]
                for place in 0..<count {
                    let next = place + 1 < count ? memory[remainder + place + 1] : 0
                    memory[remainder + place] =
                        next ^ GeneratorPolynomial.multiply(generator.coefficients[place], factor)
                }
            }
        }
    }
}
