// Which bytes may stand where: the character classes of the RFCs as bit sets over ASCII.

enum ByteClass {
    /// The longest method that is looked at; whatever is longer can't be known.
    static let maxMethodBytes = 32

    @inline(__always)
    private static func has(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && (word >> UInt64(byte & 63)) & 1 == 1
    }

    /// A byte of a token (RFC 9110, section 5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        has(byte, 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    }

    /// A byte of a path: pchar or a slash, percent included (RFC 3986, section 3.3).
    @inline(__always)
    static func isPath(_ byte: UInt8) -> Bool {
        has(byte, 0x2FFF_FFF2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
    }

    /// A byte of a query: as a path, and question mark and brackets, which clients do send (RFC 3986, section 3.4).
    @inline(__always)
    static func isQuery(_ byte: UInt8) -> Bool {
        has(byte, 0xAFFF_FFF2_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }

    /// A byte of a host name. RFC 3986 would also allow sub-delimiters and percent escapes: no DNS name has them,
    /// and links are built from this value.
    @inline(__always)
    static func isRegName(_ byte: UInt8) -> Bool {
        has(byte, 0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// A byte of a multipart boundary (RFC 2046, section 5.1.1).
    @inline(__always)
    static func isBoundary(_ byte: UInt8) -> Bool {
        has(byte, 0xA7FF_FB81_0000_0000, 0x07FF_FFFE_87FF_FFFE)
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == .space || byte == .tab }

    /// A control character that may not stand in a line: all of them but the tab.
    @inline(__always)
    static func isForbiddenControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != .tab) || byte == .delete }

    /// The value of a hexadecimal digit in either case, or nil.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// ASCII lower case; other bytes as they are.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

extension UInt8 {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
    static var percent: UInt8 { 0x25 }
    static var ampersand: UInt8 { 0x26 }
    static var asterisk: UInt8 { 0x2A }
    static var plus: UInt8 { 0x2B }
    static var comma: UInt8 { 0x2C }
    static var dash: UInt8 { 0x2D }
    static var dot: UInt8 { 0x2E }
    static var slash: UInt8 { 0x2F }
    static var zero: UInt8 { 0x30 }
    static var colon: UInt8 { 0x3A }
    static var semicolon: UInt8 { 0x3B }
    static var equals: UInt8 { 0x3D }
    static var questionMark: UInt8 { 0x3F }
    static var openBracket: UInt8 { 0x5B }
    static var backslash: UInt8 { 0x5C }
    static var closeBracket: UInt8 { 0x5D }
    static var openBrace: UInt8 { 0x7B }
    static var closeBrace: UInt8 { 0x7D }
    static var delete: UInt8 { 0x7F }
}
