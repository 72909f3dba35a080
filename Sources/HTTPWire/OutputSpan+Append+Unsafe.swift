// Appending whole runs of bytes to an output.

extension OutputSpan<UInt8> {
    /// Appends a copy of `bytes`. Stops the process if they don't fit.
    @_lifetime(self: copy self)
    public mutating func append(copying bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        guard !bytes.isEmpty else { return }
        // Unsafe: fills uninitialised memory directly; the precondition keeps the copy inside it.
        unsafe bytes.withUnsafeBytes { source in
            unsafe withUnsafeMutableBufferPointer { buffer, initializedCount in
                let free = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[initializedCount...])
                unsafe free.copyMemory(from: source)
                initializedCount += source.count
            }
        }
    }

    /// Appends the bytes of a literal. Stops the process if they don't fit.
    @_lifetime(self: copy self)
    public mutating func append(_ text: StaticString) {
        guard text.hasPointerRepresentation else { return }
        // Unsafe: a literal's bytes live as long as the process.
        let bytes = unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
        append(copying: bytes)
    }
}
