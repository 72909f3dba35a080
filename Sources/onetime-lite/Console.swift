// What commands say to whoever called them, and why the program cannot go on. What a running server says goes to its log.
import Kernel
import Log

/// Standard output and standard error, for words that are waited for.
enum Console {
    static let standardOutput: Int32 = 1
    static let standardError: Int32 = 2

    /// Says why the program cannot go on: each reason in a line.
    static func failure(_ text: String) {
        for line in text.split(separator: "\n") { write("onetime-lite: \(line)\n", to: standardError) }
    }

    static func write(_ text: String, to descriptor: Int32) {
        // Nobody may be listening any more; that is no reason to end.
        try? FileDescriptor.write(text.utf8Span.span, to: descriptor)
    }

    /// A text as it stands between the quotation marks of JSON.
    static func escaped(_ text: String) -> String { LogStream.escaped(text) }
}
