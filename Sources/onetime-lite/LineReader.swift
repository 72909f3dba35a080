// Lines of files of any length, with memory for a few of them.
import Kernel

/// Reads a file line by line.
struct LineReader: ~Copyable {
    private let file: FileDescriptor?

    /// Opens a path; `-` stands for standard input.
    init(_ path: String) throws(Errno) {
        file = path == "-" ? nil : try File.opened(path)
    }

    /// Hands each line to the closure, without its line feed; of one that is longer than it may be at least one byte more than that, and
    /// perhaps not the rest.
    ///
    /// - Parameter bound: how long a line may be, in bytes.
    /// - Returns: why reading ended before the end; nil where it did not.
    func forEach<Failure: Error>(
        upTo bound: Int, _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Errno? {
        let rawValue: Int32
        switch file {
        case .some(let file): rawValue = file.rawValue
        case .none: rawValue = 0
        }
        var bytes = [UInt8](repeating: 0, count: max(2 * bound, 256 << 10))
        // Before `seen` there is no line feed. The rest of a line whose beginning was handed on already is left out.
        var (count, seen, isLeftOut) = (0, 0, false)
        while true {
            var room = bytes.mutableSpan
            var free = room._mutatingExtracting(droppingFirst: count)
            let added: Int
            do throws(Errno) {
                added = try FileDescriptor.read(from: rawValue, into: &free)
            } catch {
                return error
            }
            count += added
            var start = try Self.lines(bytes.span.extracting(first: count), from: seen, &isLeftOut, body)
            if added == 0 || count - start > bound {
                if !isLeftOut && start < count { try body(bytes.span.extracting(start..<count)) }
                isLeftOut = true
            }
            if added == 0 { return nil }
            if isLeftOut { start = count }
            for index in start..<count { bytes[index - start] = bytes[index] }
            count -= start
            seen = count
        }
    }

    /// Hands on the lines that end behind a place, and returns where the rest begins.
    private static func lines<Failure: Error>(
        _ bytes: Span<UInt8>, from place: Int, _ isLeftOut: inout Bool, _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var (start, seen) = (0, place)
        while let end = bytes.firstIndex(of: 0x0A, from: seen) {
            if !isLeftOut { try body(bytes.extracting(start..<end)) }
            isLeftOut = false
            start = end + 1
            seen = start
        }
        return start
    }
}
