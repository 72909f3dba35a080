// What a sender has to know of a line that it sends: single members of its JSON, found without reading all of it.
internal import Kernel

/// A line of the audit trail: one JSON object.
enum AuditLine {
    /// Texts of a line, each as ``text(of:in:)`` has it.
    struct Texts {
        fileprivate(set) var timestamp: Range<Int>?
        fileprivate(set) var action: Range<Int>?
        fileprivate(set) var outcome: Range<Int>?
    }

    /// Where the text of a member is whose name is `name` or ends in it after a dot; nil where there is none, or it has escapes.
    ///
    /// Inside a text a quotation mark is escaped, so what somebody else chose is never taken for a member.
    static func text(of name: StaticString, in line: Span<UInt8>) -> Range<Int>? {
        var place = 0
        while let colon = nextColon(in: line, from: &place) {
            if isName(name, before: colon, in: line) { return text(behind: colon, in: line) }
        }
        return nil
    }

    /// What a message of syslog says of its line, all found in one go: `@timestamp`, `action` and `outcome`.
    static func texts(in line: Span<UInt8>) -> Texts {
        var texts = Texts()
        var (needsTimestamp, needsAction, needsOutcome) = (true, true, true)
        var place = 0
        while needsTimestamp || needsAction || needsOutcome, let colon = nextColon(in: line, from: &place) {
            if needsTimestamp, isName("@timestamp", before: colon, in: line) {
                texts.timestamp = text(behind: colon, in: line)
                needsTimestamp = false
            } else if needsAction, isName("action", before: colon, in: line) {
                texts.action = text(behind: colon, in: line)
                needsAction = false
            } else if needsOutcome, isName("outcome", before: colon, in: line) {
                texts.outcome = text(behind: colon, in: line)
                needsOutcome = false
            }
        }
        return texts
    }

    static func starts(_ bytes: Span<UInt8>, with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        var index = 0
        while index < count, unsafe bytes[index] == text.utf8Start[index] { index += 1 }
        return index == count
    }

    /// The next colon between two quotation marks, of which there are few in a line.
    private static func nextColon(in line: Span<UInt8>, from place: inout Int) -> Int? {
        while let colon = line.firstIndex(of: UInt8(ascii: ":"), from: place), colon + 1 < line.count {
            place = colon + 1
            if colon > 0, line[colon - 1] == UInt8(ascii: "\""), line[colon + 1] == UInt8(ascii: "\"") { return colon }
        }
        return nil
    }

    /// Whether the member before a colon has a name.
    private static func isName(_ name: StaticString, before colon: Int, in line: Span<UInt8>) -> Bool {
        let start = colon - 1 - name.utf8CodeUnitCount
        guard start > 0, line[start - 1] == UInt8(ascii: "\"") || line[start - 1] == UInt8(ascii: ".") else {
            return false
        }
        return starts(line.extracting(droppingFirst: start), with: name)
    }

    /// The text behind a colon; nil where it has escapes, or no end.
    private static func text(behind colon: Int, in line: Span<UInt8>) -> Range<Int>? {
        let start = colon + 2
        var end = start
        while end < line.count {
            if line[end] == UInt8(ascii: "\\") { return nil }
            if line[end] == UInt8(ascii: "\"") { return start..<end }
            end += 1
        }
        return nil
    }
}
