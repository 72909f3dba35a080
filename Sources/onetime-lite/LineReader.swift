// Lines of files of any length, with memory for a few of them.
import Kernel

/// Reads a file line by line.
struct LineReader: ~Copyable {
    /// Why reading ended before the end.
    enum Fault: Error {
        /// A line is longer than it may be.
        case tooLong
        case unreadable(Errno)
    }

    private let file: FileDescriptor?

    /// Opens a path; `-` stands for standard input.
    init(_ path: String) throws(Errno) {
        file = path == "-" ? nil : try File.opened(path)
    }

    /// Hands each line to the closure, without its line feed.
    ///
    /// - Parameter bound: how long a line may be, in bytes.
    func forEach<Failure: Error>(
        upTo bound: Int, _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Fault? {
        let rawValue: Int32
        switch file {
        case .some(let file): rawValue = file.rawValue
        case .none: rawValue = 0
        }
        var bytes = [UInt8](repeating: 0, count: max(2 * bound, 256 << 10))
        var (count, isAtEnd) = (0, false)
        while true {
            let start = try Self.lines(bytes.span.extracting(first: count), isAtEnd, body)
            if isAtEnd { return nil }
            if start == 0, count == bytes.count { return .tooLong }
            for index in start..<count { bytes[index - start] = bytes[index] }
            count -= start
            var room = bytes.mutableSpan
            var free = room._mutatingExtracting(droppingFirst: count)
            do throws(Errno) {
                let added = try FileDescriptor.read(from: rawValue, into: &free)
                isAtEnd = added == 0
                count += added
            } catch {
                return .unreadable(error)
            }
        }
    }

    /// Hands on what is there in whole lines, and returns where the rest begins.
    private static func lines<Failure: Error>(
        _ bytes: Span<UInt8>, _ isAtEnd: Bool, _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var start = 0
        for index in bytes.indices where bytes[index] == 0x0A {
            try body(bytes.extracting(start..<index))
            start = index + 1
        }
        if isAtEnd && start < bytes.count { try body(bytes.extracting(droppingFirst: start)) }
        return start
    }
}
