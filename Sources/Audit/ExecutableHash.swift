// Which program this is: the hash of the file that runs.
internal import Kernel
internal import Sealing
internal import Synchronization

/// SHA-256 of the executable, computed when it is first asked for. Any thread may ask.
final class ExecutableHash: Sendable {
    private let known = Mutex<String?>(nil)

    /// 64 hexadecimal digits; nil where the file cannot be read.
    var digits: String? {
        known.withLock { known in
            if known == nil { known = Self.compute() }
            return known
        }
    }

    private static func compute() -> String? {
        guard let hash = try? HashContext(), let file = try? File.opened("/proc/self/exe"), (try? hash.begin()) != nil
        else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var digest: [32 of UInt8] = .init(repeating: 0)
        while true {
            var room = bytes.mutableSpan
            guard let count = try? FileDescriptor.read(from: file.rawValue, into: &room) else { return nil }
            if count == 0 { break }
            guard (try? hash.add(bytes.span.extracting(first: count))) != nil else { return nil }
        }
        guard (try? hash.finish(into: &digest)) != nil else { return nil }
        return Certifier.digits(digest)
    }
}
