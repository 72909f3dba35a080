// A place within a buffer: what a parser hands out instead of copies.

/// Offset and length of some bytes within a larger span. It outlives the span; it borrows nothing.
public struct ByteRange: BitwiseCopyable, Equatable, Hashable, Sendable {
    /// Bytes before the range.
    public var offset: UInt32
    /// Bytes in the range.
    public var count: UInt32

    /// A range of `count` bytes that begins `offset` bytes into a buffer.
    public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    @inline(__always)
    init(_ lower: Int, _ upper: Int) {
        offset = UInt32(truncatingIfNeeded: lower)
        count = UInt32(truncatingIfNeeded: upper - lower)
    }

    /// No bytes, at the beginning.
    public static let empty = ByteRange(offset: 0, count: 0)

    /// True if there are no bytes in the range.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// The offset of the first byte.
    @inlinable public var lowerBound: Int { Int(offset) }

    /// The offset after the last byte.
    @inlinable public var upperBound: Int { Int(offset) + Int(count) }

    /// The bytes themselves. `bytes` must be the span (or an equal copy of it) that the range was made for;
    /// a range that reaches beyond `bytes` stops the process.
    @_lifetime(copy bytes)
    @inlinable public func span(in bytes: Span<UInt8>) -> Span<UInt8> {
        bytes.extracting(lowerBound..<upperBound)
    }

    /// The same bytes seen from a buffer in which `base` bytes come before the present one.
    @inlinable public func shifted(by base: Int) -> ByteRange {
        ByteRange(offset: UInt32(Int(offset) + base), count: count)
    }
}
