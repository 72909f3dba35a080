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

    @Test func whatIsNoFileFailsAtOnce() throws {
        #expect(throws: Errno.self) { try File.read("/nowhere/at/all", limit: 1) }
        #expect(throws: Errno.self) { try File.read("/", limit: 1) }
        let pipe = FileManager.default.temporaryDirectory.appending(path: "onetime-\(UUID().uuidString)").path
        let made = unsafe mkfifo(pipe, 0o600)
        try #require(made == 0)
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        // Not an empty file: settings and rules that a pipe has to tell, and does not, would be none.
        #expect(throws: Errno.noData) { try File.read(pipe, limit: 1) }
    }
}
