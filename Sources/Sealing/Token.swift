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
        var reserve = try RandomReserve(RandomText.bytesNeeded(for: size), arena: arena)
        try RandomText.append(size, from: alphabet, to: &output, reserve: &reserve)
    }

    /// Appends all that is random about a new secret: its token, its receipt's token and its share, each as by a call of
    /// its own, but drawn from the generator at once, which takes a third of the time.
    public static func generate(
        secret: inout SecureBytes, receipt: inout SecureBytes, share: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) {
        guard share.freeCapacity >= ShareTable.shareSize else { throw .arenaFull }
        var reserve = try RandomReserve(
            2 * RandomText.bytesNeeded(for: size) + ShareTable.shareSize, arena: arena)
        try RandomText.append(size, from: alphabet, to: &secret, reserve: &reserve)
        try RandomText.append(size, from: alphabet, to: &receipt, reserve: &reserve)
        for _ in 0..<ShareTable.shareSize { share.append(try reserve.next()) }
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
    /// How many random bytes so many characters most likely take, some drawn again included.
    static func bytesNeeded(for count: Int) -> Int { count * 9 / 8 + 5 }

    /// Appends characters, each drawn uniformly and independently.
    static func append(
        _ count: Int, from alphabet: StaticString, to output: inout SecureBytes, reserve: inout RandomReserve
    ) throws(SealingError) {
        guard output.freeCapacity >= count else { throw .arenaFull }
        for _ in 0..<count {
            unsafe output.append(alphabet.utf8Start[try reserve.number(below: alphabet.utf8CodeUnitCount)])
        }
    }
}

/// Random bytes that are drawn at once and used up one by one, because each call of the generator has its price.
struct RandomReserve: ~Copyable {
    private var bytes: SecureBytes
    private var used = 0

    /// A reserve of so many bytes; more are drawn when they are used up.
    init(_ count: Int, arena: SecureArena) throws(SealingError) {
        guard var bytes = arena.allocate(count) else { throw .arenaFull }
        try Randomness.append(count, to: &bytes)
        self.bytes = bytes
    }

    /// The next byte; none is used twice.
    mutating func next() throws(SealingError) -> UInt8 {
        if used == bytes.count {
            bytes.wipe()
            used = 0
            try Randomness.append(min(16, bytes.capacity), to: &bytes)
        }
        used += 1
        return bytes.span[used - 1]
    }

    /// A uniform number below a bound of at most 256. Bytes that would favour some numbers are drawn again.
    mutating func number(below bound: Int) throws(SealingError) -> Int {
        precondition(bound > 0 && bound <= 256)
        // The largest multiple of the bound that a byte can count to.
        let accepted = 256 / bound * bound
        while true {
            let byte = Int(try next())
            if byte < accepted { return byte % bound }
        }
    }
}
