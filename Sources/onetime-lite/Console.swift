// What the program says to its operator. Rules: one line for each event; to standard output, errors to standard error; plain
// words on a terminal, JSON with the field names of the Elastic Common Schema elsewhere; never a token, never a full id.
import Kernel

/// Standard output and standard error.
struct Console {
    static let standardOutput: Int32 = 1
    static let standardError: Int32 = 2

    let isTerminal = FileDescriptor.isTerminal(Console.standardOutput)

    /// Says that something happened.
    func event(_ message: String, _ fields: [(name: String, value: String)] = []) {
        if isTerminal {
            Self.write(message + "\n", to: Self.standardOutput)
            return
        }
        var line = "{\"@timestamp\":\"\(WallClock.timestamp(WallClock.seconds()))\",\"log.level\":\"info\","
        line += "\"service.name\":\"onetime-lite\",\"message\":\"\(Self.escaped(message))\""
        for field in fields { line += ",\"\(field.name)\":\"\(Self.escaped(field.value))\"" }
        Self.write(line + "}\n", to: Self.standardOutput)
    }

    /// Says why the program cannot go on: each reason in a line.
    static func failure(_ text: String) {
        for line in text.split(separator: "\n") { write("onetime-lite: \(line)\n", to: standardError) }
    }

    static func write(_ text: String, to descriptor: Int32) {
        // Nobody may be listening any more; that is no reason to end.
        try? FileDescriptor.write(text.utf8Span.span, to: descriptor)
    }

    /// A text as it stands between the quotation marks of JSON.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1f}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
