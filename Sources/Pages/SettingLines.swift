// The lines of the files that an operator writes: those of brands, and the configuration.

/// A text of lines `name = value`. A `#` begins a line that says nothing; blanks around names and values do not count.
public struct SettingLines: Sendable {
    /// The largest file, in bytes.
    public static let maximumSize = 64 * 1024

    /// A line that says something.
    public struct Line: Sendable {
        /// Counted from 1.
        public let number: Int
        /// What stands before the `=`; all of the line where there is none.
        public let name: String
        /// What stands behind it; nil where there is none.
        public let value: String?
    }

    /// The lines that say something, in their order.
    public let lines: [Line]

    /// Reads the bytes of a file; nil if they are not UTF-8.
    public init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var rest = bytes[...]
        // A byte order mark belongs to no line.
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var lines: [Line] = []
        for (index, raw) in rest.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let line = Self.trimmed(raw)
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            // A section in brackets may hold anything, for its error.
            let equals = line.first == UInt8(ascii: "[") ? nil : line.firstIndex(of: UInt8(ascii: "="))
            let name = Self.trimmed(line[..<(equals ?? line.endIndex)])
            let value = equals.map { Self.trimmed(line[($0 + 1)...]) }
            lines.append(
                Line(
                    number: index + 1, name: String(decoding: name, as: UTF8.self),
                    value: value.map { String(decoding: $0, as: UTF8.self) }))
        }
        self.lines = lines
    }

    /// Without blanks around it, nor the CR of a line end.
    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        return line
    }

    /// Whether a value is one line: it has neither C0 nor DEL.
    public static func isPrintable(_ text: String) -> Bool {
        !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// A value with a mark for each of those.
    public static func singleLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
    }

    /// The beginning of a value, for one line of an error.
    public static func printable(_ text: String) -> String {
        let line = singleLine(String(text.unicodeScalars.prefix(60)))
        return text.unicodeScalars.count > 60 ? line + "…" : line
    }
}
