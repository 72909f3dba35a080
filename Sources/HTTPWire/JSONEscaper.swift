// Writing the content of JSON strings.

/// Escapes what RFC 8259 demands and nothing else: quote, backslash, and bytes below 0x20, these with their short
/// form where there is one. UTF-8 stays as it is and is not checked.
///
/// RFC 8259, section 7.
public enum JSONEscaper {
    /// How many bytes `escape` writes for `input`. O(input); eight bytes at a time where nothing needs an escape.
    public static func escapedCount(of input: Span<UInt8>) -> Int {
        var (count, index) = (input.count, 0)
        while true {
            index = input.firstJSONSpecial(from: index, to: input.count)
            guard index < input.count else { return count }
            count += shortForm(of: input[index]) == nil ? 5 : 1
            index += 1
        }
    }

    /// Appends `input`, escaped, without the quotes around it. Stops the process if `output` has too little room: see
    /// `escapedCount`. O(input).
    @_lifetime(output: copy output)
    public static func escape(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        var index = 0
        while index < input.count {
            let special = input.firstJSONSpecial(from: index, to: input.count)
            output.append(copying: input.extracting(index..<special))
            guard special < input.count else { return }
            append(input[special], to: &output)
            index = special + 1
        }
    }

    @_lifetime(output: copy output)
    private static func append(_ byte: UInt8, to output: inout OutputSpan<UInt8>) {
        output.append(.backslash)
        if let letter = shortForm(of: byte) {
            output.append(letter)
            return
        }
        output.append("u00")
        output.append(.zero + byte >> 4)
        output.append(byte & 15 < 10 ? .zero + byte & 15 : 0x61 + byte & 15 - 10)
    }

    private static func shortForm(of byte: UInt8) -> UInt8? {
        switch byte {
        case .quote, .backslash: byte
        case 0x08: 0x62
        case .tab: 0x74
        case .lineFeed: 0x6E
        case 0x0C: 0x66
        case .carriageReturn: 0x72
        default: nil
        }
    }
}
