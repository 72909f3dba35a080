// Tokens: what stands in a link. The form that every Onetime Secret client expects.
public import SecureMemory

/// A token is 31 characters of `[0-9a-z]`, uniform and independent: 160 bits. It is the only thing that opens what was sealed
/// under it, so it lives in protected memory and is never kept.
public enum Token {
    /// The number of characters.
    public static let size = 31

    private static let alphabet: StaticString = "0123456789abcdefghijklmnopqrstuvwxyz"

    /// Appends a new token.
    public static func generate(into output: inout SecureBytes, suite: CipherSuite) throws(SealingError) {
        try suite.reserve.prepare()
        try suite.reserve.append(size, from: alphabet, to: &output)
    }

    /// Appends all that is random about a new secret: its token, its receipt's token and its share.
    public static func generate(
        secret: inout SecureBytes, receipt: inout SecureBytes, share: inout SecureBytes, suite: CipherSuite
    ) throws(SealingError) {
        try suite.reserve.prepare()
        try suite.reserve.append(size, from: alphabet, to: &secret)
        try suite.reserve.append(size, from: alphabet, to: &receipt)
        try suite.reserve.append(ShareTable.shareSize, to: &share)
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
