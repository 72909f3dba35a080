// What the body decoders deliver to: one protocol for forms, multipart and JSON.

/// What kind of value a field has, as far as its format says.
public enum FieldKind: UInt8, BitwiseCopyable, Sendable {
    /// Text: any form field, a multipart part without file name, a JSON string.
    case text
    /// A multipart part with a file name.
    case file
    /// A JSON number; the value is its literal text.
    case number
    /// A JSON `true` or `false`; the value is its literal text.
    case boolean
    /// A JSON `null`; it has no bytes.
    case null
}

/// Receives the fields of a body, in order, as they arrive.
///
/// Calls come as `beginField`, any number of `appendValue` (none for an empty value), `endField`. Spans are valid
/// during the call only; they lie in the buffer that is being decoded. An element of a JSON array is a field of its
/// own with the array's name. Duplicates are the sink's matter, and so is UTF-8. What a sink throws ends the decoding.
public protocol FieldSink: ~Copyable {
    /// A field begins. The name is decoded and at most 128 bytes.
    mutating func beginField(name: Span<UInt8>, kind: FieldKind) throws(FieldFault)
    /// The name of the file that the field's value is, as the sender has it, escapes undone: any bytes, at most as
    /// many as a part header holds. Comes right after `beginField`, if at all, and never empty.
    mutating func fileName(_ name: Span<UInt8>) throws(FieldFault)
    /// What the sender says that the field's value is. Comes before the first piece of the value, if at all.
    mutating func mediaType(_ type: Span<UInt8>) throws(FieldFault)
    /// The next bytes of the value, decoded. Pieces are not empty; they may be cut anywhere, also within a character.
    mutating func appendValue(_ piece: Span<UInt8>) throws(FieldFault)
    /// The field is complete.
    mutating func endField() throws(FieldFault)
    /// A JSON object that is the value of `name` begins; the fields that follow are inside it.
    mutating func beginObject(name: Span<UInt8>) throws(FieldFault)
    /// The object that began last is complete.
    mutating func endObject() throws(FieldFault)
    /// A JSON array ends that is the value of `name` and says nothing: it has no elements, so that no field told of it, or none but
    /// null and empty strings.
    mutating func emptyArray(name: Span<UInt8>) throws(FieldFault)
}

extension FieldSink where Self: ~Copyable {
    /// Does nothing: to most, a file is its content.
    public mutating func fileName(_ name: Span<UInt8>) throws(FieldFault) {}
    /// Does nothing.
    public mutating func mediaType(_ type: Span<UInt8>) throws(FieldFault) {}
    /// Sees through nested objects: their fields are delivered like those of the top level.
    public mutating func beginObject(name: Span<UInt8>) throws(FieldFault) {}
    /// Does nothing.
    public mutating func endObject() throws(FieldFault) {}
    /// Does nothing: to most, nothing was said.
    public mutating func emptyArray(name: Span<UInt8>) throws(FieldFault) {}
}

/// Bounds that all field decoders share.
public enum FieldLimits {
    /// Bytes of a field's name, decoded.
    public static let maxNameBytes = 128
    /// Fields in one body, unless a decoder is told otherwise.
    public static let maxFieldCount = 100
    /// A buffer of so many bytes always holds enough for a decoder to make progress: names, part headers and numbers
    /// are consumed whole.
    public static let minWindowBytes = 2_048
}
