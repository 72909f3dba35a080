// Where libssl keeps the content of records while it decrypts or encrypts them.
internal import CLinux
internal import COpenSSL
public import SecureMemory

/// Protected memory for TLS records.
///
/// libssl decrypts and encrypts in buffers of its own, a record at a time, and gives a buffer back, wiped, as soon as it is
/// empty. These come from protected memory for as many connections at a time as have a record under way and fit in; those of
/// others lie in the heap, and hold content only within the call that moves it.
public enum RecordMemory {
    /// How many records fit at most.
    public static let maximumCount = 64

    /// How many bytes so many records take.
    public static func byteCount(records: Int) -> Int { records * onetime_record_block_size() }

    /// Has OpenSSL take the memory of TLS records from a region. Has to come before any other use of OpenSSL in the process, and
    /// only once.
    ///
    /// - Returns: false when OpenSSL was in use already; then records lie in the heap.
    public static func use(_ region: LockedRegion) -> Bool {
        unsafe region.withBytes { unsafe onetime_records_use($0.baseAddress, $0.count) }
        return unsafe CRYPTO_set_mem_functions(
            onetime_records_malloc, onetime_records_realloc, onetime_records_free) == 1
    }

    /// Has OpenSSL keep private keys in locked memory (its secure heap, 128 KiB: more than 60 keys of RSA with 4096 bits, those of
    /// certificates that open connections still use and the copy that signs included). Returns false where the system refuses.
    public static func lockPrivateKeys() -> Bool {
        CRYPTO_secure_malloc_init(131_072, 32) == 1
    }
}
