// Protected memory for a library that allocates by itself.
internal import CLinux

/// Protected memory that lives as long as the process and is wiped when it crashes or ``wipe()`` is called.
@safe
public struct LockedRegion: Sendable {
    private let mapping: SharedMapping

    /// What protects it.
    public var protection: MemoryProtection { mapping.mapping.protection }

    /// A zeroed region of at least so many bytes.
    public init(byteCount: Int, allowsSecretMemory: Bool) throws(SecureMemoryError) {
        mapping = SharedMapping(try LockedMapping(byteCount: byteCount, allowsSecretMemory: allowsSecretMemory))
    }

    /// The bytes themselves, for C code that lends them. Whoever calls this must let them go before the region does.
    public func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeMutableRawBufferPointer(start: mapping.mapping.base, count: mapping.mapping.count))
    }

    /// Zeroes all of it. For the end of the process.
    public func wipe() {
        unsafe onetime_wipe(mapping.mapping.base, mapping.mapping.count)
    }

    /// Has the kernel back every page, so that no request has to wait for it. Any thread may call it.
    public func touch() {
        mapping.mapping.touch()
    }
}
