// `onetime-lite check`: is a server well? For HEALTHCHECK, in an image that has no other program.
import Kernel

enum CheckCommand {
    /// Asks for `/health`. Returns 0 if the answer is 200, else 1.
    static func run(_ configuration: Configuration) -> Int32 {
        guard var address = configuration.listen else { return 1 }
        if address.isUnspecified, let loopback = SocketAddress("127.0.0.1:\(address.port)") { address = loopback }
        do throws(Errno) {
            let socket = try Socket.connected(to: address, timeoutSeconds: 3)
            let request: StaticString = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let bytes = unsafe UnsafeBufferPointer(start: request.utf8Start, count: request.utf8CodeUnitCount)
            _ = try socket.send(unsafe Span(_unsafeElements: bytes))
            var answer: [12 of UInt8] = .init(repeating: 0)
            var room = answer.mutableSpan
            let count = try socket.receive(into: &room) ?? 0
            let expected: StaticString = "HTTP/1.1 200"
            let isWell = count == 12 && (0..<12).allSatisfy { unsafe answer[$0] == expected.utf8Start[$0] }
            if !isWell { Console.failure("\(address) answers, but not well") }
            return isWell ? 0 : 1
        } catch {
            Console.failure("\(address) does not answer: \(error)")
            return 1
        }
    }
}
