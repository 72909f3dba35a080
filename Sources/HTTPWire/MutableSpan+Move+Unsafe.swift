// Moving bytes within a buffer, for decoders that work in place.

extension MutableSpan<UInt8> {
    /// Moves `count` bytes down (or nowhere): `target` is not above `source`. The areas may overlap.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func moveDown(from source: Int, to target: Int, count length: Int) {
        precondition(length >= 0 && target >= 0 && target <= source && source <= count - length)
        guard length > 0, target != source else { return }
        // Unsafe: memmove within one buffer; the precondition keeps both areas inside it.
        unsafe withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe (base + target).copyMemory(from: base + source, byteCount: length)
        }
    }
}
