// `onetime-lite check`: is a server well? For HEALTHCHECK, in an image that has no other program.
import HTTPServer
import Kernel
import TLS

enum CheckCommand {
    /// Asks for `/health`, by TLS if that is what the port speaks. Returns 0 if the answer is 200, else 1.
    static func run(_ configuration: Configuration) -> Int32 {
        guard var address = configuration.listen else { return 1 }
        if address.isUnspecified, let loopback = SocketAddress("127.0.0.1:\(address.port)") { address = loopback }
        do throws(Errno) {
            let server = configuration.server
            let header =
                server.expectsProxyHeader
                && (server.trustedProxies.isEmpty || server.trustedProxies.cover(address.host))
            var answer = try ask(address, withProxyHeader: header, isSecure: false)
            // A port that speaks TLS answers so to those who do not.
            if answer == .redirect { answer = try ask(address, withProxyHeader: header, isSecure: true) }
            if answer != .well { Console.failure("\(address) answers, but not well") }
            return answer == .well ? 0 : 1
        } catch {
            Console.failure("\(address) does not answer: \(error)")
            return 1
        }
    }

    private enum Answer { case well, redirect, other }

    /// - Parameter withProxyHeader: says LOCAL in the PROXY protocol, as a proxy does that asks for itself.
    private static func ask(_ address: SocketAddress, withProxyHeader: Bool, isSecure: Bool) throws(Errno) -> Answer {
        let socket = try Socket.connected(to: address, timeoutSeconds: 3)
        if withProxyHeader {
            let local: [16 of UInt8] = [
                0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0x00, 0x00,
            ]
            _ = try socket.send(local.span)
        }
        let request: StaticString = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        // A StaticString is bytes that live as long as the program; the pointer is how it shows them.
        let text = unsafe UnsafeBufferPointer(start: request.utf8Start, count: request.utf8CodeUnitCount)
        let bytes = unsafe Span(_unsafeElements: text)
        var answer: [12 of UInt8] = .init(repeating: 0)
        var room = answer.mutableSpan
        if isSecure {
            guard var session = TLSSession.unverifiedClient(on: socket.rawValue), session.shakeHands() == .moved(0),
                session.send(bytes) == .moved(bytes.count), session.receive(into: &room) == .moved(12)
            else { return .other }
        } else {
            _ = try socket.send(bytes)
            guard try socket.receive(into: &room) == 12 else { return .other }
        }
        return starts(answer, "HTTP/1.1 200") ? .well : starts(answer, "HTTP/1.1 307") ? .redirect : .other
    }

    private static func starts(_ answer: [12 of UInt8], _ text: StaticString) -> Bool {
        (0..<12).allSatisfy { unsafe answer[$0] == text.utf8Start[$0] }
    }
}
