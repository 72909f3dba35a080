// Files that are read once.
import Foundation
import Kernel
import Testing

@Suite struct FileTests {
    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "onetime-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }

    @Test func aFileUpToTheLimitIsReadWhole() throws {
        for count in [0, 1, 4095, 70_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            try withFile(bytes) { path in
                let read = try File.read(path, limit: count)
                #expect(read == bytes)
            }
        }
    }

    @Test func oneByteMoreIsTooMuch() throws {
        try withFile([1, 2, 3]) { path in
            #expect(throws: Errno.fileTooLarge) { try File.read(path, limit: 2) }
        }
        #expect(throws: Errno.fileTooLarge) { try File.read("/dev/zero", limit: 100_000) }
    }

    @Test func whatSomebodyWritesToAPipeIsWaitedForUpToItsEndButNotForEver() throws {
        for (pieces, isEnded, expected) in [
            (["ab", "", "c"], true, "abc"), (["a"], true, "a"), (["a"], false, nil), ([], true, nil), ([], false, nil),
        ] as [([String], Bool, String?)] {
            var ends: [Int32] = [-1, -1]
            try #require(unsafe Foundation.pipe(&ends) == 0)
            let sink = ends[1]
            let writer = Thread {
                for piece in pieces {
                    usleep(30_000)
                    _ = unsafe write(sink, piece, piece.utf8.count)
                }
                if isEnded { close(sink) }
            }
            writer.start()
            defer {
                close(ends[0])
                if !isEnded { close(sink) }
            }
            let path = "/proc/self/fd/\(ends[0])"
            if let expected {
                #expect(try File.read(path, limit: 9, patience: 5000) == Array(expected.utf8))
            } else {
                let error = isEnded || pieces.isEmpty ? Errno.noData : .timerExpired
                #expect(throws: error) { try File.read(path, limit: 9, patience: 200) }
            }
        }
    }

    @Test func whatIsNoFileFailsAtOnce() throws {
        #expect(throws: Errno.self) { try File.read("/nowhere/at/all", limit: 1) }
        #expect(throws: Errno.self) { try File.read("/", limit: 1) }
        let pipe = FileManager.default.temporaryDirectory.appending(path: "onetime-\(UUID().uuidString)").path
        let made = unsafe mkfifo(pipe, 0o600)
        try #require(made == 0)
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        // Not an empty file: settings and rules that a pipe has to tell, and does not, would be none.
        #expect(throws: Errno.noData) { try File.read(pipe, limit: 1) }
        let began = BootClock.milliseconds()
        #expect(throws: Errno.noData) { try File.read(pipe, limit: 1, patience: 100) }
        #expect(throws: Errno.noData) {
            var bytes = [UInt8](repeating: 0, count: 9)
            var room = bytes.mutableSpan
            _ = try File.read(pipe, into: &room, patience: 100)
        }
        #expect((200..<2000).contains(BootClock.milliseconds() - began))
    }
}
