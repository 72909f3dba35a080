// The boundary of a multipart body, and finding it in content.

/// A boundary, kept inline together with what precedes it: CR LF and two dashes.
///
/// RFC 2046, section 5.1.1.
public struct MultipartBoundary: BitwiseCopyable, Sendable {
    private var delimiter = InlineArray<74, UInt8>(repeating: 0)
    /// Bytes of the delimiter: four and the boundary.
    let delimiterCount: Int

    /// Takes a boundary of 1 to 70 of the characters that RFC 2046 allows, the last one not a space.
    ///
    /// - Parameter boundary: the parameter of the Content-Type field: see `MediaType`.
    /// - Throws: `multipartBoundaryMissing` if it is empty, `multipartBoundaryMalformed`.
    public init(_ boundary: Span<UInt8>) throws(FieldFault) {
        guard !boundary.isEmpty else { throw .multipartBoundaryMissing }
        guard boundary.count <= 70, boundary[boundary.count - 1] != .space else { throw .multipartBoundaryMalformed }
        delimiter[0] = .carriageReturn
        delimiter[1] = .lineFeed
        delimiter[2] = .dash
        delimiter[3] = .dash
        for index in boundary.indices {
            guard ByteClass.isBoundary(boundary[index]) else { throw .multipartBoundaryMalformed }
            delimiter[4 + index] = boundary[index]
        }
        delimiterCount = 4 + boundary.count
    }

    /// How far a text agrees with the delimiter.
    enum Match {
        case whole
        case begun
        case none
    }

    /// Compares the delimiter from its byte `skipping` on with the bytes at `index`.
    func match(_ bytes: Span<UInt8>, at index: Int, skipping: Int = 0) -> Match {
        var offset = skipping
        while offset < delimiterCount {
            let position = index + offset - skipping
            guard position < bytes.count else { return .begun }
            guard bytes[position] == delimiter[offset] else { return .none }
            offset += 1
        }
        return .whole
    }

    /// The first place from `start` on where the delimiter is, or begins at the end of `bytes`; else the count.
    func find(_ bytes: Span<UInt8>, from start: Int) -> (index: Int, match: Match) {
        var index = start
        while true {
            index = bytes.first(.carriageReturn, from: index, to: bytes.count)
            guard index < bytes.count else { return (index, .none) }
            let match = match(bytes, at: index)
            if match != .none { return (index, match) }
            index += 1
        }
    }
}
