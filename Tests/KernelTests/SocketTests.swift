// Bytes through sockets, and what happens when the kernel does less than it was asked for.

import Glibc
import Testing

@testable import Kernel

@Suite struct SocketTests {
    @Test func `what one end sends the other receives`() throws {
        let ends = try Loopback()
        let sent = try ends.caller.send([1, 2, 3])
        #expect(sent == 3)
        let received = try ends.accepted.receive()
        #expect(received == [1, 2, 3])
    }

    @Test func `an accepted socket with nothing to read does not block`() throws {
        let ends = try Loopback()
        let received = try ends.accepted.receive()
        #expect(received == nil)
    }

    @Test func `whoever is accepted has the address that he calls from`() throws {
        let listener = try Socket.listening(on: Loopback.anyPort)
        let listening = listener.localAddress
        let caller = try Socket.connected(to: try #require(listening), timeoutSeconds: 5)
        let own = caller.localAddress
        var peer: SocketAddress?
        let isThere = try listener.accept(from: &peer) != nil
        #expect(isThere)
        #expect(peer == own)
    }

    @Test func `connections within the machine are not paced`() throws {
        let ends = try Loopback()
        var name = [UInt8](repeating: 0, count: 16)
        var length = socklen_t(name.count)
        let status = unsafe getsockopt(ends.accepted.rawValue, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &length)
        #expect(status == 0)
        #expect(Array(name.prefix { $0 != 0 }) == Array("reno".utf8))
    }

    @Test func `what is peeked at is still there, and what comes later is behind it`() throws {
        let ends = try Loopback()
        _ = try ends.caller.send([1, 2])
        var first = [UInt8](repeating: 0, count: 8)
        var room = first.mutableSpan
        let before = try ends.accepted.peek(into: &room)
        #expect(before == 2)
        _ = try ends.caller.send([3])
        let all = try ends.accepted.receive()
        #expect(all == [1, 2, 3])
        let nothing = try ends.accepted.peek(into: &room) == nil
        #expect(nothing)
    }

    @Test func `a listener with nobody waiting accepts nobody`() throws {
        let ends = try Loopback()
        let second = try ends.listener.accept() == nil
        #expect(second)
    }

    @Test func `the end of the stream is no bytes rather than nothing`() throws {
        let ends = try Loopback()
        ends.caller.finishSending()
        let received = try ends.accepted.receive()
        #expect(received == [])
    }

    @Test func `a kernel that takes only a part of what is sent says so, and the rest can follow`() throws {
        let ends = try Loopback()
        let made = try calls(under: [(.send, .atMost(3)), (.send, .atMost(1))]) {
            let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
            var done = 0
            var steps: [Int] = []
            while done < bytes.count {
                let sent = try ends.caller.send(Array(bytes[done...]))
                let step = try #require(sent)
                steps.append(step)
                done += step
            }
            #expect(steps == [3, 1, 2])
        }
        #expect(made == [.send, .send, .send])
        let received = try ends.accepted.receive()
        #expect(received == [1, 2, 3, 4, 5, 6])
    }

    @Test func `sending is tried again when a signal interrupts it`() throws {
        let ends = try Loopback()
        let made = try calls(under: [(.send, .failure(.interrupted)), (.send, .failure(.interrupted))]) {
            let sent = try ends.caller.send([7])
            #expect(sent == 1)
        }
        #expect(made == [.send, .send, .send])
    }

    @Test func `receiving is tried again when a signal interrupts it`() throws {
        let ends = try Loopback()
        _ = try ends.caller.send([7, 8])
        let made = try calls(under: [(.receive, .failure(.interrupted)), (.receive, .atMost(1))]) {
            let received = try ends.accepted.receive()
            #expect(received == [7])
        }
        #expect(made == [.receive, .receive])
        let rest = try ends.accepted.receive()
        #expect(rest == [8])
    }

    @Test func `a full send buffer is no room right now, and no error`() throws {
        let ends = try Loopback()
        _ = try calls(under: [(.send, .failure(.wouldBlock))]) {
            let sent = try ends.accepted.send([1])
            #expect(sent == nil)
        }
        let much = [UInt8](repeating: 1, count: 1 << 20)
        var total = 0
        while let sent = try ends.accepted.send(much) { total += sent }
        #expect(total > 0)
    }

    @Test func `running out of descriptors is reported, and the one who calls is still there afterwards`() throws {
        let listener = try Socket.listening(on: Loopback.anyPort)
        let bound = listener.localAddress
        let address = try #require(bound)
        let caller = try Socket.connected(to: address, timeoutSeconds: 5)
        _ = calls(under: [
            (.accept, .failure(.tooManyOpenFiles)), (.accept, .failure(.tooManyOpenFilesInSystem)),
        ]) {
            #expect(throws: Errno.tooManyOpenFiles) { _ = try listener.accept() }
            #expect(throws: Errno.tooManyOpenFilesInSystem) { _ = try listener.accept() }
        }
        let isThere = try listener.accept() != nil
        #expect(isThere)
        _ = caller.rawValue
    }

    @Test func `a connection that was aborted before it was accepted is nobody`() throws {
        let ends = try Loopback()
        _ = try calls(under: [(.accept, .failure(.connectionAborted)), (.accept, .failure(.interrupted))]) {
            let first = try ends.listener.accept() == nil
            let second = try ends.listener.accept() == nil
            #expect(first && second)
        }
    }

    @Test func `sending to one who is gone is an error and not the end of the process`() throws {
        let ends = try Loopback()
        let accepted = close(ends)
        #expect(throws: Errno.self) {
            // The first bytes are answered by a reset, which may take a moment to come.
            for _ in 0..<100_000 { _ = try accepted.send([1]) }
        }
    }

    /// Closes all but the accepted end.
    private func close(_ ends: consuming Loopback) -> Socket {
        let loopback = ends
        return loopback.accepted
    }

    @Test func `an address that is listened on already is reported as in use`() throws {
        let listener = try Socket.listening(on: Loopback.anyPort)
        let bound = listener.localAddress
        let address = try #require(bound)
        #expect(address.port != 0)
        #expect(throws: Errno.addressInUse) { _ = try Socket.listening(on: address) }
    }

    @Test func `nobody listening is a refusal with the kernel's words`() throws {
        let bound = try Socket.listening(on: Loopback.anyPort).localAddress
        let address = try #require(bound)
        do {
            _ = try Socket.connected(to: address, timeoutSeconds: 5)
            Issue.record("somebody listens")
        } catch {
            #expect(error.description == "Connection refused")
        }
    }
}
