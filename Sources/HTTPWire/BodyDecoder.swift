// Taking the framing off a body, in place: one interface over the ways in which HTTP/1.1 delimits bodies.

/// Where a body decoder stands in its buffer after a step.
public struct BodyProgress: BitwiseCopyable, Equatable, Sendable {
    /// The offset after the decoded body.
    public var bodyEnd: Int
    /// The offset of the first raw byte that is not decoded yet. Once the body is complete, the next request begins
    /// here; before that there is none, and it equals the count of the buffer.
    public var rawStart: Int
    /// True once the whole body is decoded. Further steps change nothing.
    public var isComplete: Bool
}

/// Decodes a body of known length: counts, and closes the gap if there is one.
///
/// RFC 9112, section 6.2.
public struct LengthDecoder: Sendable {
    /// Bytes of the body that have not come.
    public private(set) var remaining: UInt64

    /// - Throws: `bodyTooLarge` if the announced length exceeds `limit`, before any byte of it is read.
    public init(length: UInt64, limit: Int) throws(RequestFault) {
        guard length <= UInt64(clamping: limit) else { throw .bodyTooLarge }
        remaining = length
    }

    /// Decodes what `bytes[rawStart...]` holds. See `BodyDecoder.decode`.
    @_lifetime(bytes: copy bytes)
    public mutating func decode(_ bytes: inout MutableSpan<UInt8>, bodyEnd: Int, rawStart: Int) -> BodyProgress {
        let available = bytes.count - rawStart
        let count = remaining < UInt64(available) ? Int(remaining) : available
        bytes.moveDown(from: rawStart, to: bodyEnd, count: count)
        remaining -= UInt64(count)
        return BodyProgress(bodyEnd: bodyEnd + count, rawStart: rawStart + count, isComplete: remaining == 0)
    }
}

/// Decodes a body, however its head says it is framed.
public enum BodyDecoder: Sendable {
    /// A body of known length, or none (length 0).
    case length(LengthDecoder)
    /// A chunked body.
    case chunked(ChunkedDecoder)

    /// The decoder for a head's framing, for bodies of at most `limit` bytes.
    ///
    /// - Throws: `bodyTooLarge` if the head already announces more.
    public init(_ framing: BodyFraming, limit: Int) throws(RequestFault) {
        switch framing {
        case .none: self = .length(try LengthDecoder(length: 0, limit: limit))
        case .length(let length): self = .length(try LengthDecoder(length: length, limit: limit))
        case .chunked: self = .chunked(ChunkedDecoder(limit: limit))
        }
    }

    /// Decodes the raw bytes in `bytes[rawStart...]` and moves their content down to `bytes[bodyEnd...]`, so that the
    /// decoded body stays in one piece. The buffer holds: decoded body, a gap, raw bytes up to its end.
    ///
    /// - Precondition: `0 <= bodyEnd <= rawStart <= bytes.count`.
    /// - Returns: both offsets after the step.
    /// - Throws: the rule that was broken; the decoder must not be used after that. O(raw bytes).
    @_lifetime(bytes: copy bytes)
    public mutating func decode(
        _ bytes: inout MutableSpan<UInt8>, bodyEnd: Int, rawStart: Int
    ) throws(RequestFault) -> BodyProgress {
        switch self {
        case .length(var decoder):
            let progress = decoder.decode(&bytes, bodyEnd: bodyEnd, rawStart: rawStart)
            self = .length(decoder)
            return progress
        case .chunked(var decoder):
            let progress = try decoder.decode(&bytes, bodyEnd: bodyEnd, rawStart: rawStart)
            self = .chunked(decoder)
            return progress
        }
    }
}
