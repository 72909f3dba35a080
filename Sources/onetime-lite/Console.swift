// What commands say to whoever called them, and why the program cannot go on. What a running server says goes to its log.
import Kernel

/// Standard output and standard error, for words that are waited for.
enum Console {
    static let standardOutput: Int32 = 1
    static let standardError: Int32 = 2

    /// Says in one line why the program cannot go on.
    static func failure(_ text: String) {
        write("onetime-lite: \(text)\n", to: standardError)
    }

    static func write(_ text: String, to descriptor: Int32) {
        // Nobody may be listening any more; that is no reason to end.
        try? FileDescriptor.write(text.utf8Span.span, to: descriptor)
    }
}
