// Paths and hosts: whatever a request names, its route points into the request, and a trusted host is one that may be trusted.

import HTTPWire
import Kernel

@testable import HTTPServer
@testable import Service

@Sendable func fuzzRoute(_ raw: [UInt8]) {
    let parts = raw.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
    let host = parts.count > 1 ? Array(parts[1]) : Array("a".utf8)
    let bytes = Array("GET /".utf8) + parts[0] + Array(" HTTP/1.1\r\nHost: ".utf8) + host + Array("\r\n\r\n".utf8)
    inExactMemory(bytes) { memory in
        let span = memory.span
        guard let head = try? RequestHead.parse(span) else { return }
        let peer = SocketAddress(InternetAddress(ipv4: 0x7f00_0001), port: 1)
        let request = Request(
            head: head, bytes: span, ticket: Ticket(slot: 0, generation: 0), peer: peer, isSecure: false)
        let route = Route(request)
        let path = head.path
        for key in route.keys {
            let isInside = key.lowerBound > path.lowerBound && key.upperBound <= path.upperBound
            expect(isInside, "a key beyond the path", printable(bytes))
            expect(!bytes[key.lowerBound..<key.upperBound].contains(0x2F), "a key with a slash", printable(bytes))
        }
        expect(route.isInAPI == bytes.dropFirst(4).starts(with: "/api/".utf8) || route.isUnknown, "API or not")
        let name = head.host.span(in: span)
        let text = String(decoding: bytes[head.host.lowerBound..<head.host.upperBound], as: UTF8.self)
        if HostName.isLoopback(name) { expect(HostName.isLoopbackOrPrivate(name), "loopback, but not trusted", text) }
        if HostName.isLoopbackOrPrivate(name) {
            expect(isKnownPrivate(text.lowercased()), "a host that may be anybody's", text)
        }
    }
}

extension Route {
    /// The key that the path names, if the route has one.
    fileprivate var keys: [ByteRange] {
        switch self {
        case .reveal(let key), .receipt(let key), .burn(let key): [key]
        case .secretPage(let key), .receiptPage(let key), .burnPage(let key), .brandPart(_, let key): [key]
        default: []
        }
    }
}

private func isKnownPrivate(_ host: String) -> Bool {
    if host.hasPrefix("[") {
        return ["[::1]", "[fc", "[fd", "[fe80"].contains { host.hasPrefix($0) }
    }
    let name = host.split(separator: ":", omittingEmptySubsequences: false)[0]
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    let numbers = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard numbers.count == 4, !numbers.contains(nil), let first = numbers[0], let second = numbers[1] else {
        return false
    }
    return first == 127 || first == 10 || (first, second) == (192, 168) || (first, second) == (169, 254)
        || (first == 172 && 16...31 ~= second)
}
