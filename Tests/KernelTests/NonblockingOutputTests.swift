// Writing without waiting: what a pipe, a socket and a file are given at one time.
import Foundation
import Testing

@testable import Kernel

@Suite struct NonblockingOutputTests {
    private struct Ends: ~Copyable {
        let reader: FileDescriptor
        let writer: FileDescriptor

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(unsafe pipe(&ends) == 0)
            reader = FileDescriptor(owning: ends[0])
            writer = FileDescriptor(owning: ends[1])
        }

        /// How many bytes the pipe holds: F_GETPIPE_SZ.
        var capacity: Int { Int(fcntl(writer.rawValue, 1032)) }
    }

    // Checks look into copies; these are none.
    private static func neverWaits(_ descriptor: Int32) -> Bool { NonblockingOutput(descriptor).neverWaits }

    private static let many = [UInt8](repeating: 0x78, count: 1 << 20)

    @Test func `a pipe with one writer holds more, and takes a large piece while it is empty`() throws {
        let ends = try Ends()
        let before = ends.capacity
        let output = NonblockingOutput(ends.writer.rawValue, isAlone: true)
        #expect(ends.capacity > before)
        let most = output.wholeCount
        #expect(most == ends.capacity / 2 && most > NonblockingOutput.pieceSize)
        let taken = try output.write(Self.many.span, upTo: most)
        #expect(taken == most)
        let next = output.wholeCount
        #expect(next == NonblockingOutput.pieceSize)
    }

    @Test func `a pipe that others write to stays as it is, and takes only what cannot be torn`() throws {
        let ends = try Ends()
        let before = ends.capacity
        let output = NonblockingOutput(ends.writer.rawValue)
        let most = output.wholeCount
        #expect(ends.capacity == before && most == NonblockingOutput.pieceSize)
        let taken = try output.write(Self.many.span)
        #expect(taken == NonblockingOutput.pieceSize)
    }

    @Test func `a pipe with something in it is not made to hold more`() throws {
        let ends = try Ends()
        try FileDescriptor.write([1].span, to: ends.writer.rawValue)
        let before = ends.capacity
        _ = NonblockingOutput(ends.writer.rawValue, isAlone: true)
        #expect(ends.capacity == before)
    }

    @Test(arguments: [true, false]) func `a full pipe takes nothing, and others still wait for it`(isAlone: Bool) throws
    {
        let ends = try Ends()
        let output = NonblockingOutput(ends.writer.rawValue, isAlone: isAlone)
        var written = 0
        while let count = try output.write(Self.many.span, upTo: output.wholeCount) { written += count }
        let hasRoom = output.waitForRoom(milliseconds: 0)
        #expect(written == ends.capacity && !hasRoom)
        #expect(fcntl(ends.writer.rawValue, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func `pipes, devices and sockets keep nobody waiting; a file may, and a pipe that nobody reads`() throws {
        let ends = try Ends()
        #expect(Self.neverWaits(ends.writer.rawValue))
        let nowhere = FileDescriptor(owning: unsafe open("/dev/null", O_WRONLY))
        #expect(Self.neverWaits(nowhere.rawValue))
        let socket = FileDescriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        #expect(Self.neverWaits(socket.rawValue))
        let path = NSTemporaryDirectory() + "onetime-output-\(UUID().uuidString)"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { unsafe _ = unlink(path) }
        var reader: FileDescriptor? = FileDescriptor(owning: unsafe open(path, O_RDONLY | O_NONBLOCK))
        let writer = FileDescriptor(owning: unsafe open(path, O_WRONLY))
        #expect(Self.neverWaits(writer.rawValue))
        _ = reader.take()
        #expect(!Self.neverWaits(writer.rawValue))
        let file = FileDescriptor(owning: unsafe open(path + "-file", O_WRONLY | O_CREAT, 0o600))
        defer { unsafe _ = unlink(path + "-file") }
        #expect(!Self.neverWaits(file.rawValue))
        #expect(FileDescriptor.isFile(file.rawValue) && !FileDescriptor.isFile(writer.rawValue))
    }

    @Test func `descriptors are the same that lead to the same pipe`() throws {
        let one = try Ends()
        let other = try Ends()
        let copy = FileDescriptor(owning: dup(one.writer.rawValue))
        #expect(FileDescriptor.areSame(one.writer.rawValue, copy.rawValue))
        #expect(!FileDescriptor.areSame(one.writer.rawValue, other.writer.rawValue))
        #expect(!FileDescriptor.areSame(-1, -1))
        let nothing = FileDescriptor(owning: unsafe open("/dev/null", O_WRONLY))
        let nothingToo = FileDescriptor(owning: unsafe open("/dev/null", O_WRONLY))
        #expect(FileDescriptor.areSame(nothing.rawValue, nothing.rawValue))
        #expect(!FileDescriptor.areSame(nothing.rawValue, nothingToo.rawValue))
    }
}
