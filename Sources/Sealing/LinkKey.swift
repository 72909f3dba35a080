// The key that stands behind the # of a link, and what a passphrase adds to it. README.md ("Sealed end to end") has the format.
internal import COpenSSL
public import SecureMemory

/// The key of an envelope: 32 random bytes that only the link carries, as 43 characters of base64url and 2 that check them.
///
/// The check is the first 12 bits of HKDF(key, "", "onetime-lite link check"): a link that was cut never fits, one with a wrong
/// character once in 4096 times. So it is refused before a secret is used up that it could not open.
public enum LinkKey {
    /// The size in bytes.
    public static let size = 32
    /// The number of characters in a link.
    public static let textSize = keyTextSize + checkSize

    private static let keyTextSize = Base64URL.encodedCount(size)
    private static let checkSize = 2

    /// Appends a new key.
    public static func generate(into output: inout SecureBytes) throws(SealingError) {
        try Randomness.append(size, to: &output)
    }

    /// Appends a key's characters, check and all.
    public static func write(
        _ key: Span<UInt8>, into output: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) {
        precondition(key.count == size)
        guard output.freeCapacity >= textSize else { throw .arenaFull }
        let check = try check(of: key, arena: arena)
        try Base64URL.encode(key, into: &output)
        output.append(check.span)
    }

    /// Appends the key that characters stand for, or nothing and throws `malformedKey`: when they are not 45 of the alphabet,
    /// their spare bits are not zero, or the check is not that of the key.
    public static func read(
        _ text: Span<UInt8>, into output: inout SecureBytes, arena: SecureArena
    ) throws(EnvelopeError) {
        let isWellFormed: Bool
        do throws(SealingError) {
            isWellFormed = try decode(text, into: &output, arena: arena)
        } catch {
            throw EnvelopeError(error)
        }
        guard isWellFormed else { throw .malformedKey }
    }

    private static func decode(
        _ text: Span<UInt8>, into output: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) -> Bool {
        guard var key = arena.allocate(size) else { throw .arenaFull }
        guard text.count == textSize, try Base64URL.decode(text.extracting(first: keyTextSize), into: &key) else {
            return false
        }
        let check = try check(of: key.span, arena: arena)
        let (expected, given) = (check.span, text.extracting(last: checkSize))
        // All are compared: the check tells 12 bits of what comes from the key.
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ given[index] }
        guard difference == 0 else { return false }
        guard output.freeCapacity >= size else { throw .arenaFull }
        output.append(key.span)
        return true
    }

    private static func check(of key: Span<UInt8>, arena: SecureArena) throws(SealingError) -> SecureBytes {
        guard var derived = arena.allocate(HKDF.size), var characters = arena.allocate(Base64URL.encodedCount(2)) else {
            throw .arenaFull
        }
        try HKDF.derive(from: key, salt: Span(), info: "onetime-lite link check", into: &derived)
        try Base64URL.encode(derived.span.extracting(first: 2), into: &characters)
        characters.truncate(to: checkSize)
        return characters
    }
}

/// What a passphrase becomes for an envelope: a second half of its key, and a proof for the server.
///
/// The salt comes from the link key, so the proof can be made before there is an envelope, and the server, which lacks that
/// key, has nothing to guess against.
public enum EnvelopePassphrase {
    /// The size of a stretched passphrase in bytes.
    public static let stretchedSize = 32
    /// The number of characters of a proof.
    public static let proofSize = Base64URL.encodedCount(32)

    private static let iterations: Int32 = 600_000

    /// Appends the stretched passphrase, 32 bytes: PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2), 600 000 iterations.
    ///
    /// Slow by intention, about 0.2 s. Any thread may call it.
    /// - Parameter passphrase: UTF-8 in Normalization Form C (UAX #15), which the caller sees to: these bytes never become text
    ///   here, and another spelling of the same letters is another passphrase.
    public static func stretch(
        _ passphrase: Span<UInt8>, linkKey: Span<UInt8>, into output: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) {
        guard output.freeCapacity >= stretchedSize, var salt = arena.allocate(HKDF.size) else { throw .arenaFull }
        try HKDF.derive(from: linkKey, salt: Span(), info: "onetime-lite passphrase salt", into: &salt)
        let saltBytes = salt.span
        var room = output.freeSpan
        let result = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe passphrase.bytes.withUnsafeBytes { phrase in
                unsafe saltBytes.withUnsafeBufferPointer { salt in
                    unsafe PKCS5_PBKDF2_HMAC(
                        phrase.bindMemory(to: CChar.self).baseAddress, Int32(phrase.count), salt.baseAddress,
                        Int32(salt.count), iterations, EVP_sha256(), Int32(stretchedSize), target.baseAddress)
                }
            }
        }
        output.commit(stretchedSize)
        guard result == 1 else { throw .libraryFailure }
    }

    /// Appends the proof, 43 characters: what the server takes for a passphrase. Nothing leads back from it.
    public static func prove(
        _ stretched: Span<UInt8>, into output: inout SecureBytes, arena: SecureArena
    ) throws(SealingError) {
        precondition(stretched.count == stretchedSize)
        guard var proof = arena.allocate(HKDF.size) else { throw .arenaFull }
        try HKDF.derive(from: stretched, salt: Span(), info: "onetime-lite passphrase proof", into: &proof)
        try Base64URL.encode(proof.span, into: &output)
    }
}

/// HKDF-SHA-256 (RFC 5869) to 32 bytes.
enum HKDF {
    /// The number of bytes that are derived.
    static let size = 32

    /// Appends the derived key.
    static func derive(
        from key: Span<UInt8>, salt: Span<UInt8>, info: StaticString, into output: inout SecureBytes
    ) throws(SealingError) {
        guard output.freeCapacity >= size else { throw .arenaFull }
        var room = output.freeSpan
        let result = unsafe room.withUnsafeMutableBufferPointer { target in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe salt.withUnsafeBufferPointer { salt in
                    unsafe onetime_hkdf(
                        key.baseAddress, key.count, salt.baseAddress, salt.count, info.utf8Start,
                        info.utf8CodeUnitCount,
                        target.baseAddress, size)
                }
            }
        }
        output.commit(size)
        guard result == 1 else { throw .libraryFailure }
    }
}
