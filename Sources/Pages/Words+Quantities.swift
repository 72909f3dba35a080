// Texts with values in them: numbers, durations, sizes, moments.

extension Words {
    /// A text with its one value.
    func fill(_ text: String, _ value: String) -> String { Self.replace("{}", in: text, by: value) }

    /// What a text has before and after the place of its value, for values that are no String.
    func around(_ text: String) -> (before: String, after: String) {
        let bytes = Array(text.utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "{")) ?? bytes.count
        let after = min(mark + 2, bytes.count)
        return (String(decoding: bytes[..<mark], as: UTF8.self), String(decoding: bytes[after...], as: UTF8.self))
    }

    /// A text with its two values.
    func fill(_ text: String, _ first: String, _ second: String) -> String {
        Self.replace("{2}", in: Self.replace("{1}", in: text, by: first), by: second)
    }

    /// A quantity: the form that the number takes, with the number in it.
    func quantity(_ forms: String, _ number: Int) -> String {
        fill(Self.part(plural.form(of: number), of: forms), "\(number)")
    }

    /// A span of time exactly, in the largest unit that divides it: 5400 seconds are 90 minutes.
    func duration(_ seconds: Int) -> String {
        switch seconds {
        case let span where span >= 86_400 && span % 86_400 == 0: quantity(days, span / 86_400)
        case let span where span >= 3600 && span % 3600 == 0: quantity(hours, span / 3600)
        case let span where span >= 60 && span % 60 == 0: quantity(minutes, span / 60)
        default: quantity(self.seconds, seconds)
        }
    }

    /// A span of time as a person needs it: rounded down, in two units at most, seconds only below a minute.
    func roughDuration(_ seconds: Int) -> String {
        let (largest, rest): (String, String?)
        switch max(seconds, 0) {
        case let span where span >= 86_400:
            (largest, rest) = (
                quantity(days, span / 86_400), span / 3600 % 24 == 0 ? nil : quantity(hours, span / 3600 % 24)
            )
        case let span where span >= 3600:
            (largest, rest) = (
                quantity(hours, span / 3600), span / 60 % 60 == 0 ? nil : quantity(minutes, span / 60 % 60)
            )
        case let span where span >= 60:
            (largest, rest) = (quantity(minutes, span / 60), nil)
        case let span:
            (largest, rest) = (quantity(self.seconds, span), nil)
        }
        guard let rest else { return largest }
        return fill(both, largest, rest)
    }

    /// A number of bytes: in MiB or KiB if it is a whole number of them. Number and unit stay on one line.
    func size(_ byteCount: Int) -> String {
        switch byteCount {
        case let count where count >= 1 << 20 && count % (1 << 20) == 0: "\(count >> 20)\u{A0}MiB"
        case let count where count >= 1 << 10 && count % (1 << 10) == 0: "\(count >> 10)\u{A0}KiB"
        default: quantity(bytes, byteCount)
        }
    }

    /// A moment for a person to read.
    func moment(_ time: CalendarTime) -> String {
        var text = Self.replace("{d}", in: dateAndTime, by: "\(time.day)")
        text = Self.replace("{M}", in: text, by: Self.part(time.month - 1, of: months))
        text = Self.replace("{y}", in: text, by: "\(time.year)")
        return Self.replace("{t}", in: text, by: time.clock)
    }

    /// One of the parts between which `|` stands; the last one where there are not as many.
    static func part(_ number: Int, of text: String) -> String {
        let bytes = text.utf8
        var (start, left) = (bytes.startIndex, number)
        while left > 0, let bar = bytes[start...].firstIndex(of: UInt8(ascii: "|")) {
            start = bytes.index(after: bar)
            left -= 1
        }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "|")) ?? bytes.endIndex
        return String(text[start..<end])
    }

    /// Puts a value where its mark first stands.
    private static func replace(_ mark: StaticString, in text: String, by value: String) -> String {
        let bytes = text.utf8Span.span
        let length = mark.utf8CodeUnitCount
        var filled: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if index + length <= bytes.count, bytes.extracting(index..<index + length).matches(mark) {
                for byte in value.utf8 { filled.append(byte) }
                index += length
                while index < bytes.count {
                    filled.append(bytes[index])
                    index += 1
                }
                break
            }
            filled.append(bytes[index])
            index += 1
        }
        return String(decoding: filled, as: UTF8.self)
    }
}

extension Span<UInt8> {
    /// Whether the bytes are exactly this text.
    fileprivate func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // A StaticString shows its bytes by a pointer that lives as long as the program.
        for index in indices where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }
}
