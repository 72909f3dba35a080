// The header lines of a multipart part, of which the disposition and the media type count.

/// One header line of a part.
enum PartHeader {
    /// The part is the field with this name, and a file's content if it has a file name; escapes are not undone.
    case disposition(name: ByteRange, kind: FieldKind, fileName: ByteRange)
    /// What the part's content is.
    case mediaType(ByteRange)
    case other

    /// Reads a line without its CR LF (RFC 7578, sections 4.2 and 4.7).
    init(_ line: Span<UInt8>) throws(FieldFault) {
        var colon = 0
        while colon < line.count, ByteClass.isToken(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == .colon else { throw .multipartHeaderMalformed }
        var (lower, upper) = (colon + 1, line.count)
        while lower < upper, ByteClass.isBlank(line[lower]) { lower += 1 }
        while upper > lower, ByteClass.isBlank(line[upper - 1]) { upper -= 1 }
        if line.matches("content-disposition", 0, colon) {
            self = try Self.disposition(line, lower)
            return
        }
        if line.matches("content-type", 0, colon) {
            self = .mediaType(ByteRange(lower, upper))
            return
        }
        self = .other
        guard line.matches("content-transfer-encoding", 0, colon) else { return }
        let isPlain =
            line.matches("binary", lower, upper) || line.matches("8bit", lower, upper)
            || line.matches("7bit", lower, upper)
        guard isPlain else { throw .multipartTransferEncoding }
    }

    private static func disposition(_ line: Span<UInt8>, _ start: Int) throws(FieldFault) -> PartHeader {
        var end = start
        while end < line.count, ByteClass.isToken(line[end]) { end += 1 }
        guard line.matches("form-data", start, end) else { throw .multipartNameMissing }
        var parameters = ParameterScanner(position: end)
        var (name, kind, fileName) = (ByteRange?.none, FieldKind.text, ByteRange.empty)
        while let parameter = parameters.next(line) {
            let (lower, upper) = (parameter.name.lowerBound, parameter.name.upperBound)
            if line.matches("name", lower, upper) {
                guard name == nil else { throw .multipartHeaderMalformed }
                name = parameter.value
            } else if line.matches("filename", lower, upper) {
                // The first one counts, whatever else there is.
                if fileName.isEmpty { fileName = parameter.value }
                kind = .file
            } else if line.matches("filename*", lower, upper) {
                // RFC 7578, section 4.2, forbids its use: a file without a name.
                kind = .file
            }
        }
        guard !parameters.isMalformed else { throw .multipartHeaderMalformed }
        guard let name else { throw .multipartNameMissing }
        return .disposition(name: name, kind: kind, fileName: fileName)
    }

    /// Undoes what browsers do to names, in place: `%22`, `%0D`, `%0A` (WHATWG HTML), and in older ones `\"` and `\\`.
    /// Other percent signs and backslashes are themselves. Returns the new end.
    @_lifetime(bytes: copy bytes)
    static func unescape(_ bytes: inout MutableSpan<UInt8>, _ lower: Int, _ upper: Int) -> Int {
        var (position, end) = (lower, lower)
        while position < upper {
            var (byte, length) = (bytes[position], 1)
            if byte == .backslash, position + 1 < upper,
                bytes[position + 1] == .quote || bytes[position + 1] == .backslash
            {
                (byte, length) = (bytes[position + 1], 2)
            } else if byte == .percent, upper - position > 2 {
                switch (bytes[position + 1], ByteClass.lowercased(bytes[position + 2])) {
                case (0x32, 0x32): (byte, length) = (.quote, 3)
                case (0x30, 0x64): (byte, length) = (.carriageReturn, 3)
                case (0x30, 0x61): (byte, length) = (.lineFeed, 3)
                default: break
                }
            }
            bytes[end] = byte
            end += 1
            position += length
        }
        return end
    }
}
