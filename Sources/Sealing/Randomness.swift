// Randomness from OpenSSL's generator for private values.
internal import COpenSSL
public import SecureMemory

/// OpenSSL's CSPRNG.
public enum Randomness {
    /// Appends so many random bytes.
    public static func append(_ count: Int, to output: inout SecureBytes) throws(SealingError) {
        guard output.freeCapacity >= count else { throw .arenaFull }
        var room = output.freeSpan
        let result = unsafe room.withUnsafeMutableBufferPointer { unsafe RAND_priv_bytes($0.baseAddress, Int32(count)) }
        output.commit(count)
        guard result == 1 else { throw .libraryFailure }
    }

    /// A key for use within this process, of ``CipherSuite/keySize`` bytes.
    static func key(in arena: SecureArena) throws(SealingError) -> SecureBytes {
        guard var key = arena.allocate(CipherSuite.keySize) else { throw .arenaFull }
        try append(CipherSuite.keySize, to: &key)
        return key
    }

    /// A random number for purposes that need no secrecy, such as telling one run of the program from another.
    public static func number() throws(SealingError) -> UInt64 {
        var number: UInt64 = 0
        let result = unsafe withUnsafeMutableBytes(of: &number) { raw in
            unsafe RAND_bytes(raw.bindMemory(to: UInt8.self).baseAddress, Int32(raw.count))
        }
        guard result == 1 else { throw .libraryFailure }
        return number
    }
}
