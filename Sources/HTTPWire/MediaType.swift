// What a Content-Type field says about the body: the few formats that are understood.

/// The format of a body.
///
/// RFC 9110, section 8.3; RFC 7578, section 4.1.
public enum MediaType: BitwiseCopyable, Equatable, Sendable {
    /// There is no Content-Type.
    case none
    /// application/x-www-form-urlencoded
    case form
    /// multipart/form-data. The range is that of the boundary parameter without quotes; empty if it is missing.
    case multipart(boundary: ByteRange)
    /// application/json
    case json
    /// Anything else, malformed values included.
    case other

    /// Recognises the value of a Content-Type field, without regard to case. Parameters other than the boundary are
    /// ignored. Ranges are relative to `value`. O(value).
    public init(_ value: Span<UInt8>) {
        var end = 0
        while end < value.count, value[end] != .semicolon, !ByteClass.isBlank(value[end]) { end += 1 }
        let type = value.extracting(0..<end)
        if type.matches("application/json") {
            self = .json
        } else if type.matches("application/x-www-form-urlencoded") {
            self = .form
        } else if type.matches("multipart/form-data") {
            var parameters = ParameterScanner(position: end)
            var boundary = ByteRange.empty
            while let parameter = parameters.next(value) {
                guard value.matches("boundary", parameter.name.lowerBound, parameter.name.upperBound) else { continue }
                guard boundary.isEmpty else {
                    self = .other
                    return
                }
                boundary = parameter.value
            }
            self = parameters.isMalformed ? .other : .multipart(boundary: boundary)
        } else {
            self = .other
        }
    }
}

extension RequestHead {
    /// The format of the body. The boundary's range is relative to `head`, the span that was parsed.
    public func mediaType(in head: Span<UInt8>) -> MediaType {
        guard let range = range(of: .contentType) else { return .none }
        let type = MediaType(range.span(in: head))
        guard case .multipart(let boundary) = type else { return type }
        return .multipart(boundary: boundary.shifted(by: range.lowerBound))
    }
}
