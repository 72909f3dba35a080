// Tokens: what stands in a link. The form that every Onetime Secret client expects.
public import SecureMemory

/// A token is 31 characters of `[0-9a-z]`, uniform and independent: 160 bits. It is the only thing that opens what was sealed
/// under it, so it lives in protected memory and is never kept.
public enum Token {
    /// The number of characters.
    public static let size = 31

    private static let alphabet: StaticString = "0123456789abcdefghijklmnopqrstuvwxyz"

    /// Appends a new token.
    public static func generate(into output: inout SecureBytes, arena: SecureArena) throws(SealingError) {
        try RandomText.append(size, from: alphabet, to: &output, arena: arena)
    }

    /// Whether bytes have the form of a token.
    public static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == size else { return false }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): continue
            default: return false
            }
        }
        return true
    }
}

/// Random text over an alphabet.
enum RandomText {
    /// Appends characters, each drawn uniformly and independently. Bytes that would favour some characters are drawn again.
    static func append(
        _ count: Int, from alphabet: StaticString, to output: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) {
        let size = alphabet.utf8CodeUnitCount
        precondition(size > 0 && size <= 256)
        guard output.freeCapacity >= count, var random = arena.allocate(SecureArena.minimumBlock) else {
            throw .arenaFull
        }
        // The largest multiple of the alphabet's size that a byte can count to.
        let accepted = 256 / size * size
        var made = 0
        while made < count {
            random.wipe()
            try Randomness.append(min(random.capacity, (count - made) * 5 / 4 + 4), to: &random)
            let bytes = random.span
            for index in bytes.indices where made < count && Int(bytes[index]) < accepted {
                unsafe output.append(alphabet.utf8Start[Int(bytes[index]) % size])
                made += 1
            }
        }
    }

    /// A uniform number below a bound of at most 256.
    static func number(below bound: Int, arena: SecureArena) throws(SealingError) -> Int {
        precondition(bound > 0 && bound <= 256)
        guard var random = arena.allocate(SecureArena.minimumBlock) else { throw .arenaFull }
        let accepted = 256 / bound * bound
        while true {
            random.wipe()
            try Randomness.append(1, to: &random)
            let byte = Int(random.span[0])
            if byte < accepted { return byte % bound }
        }
    }
}
