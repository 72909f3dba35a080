// Every way in which the fields of a body (form, multipart, JSON) can be malformed or too much.

/// A rule that the fields of a body or a query broke. The framing of the message is intact, so the connection may
/// survive; the request may not.
public enum FieldFault: Error, Equatable, Hashable, Sendable, CaseIterable {
    // Bounds, whatever the format.
    case fieldNameTooLong
    case tooManyFields

    // Thrown by sinks.
    case valueTooLong
    case duplicateField
    case invalidUTF8
    case refusedBySink

    // Forms.
    case malformedPercentEscape

    // Multipart.
    case multipartBoundaryMissing
    case multipartBoundaryMalformed
    case multipartDelimiterMalformed
    case multipartUnterminated
    case multipartHeaderMalformed
    case multipartHeaderTooLong
    case multipartNameMissing
    case multipartTransferEncoding

    // JSON.
    case jsonSyntax
    case jsonNotAnObject
    case jsonUnterminated
    case jsonTrailingBytes
    case jsonControlCharacter
    case jsonMalformedEscape
    case jsonLoneSurrogate
    case jsonMalformedNumber
    case jsonTooDeep
    case jsonNestedArray
}

extension FieldFault {
    /// The status code of the response that reports the fault (RFC 9110, section 15.5).
    public var status: UInt16 { self == .valueTooLong ? 413 : 400 }

    /// One plain sentence: what was wrong and what is allowed.
    public var reason: StaticString {
        switch self {
        case .fieldNameTooLong: "A field name is longer than 128 bytes."
        case .tooManyFields: "There are too many fields."
        case .valueTooLong: "The value of a field is too long."
        case .duplicateField: "A field that may come once comes twice."
        case .invalidUTF8: "A text field is not valid UTF-8."
        case .refusedBySink: "A field is not allowed here."
        case .malformedPercentEscape: "A percent sign is not followed by two hexadecimal digits."
        case .multipartBoundaryMissing: "The Content-Type of a multipart body has no boundary."
        case .multipartBoundaryMalformed: "The multipart boundary is not 1 to 70 of the characters allowed for it."
        case .multipartDelimiterMalformed: "A multipart delimiter is followed by something other than its line's end."
        case .multipartUnterminated: "The multipart body ends before its closing delimiter."
        case .multipartHeaderMalformed: "A header of a multipart part is malformed."
        case .multipartHeaderTooLong: "A header of a multipart part is too long."
        case .multipartNameMissing: "A multipart part has no form-data disposition with a name."
        case .multipartTransferEncoding: "A multipart part has a transfer encoding; parts are sent as they are."
        case .jsonSyntax: "The JSON text is malformed."
        case .jsonNotAnObject: "The JSON text is not an object."
        case .jsonUnterminated: "The JSON text ends too early."
        case .jsonTrailingBytes: "Something follows the JSON object."
        case .jsonControlCharacter: "A JSON string holds a raw control character."
        case .jsonMalformedEscape: "A JSON string holds an unknown escape."
        case .jsonLoneSurrogate: "A JSON string holds half of a surrogate pair."
        case .jsonMalformedNumber: "A JSON number is malformed or longer than 64 bytes."
        case .jsonTooDeep: "The JSON text nests more than 8 objects."
        case .jsonNestedArray: "A JSON array holds an array or an object; only plain values are allowed."
        }
    }
}
