// Many datagrams with one call.
import Glibc
import Testing

@testable import Kernel

@Suite struct DatagramTests {
    @Test func `datagrams that are sent together arrive one by one, as many as there is room for`() throws {
        let pair = try Self.pair()
        let texts = (0..<1000).map { "\($0)" }
        let bytes = Array(texts.joined().utf8)
        var ends: [Int] = []
        for text in texts { ends.append((ends.last ?? 0) + text.utf8.count) }
        var (sent, received, refusals) = (0, [String](), 0)
        while received.count < texts.count {
            var count = 1
            while sent < texts.count, count > 0 {
                let taken = try pair.sender.send(datagrams: bytes.span, endingAt: ends.span, from: sent)
                if taken == nil { refusals += 1 }
                count = taken ?? 0
                sent += count
            }
            while let datagram = try pair.receiver.receive() {
                received.append(String(decoding: datagram, as: UTF8.self))
            }
        }
        #expect(received == texts)
        #expect(refusals > 0)
    }

    @Test func `what is wrong with one is said once those before it are sent`() throws {
        let pair = try Self.pair()
        let ends = [1, 3, 3 + (1 << 20), 4 + (1 << 20)]
        let bytes = [UInt8](repeating: 0x61, count: 4 + (1 << 20))
        let sent = try pair.sender.send(datagrams: bytes.span, endingAt: ends.span, from: 0)
        #expect(sent == 2)
        #expect(throws: Errno.messageTooLarge) {
            _ = try pair.sender.send(datagrams: bytes.span, endingAt: ends.span, from: 2)
        }
        let last = try pair.sender.send(datagrams: bytes.span, endingAt: ends.span, from: 3)
        #expect(last == 1)
        for count in [1, 2, 1] {
            let datagram = try pair.receiver.receive()
            #expect(datagram?.count == count)
        }
    }

    private static func pair() throws -> Ends {
        var descriptors: [2 of Int32] = [-1, -1]
        // SOCK_DGRAM and SOCK_NONBLOCK, which the module leaves out.
        let kind: Int32 = 2 | 0o4000
        let status = unsafe withUnsafeMutablePointer(to: &descriptors) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe socketpair(AF_UNIX, kind, 0, $0) }
        }
        guard status == 0 else { throw Errno.last }
        return Ends(
            sender: Socket(FileDescriptor(owning: descriptors[0])),
            receiver: Socket(FileDescriptor(owning: descriptors[1])))
    }

    private struct Ends: ~Copyable {
        let sender: Socket
        let receiver: Socket
    }
}
