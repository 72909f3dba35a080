// Parameters of a field value, as Content-Type and Content-Disposition have them.

/// Walks over `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` (RFC 9110, section 5.6.6).
struct ParameterScanner {
    var position: Int
    private(set) var isMalformed = false

    struct Parameter {
        let name: ByteRange
        /// Without the quotes, escapes not undone.
        let value: ByteRange
    }

    init(position: Int) { self.position = position }

    /// The next parameter, or nil at the end and at what is malformed.
    mutating func next(_ bytes: Span<UInt8>) -> Parameter? {
        while true {
            skipBlanks(bytes)
            guard position < bytes.count else { return nil }
            guard bytes[position] == .semicolon else { return fail() }
            position += 1
            skipBlanks(bytes)
            guard position < bytes.count else { return nil }
            if bytes[position] != .semicolon { return parameter(bytes) }
        }
    }

    private mutating func parameter(_ bytes: Span<UInt8>) -> Parameter? {
        let nameStart = position
        skipToken(bytes)
        let name = ByteRange(nameStart, position)
        guard !name.isEmpty, position < bytes.count, bytes[position] == .equals else { return fail() }
        position += 1
        let valueStart = position
        guard position < bytes.count, bytes[position] == .quote else {
            skipToken(bytes)
            guard position > valueStart else { return fail() }
            return Parameter(name: name, value: ByteRange(valueStart, position))
        }
        position += 1
        while position < bytes.count, bytes[position] != .quote {
            // Only a quote and a backslash are escaped by browsers; a backslash before anything else is itself.
            let isPair =
                bytes[position] == .backslash && position + 1 < bytes.count
                && (bytes[position + 1] == .quote || bytes[position + 1] == .backslash)
            position += isPair ? 2 : 1
        }
        guard position < bytes.count else { return fail() }
        position += 1
        return Parameter(name: name, value: ByteRange(valueStart + 1, position - 1))
    }

    private mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while position < bytes.count, ByteClass.isBlank(bytes[position]) { position += 1 }
    }

    private mutating func skipToken(_ bytes: Span<UInt8>) {
        while position < bytes.count, ByteClass.isToken(bytes[position]) { position += 1 }
    }

    private mutating func fail() -> Parameter? {
        isMalformed = true
        return nil
    }
}
