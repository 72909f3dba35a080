// The extensions in a chunk's first line, checked and dropped.

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` up to the CR (RFC 9112, section 7.1.1).
struct ChunkExtensionGrammar: Sendable {
    private var place = Place.afterSize

    private enum Place: Sendable {
        case afterSize
        case blankBeforeSemicolon
        case nameStart
        case name
        case blankAfterName
        case valueStart
        case value
        case quoted
        case quotedPair
        case afterQuoted
    }

    enum Outcome {
        case more
        case end
        case malformed
    }

    mutating func accept(_ byte: UInt8) -> Outcome {
        switch place {
        case .afterSize, .afterQuoted:
            if byte == .carriageReturn { return .end }
            return move(byte == .semicolon ? .nameStart : ByteClass.isBlank(byte) ? .blankBeforeSemicolon : nil)
        case .blankBeforeSemicolon:
            return move(byte == .semicolon ? .nameStart : ByteClass.isBlank(byte) ? place : nil)
        case .nameStart:
            return move(ByteClass.isToken(byte) ? .name : ByteClass.isBlank(byte) ? place : nil)
        case .name:
            if byte == .carriageReturn { return .end }
            if ByteClass.isToken(byte) { return .more }
            if byte == .semicolon { return move(.nameStart) }
            return move(byte == .equals ? .valueStart : ByteClass.isBlank(byte) ? .blankAfterName : nil)
        case .blankAfterName:
            if byte == .semicolon { return move(.nameStart) }
            return move(byte == .equals ? .valueStart : ByteClass.isBlank(byte) ? place : nil)
        case .valueStart:
            if byte == .quote { return move(.quoted) }
            return move(ByteClass.isToken(byte) ? .value : ByteClass.isBlank(byte) ? place : nil)
        case .value:
            if byte == .carriageReturn { return .end }
            if ByteClass.isToken(byte) { return .more }
            return move(byte == .semicolon ? .nameStart : ByteClass.isBlank(byte) ? .blankBeforeSemicolon : nil)
        case .quoted:
            if ByteClass.isForbiddenControl(byte) { return .malformed }
            return move(byte == .quote ? .afterQuoted : byte == .backslash ? .quotedPair : place)
        case .quotedPair:
            return ByteClass.isForbiddenControl(byte) ? .malformed : move(.quoted)
        }
    }

    private mutating func move(_ next: Place?) -> Outcome {
        guard let next else { return .malformed }
        place = next
        return .more
    }
}
