// What a sender has to know of a line that it sends: single members of its JSON, found without reading all of it.

/// A line of the audit trail: one JSON object.
enum AuditLine {
    /// Where the text of a member is whose name is `name` or ends in it after a dot; nil where there is none, or it has escapes.
    ///
    /// Inside a text a quotation mark is escaped, so what somebody else chose is never taken for a member.
    static func text(of name: StaticString, in line: Span<UInt8>) -> Range<Int>? {
        let count = name.utf8CodeUnitCount
        // `name":"` and what follows it: there are few colons in a line.
        var next = count + 2
        while let colon = line.firstIndex(of: UInt8(ascii: ":"), from: next), colon + 1 < line.count {
            next = colon + 1
            let index = colon - 1 - count
            guard line[colon - 1] == UInt8(ascii: "\""), line[colon + 1] == UInt8(ascii: "\""),
                line[index - 1] == UInt8(ascii: "\"") || line[index - 1] == UInt8(ascii: "."),
                starts(line.extracting(droppingFirst: index), with: name)
            else { continue }
            let start = colon + 2
            for end in start..<line.count {
                if line[end] == UInt8(ascii: "\\") { return nil }
                if line[end] == UInt8(ascii: "\"") { return start..<end }
            }
            return nil
        }
        return nil
    }

    static func starts(_ bytes: Span<UInt8>, with text: StaticString) -> Bool {
        bytes.count >= text.utf8CodeUnitCount
            && (0..<text.utf8CodeUnitCount).allSatisfy { unsafe bytes[$0] == text.utf8Start[$0] }
    }
}
