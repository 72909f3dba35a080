// The text of an API key: how it is made, told from others, and hashed.
public import SecureMemory

/// `otl_` id `_` secret check: 62 characters.
///
/// The id (8 of `[0-9a-z]`) is no secret: the server finds the key by it, so one comparison suffices. The secret (43 of
/// `[0-9A-Za-z]`, uniform and independent) has 256 bits. The check is the CRC-32 (IEEE 802.3) of all characters before it as six
/// digits of base 62 (0-9 A-Z a-z), so that a mistyped key, or one that a scanner found somewhere, is known without asking a
/// server.
///
/// The server keeps SHA-256 of the text. A slow hash or a salt would protect what people think up; nobody tries 2^256 keys.
public enum KeyText {
    /// The number of characters.
    public static let size = 62
    /// Where the id is.
    private static let idRange = 4..<12
    private static let checkStart = 56
    private static let prefix: StaticString = "otl_"
    private static let idAlphabet: StaticString = "0123456789abcdefghijklmnopqrstuvwxyz"
    private static let alphabet: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    /// Appends a new key.
    public static func generate(into output: inout SecureBytes, suite: CipherSuite) throws(SealingError) {
        guard output.isEmpty, output.freeCapacity >= size else { throw .arenaFull }
        try suite.reserve.prepare()
        for byte: UInt8 in [0x6f, 0x74, 0x6c, 0x5f] { output.append(byte) }
        try suite.reserve.append(idRange.count, from: idAlphabet, to: &output)
        output.append(UInt8(ascii: "_"))
        try suite.reserve.append(checkStart - idRange.upperBound - 1, from: alphabet, to: &output)
        var check = check(output.span)
        for _ in checkStart..<size { output.append(0x30) }
        var characters = output.mutableSpan
        for index in (checkStart..<size).reversed() {
            characters[index] = unsafe alphabet.utf8Start[Int(check % 62)]
            check /= 62
        }
    }

    /// Whether bytes have the form of a key, with the check that belongs to it.
    public static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == size, bytes[idRange.upperBound] == UInt8(ascii: "_") else { return false }
        for index in 0..<4 where unsafe bytes[index] != prefix.utf8Start[index] { return false }
        var claimed: UInt64 = 0
        for index in idRange.upperBound + 1..<size {
            let digit: UInt8
            switch bytes[index] {
            case 0x30...0x39: digit = bytes[index] - 0x30
            case 0x41...0x5a: digit = bytes[index] - 0x41 + 10
            case 0x61...0x7a: digit = bytes[index] - 0x61 + 36
            default: return false
            }
            if index >= checkStart { claimed = claimed * 62 + UInt64(digit) }
        }
        return claimed == UInt64(check(bytes.extracting(0..<checkStart)))
    }

    /// The characters of a well-formed key by which it is found.
    @_lifetime(copy key)
    public static func id(of key: Span<UInt8>) -> Span<UInt8> { key.extracting(idRange) }

    /// CRC-32, bit by bit: no table and no branch, whose traces would tell of the key.
    private static func check(_ bytes: Span<UInt8>) -> UInt32 {
        var register = UInt32.max
        for index in bytes.indices {
            register ^= UInt32(bytes[index])
            for _ in 0..<8 { register = register >> 1 ^ (0xedb8_8320 & (0 &- (register & 1))) }
        }
        return ~register
    }
}

extension CipherSuite {
    /// What the server keeps of a key: SHA-256 of its text.
    public func keyHash(of key: Span<UInt8>) throws(SealingError) -> [32 of UInt8] {
        var digest: [32 of UInt8] = .init(repeating: 0)
        try hash("", key, into: &digest)
        return digest
    }

    /// The id of a creation link, one-way from the token in it.
    public func creationLinkID(of token: Span<UInt8>) throws(SealingError) -> RecordID {
        try identifier("onetime-lite new link id ", token)
    }
}
