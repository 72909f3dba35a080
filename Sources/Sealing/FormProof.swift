// How a form that acts with an API key is known to come from a page that the key's bearer was given.
public import SecureMemory

/// Makes the proof that the forms of a key's bearer carry: browsers show a key that they keep to the server whichever page has a form
/// sent, so the key alone does not say that its bearer meant it.
///
/// The proof is HMAC-SHA-256 of a label and the key's id under a random key that lies in protected memory and ends with the maker. So
/// each API key has its own, which nobody can work out who was not given it, and one that was rotated or revoked leaves none behind.
public struct FormProof: ~Copyable, Sendable {
    private static let label: StaticString = "onetime-lite form of key "

    private let key: SecureBytes

    /// A maker with a key of its own.
    public init(arena: SecureArena) throws(SealingError) {
        key = try Randomness.key(in: arena)
    }

    /// The proof for the API key with an id, 64 hexadecimal digits. A String, as it opens nothing: without the API key itself it is
    /// worth no more than the field that everybody gets.
    public func text(for id: Span<UInt8>) throws(SealingError) -> String {
        var message: [UInt8] = []
        // A StaticString shows its bytes by a pointer that lives as long as the program.
        for index in 0..<Self.label.utf8CodeUnitCount { unsafe message.append(Self.label.utf8Start[index]) }
        for index in id.indices { message.append(id[index]) }
        let code = try MessageAuthentication.code(of: message.span, key: key.span)
        var digits: [UInt8] = []
        for index in code.indices {
            for digit in [code[index] >> 4, code[index] & 15] {
                digits.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
