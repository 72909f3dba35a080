// Two ends of a connection over the loopback, for tests.

@testable import Kernel

/// A listening socket, the end that called it, and the end that was accepted.
struct Loopback: ~Copyable {
    let listener: Socket
    let caller: Socket
    let accepted: Socket

    enum Failure: Error { case noAddress, noConnection }

    init() throws {
        let listener = try Socket.listening(on: Self.anyPort)
        guard let address = listener.localAddress else { throw Failure.noAddress }
        let caller = try Socket.connected(to: address, timeoutSeconds: 5)
        guard let accepted = try listener.accept() else { throw Failure.noConnection }
        self.listener = listener
        self.caller = caller
        self.accepted = accepted
    }

    /// 127.0.0.1, a port of the kernel's choice.
    static var anyPort: SocketAddress {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        bytes[10] = 0xff
        bytes[11] = 0xff
        bytes[12] = 127
        bytes[15] = 1
        return SocketAddress(bytes: bytes, port: 0, isIPv4: true)
    }
}

extension Socket {
    func accept() throws(Errno) -> Socket? {
        var peer: SocketAddress?
        return try accept(from: &peer)
    }

    func send(_ bytes: [UInt8]) throws(Errno) -> Int? {
        try send(bytes.span)
    }

    /// What comes next, at most `limit` bytes; nil when there is nothing right now, empty at the end.
    func receive(atMost limit: Int = 4096) throws(Errno) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        var span = bytes.mutableSpan
        guard let count = try receive(into: &span) else { return nil }
        return Array(bytes[..<count])
    }
}

/// Runs a body under a script and returns the calls that it made.
func calls(
    under outcomes: [(SystemCallScript.Call, SystemCallScript.Outcome)], _ body: () throws -> Void
) rethrows -> [SystemCallScript.Call] {
    let script = SystemCallScript(outcomes)
    try SystemCallScript.$current.withValue(script, operation: body)
    return script.trace
}
