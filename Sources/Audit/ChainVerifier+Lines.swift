// Where the fields of a line are that the chain needs. They have fixed places, so nothing has to be parsed but numbers.
internal import HTTPWire

extension ChainVerifier {
    static let encodedKeySize = 60
    /// The greatest number of a line, which leaves room to count on: at a million lines a second it is reached in 285 years.
    private static let greatest: UInt64 = 1 << 53
    /// How long a receiver's name may be, in bytes.
    private static let sinkSize = 32

    struct Parsed {
        let sequence: UInt64
        let afterSequence: Int
        /// Where what is hashed ends.
        let bodyEnd: Int
        let hash: [32 of UInt8]
    }

    struct Gap {
        let count: UInt64
        let previous: [32 of UInt8]
        /// The receiver that was not given the lines.
        let sink: String
    }

    /// Where the number of a line of the log begins; nil for any other line.
    static func sequenceStart(_ bytes: Span<UInt8>) -> Int? {
        let marker = AuditFormat.opening.utf8CodeUnitCount + AuditFormat.timeSize
        guard bytes.has(AuditFormat.marker, at: marker), bytes.has(AuditFormat.opening, at: 0) else { return nil }
        return marker + AuditFormat.marker.utf8CodeUnitCount
    }

    /// Whether a line is one of those that the program writes to the same stream: JSON with a time, and nothing that any reader of JSON
    /// could take for a line of the log. The program writes no escapes in names, no white space between them and no objects within.
    static func isOther(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.has(AuditFormat.opening, at: 0), bytes[bytes.count - 1] == 0x7D else { return false }
        var index = 1
        var (hasDataset, isDataset) = (false, false)
        while index < bytes.count {
            guard bytes[index] == 0x22 else {
                guard bytes[index] > 0x20, bytes[index] != 0x7B else { return false }
                index += 1
                continue
            }
            let start = index + 1
            var isPlain = true
            index = start
            while index < bytes.count, bytes[index] != 0x22 {
                if bytes[index] == 0x5C {
                    isPlain = false
                    index += 1
                }
                guard index < bytes.count, bytes[index] >= 0x20 else { return false }
                index += 1
            }
            guard index < bytes.count else { return false }
            let text = bytes.extracting(start..<index)
            index += 1
            if index < bytes.count, bytes[index] == 0x3A {
                guard isPlain, !text.isAll("event.hash"), !text.isAll("event.sequence") else { return false }
                isDataset = text.isAll("event.dataset")
                guard !isDataset || !hasDataset else { return false }
                hasDataset = hasDataset || isDataset
            } else if isDataset {
                guard isPlain, !text.isAll("onetime.audit") else { return false }
            }
        }
        return true
    }

    static func parse(_ bytes: Span<UInt8>, _ sequenceStart: Int) -> Parsed? {
        guard let (sequence, afterSequence) = bytes.number(at: sequenceStart), sequence <= greatest else { return nil }
        let hashStart = bytes.count - 66
        let bodyEnd = hashStart - AuditFormat.hashField.utf8CodeUnitCount
        guard bodyEnd > afterSequence, bytes.has(AuditFormat.middle, at: afterSequence),
            bytes.has(AuditFormat.hashField, at: bodyEnd), bytes.has("\"}", at: bytes.count - 2),
            let hash = bytes.hash(at: hashStart)
        else { return nil }
        return Parsed(sequence: sequence, afterSequence: afterSequence, bodyEnd: bodyEnd, hash: hash)
    }

    private static func kindStart(_ afterSequence: Int) -> Int { afterSequence + AuditFormat.middle.utf8CodeUnitCount }

    private static func has(_ action: AuditAction, _ bytes: Span<UInt8>, _ afterSequence: Int) -> Bool {
        bytes.has(action.fields, at: kindStart(afterSequence))
    }

    static func isStart(_ bytes: Span<UInt8>, _ afterSequence: Int) -> Bool { has(.start, bytes, afterSequence) }
    static func isStop(_ bytes: Span<UInt8>, _ afterSequence: Int) -> Bool { has(.stop, bytes, afterSequence) }

    /// What a line says that tells of missing ones; nil for any other line.
    static func gap(_ bytes: Span<UInt8>, _ afterSequence: Int) -> Gap? {
        guard has(.gap, bytes, afterSequence) else { return nil }
        var place = kindStart(afterSequence) + AuditAction.gap.fields.utf8CodeUnitCount + #"failure""#.utf8.count
        guard bytes.has(AuditFormat.missingField, at: place) else { return nil }
        place += AuditFormat.missingField.utf8CodeUnitCount
        guard let (count, end) = bytes.number(at: place), bytes.has(AuditFormat.previousField, at: end),
            let previous = bytes.hash(at: end + AuditFormat.previousField.utf8CodeUnitCount)
        else { return nil }
        place = end + AuditFormat.previousField.utf8CodeUnitCount + 64
        guard bytes.has(AuditFormat.sinkField, at: place) else { return nil }
        place += AuditFormat.sinkField.utf8CodeUnitCount
        var sink = ""
        while place < bytes.count, bytes[place] != 0x22 {
            guard sink.utf8.count < sinkSize else { return nil }
            // It is shown to people.
            sink.unicodeScalars.append(Unicode.Scalar((0x21..<0x7F).contains(bytes[place]) ? bytes[place] : 0x3F))
            place += 1
        }
        return Gap(count: count, previous: previous, sink: sink)
    }

    /// The time of a line of the log to the second, as ``Expectation/made``; nil where it is none.
    static func second(_ bytes: Span<UInt8>) -> UInt64? { bytes.second(at: AuditFormat.opening.utf8CodeUnitCount) }
}

extension Span<UInt8> {
    /// Whether a literal stands at a place.
    func has(_ text: StaticString, at place: Int) -> Bool {
        let size = text.utf8CodeUnitCount
        guard place >= 0, place <= count - size else { return false }
        // A literal's bytes live as long as the process.
        let other = unsafe Span(_unsafeStart: text.utf8Start, count: size)
        for index in 0..<size where self[place + index] != other[index] { return false }
        return true
    }

    /// Whether it is a literal.
    func isAll(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && has(text, at: 0) }

    /// Where a literal stands first.
    func place(of text: StaticString) -> Int? {
        let size = text.utf8CodeUnitCount
        guard size > 0, count >= size else { return nil }
        for place in 0...count - size where has(text, at: place) { return place }
        return nil
    }

    /// The number at a place, without leading zeroes, and where it ends.
    func number(at start: Int) -> (UInt64, end: Int)? {
        var number: UInt64 = 0
        var index = start
        while index < count, index - start < 20, self[index] >= 0x30, self[index] <= 0x39 {
            let (tenfold, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeStill) = tenfold.addingReportingOverflow(UInt64(self[index] - 0x30))
            if isTooLarge || isTooLargeStill { return nil }
            number = sum
            index += 1
        }
        guard index > start, index == start + 1 || self[start] != 0x30 else { return nil }
        return (number, index)
    }

    /// The digits of a time such as `2026-11-27T05:14:51` at a place as one number; nil where there is none.
    func second(at start: Int) -> UInt64? {
        guard start >= 0, start + AuditFormat.secondSize <= count else { return nil }
        var number: UInt64 = 0
        for index in start..<start + AuditFormat.secondSize {
            switch (index - start, self[index]) {
            case (4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A): continue
            case (_, 0x30...0x39): number = number * 10 + UInt64(self[index] - 0x30)
            default: return nil
            }
        }
        return number
    }

    /// The 32 bytes that 64 small hexadecimal digits at a place stand for.
    func hash(at start: Int) -> [32 of UInt8]? {
        guard start >= 0, start + 64 <= count else { return nil }
        var hash: [32 of UInt8] = .init(repeating: 0)
        for index in 0..<32 {
            guard let high = Self.value(self[start + 2 * index]), let low = Self.value(self[start + 2 * index + 1])
            else {
                return nil
            }
            hash[index] = high << 4 | low
        }
        return hash
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }

    /// A copy of a few bytes.
    var copied: [UInt8] { [UInt8](capacity: count) { $0.append(copying: self) } }
}

extension InlineArray where Element == UInt8, count == 32 {
    /// Compares public bytes.
    func isSame(as other: [32 of UInt8]) -> Bool {
        for index in 0..<32 where self[index] != other[index] { return false }
        return true
    }
}
