// Addresses as people write them.

import Testing

@testable import Kernel

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:7143", "127.0.0.1:7143"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("255.255.255.255:65535", "255.255.255.255:65535"),
        ("localhost:80", "127.0.0.1:80"),
        ("[::1]:7143", "[::1]:7143"),
        ("[::]:8080", "[::]:8080"),
        ("[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]:443"),
        ("[::ffff:10.0.0.1]:443", "10.0.0.1:443"),
    ])
    func `an address is read and printed as it stands in a URL`(_ text: String, _ printed: String) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.description == printed)
        #expect(SocketAddress(printed) == address)
    }

    @Test(arguments: [
        "", ":", "7143", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80", "127.0.0.1:8 0",
        "127.0.0.1: 80", "127.1:80", "127.0.0.1.1:80", "256.0.0.1:80", "example.org:80", "::1:80", "[::1]", "[::1]80",
        "[]:80", "[:::1]:80", "[127.0.0.1]:80", "127.0.0.1\0:80", "127.0.0.1:80\0", " 127.0.0.1:80", "127.0.0.1:８０",
    ])
    func `anything else is no address`(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test func `only all zeroes is every address of the host`() {
        #expect(SocketAddress("0.0.0.0:1")?.isUnspecified == true)
        #expect(SocketAddress("[::]:1")?.isUnspecified == true)
        #expect(SocketAddress("127.0.0.1:1")?.isUnspecified == false)
        #expect(SocketAddress("[::1]:1")?.isUnspecified == false)
    }

    @Test func `addresses are equal when host and port are`() throws {
        let address = try #require(SocketAddress("10.1.2.3:80"))
        #expect(address == SocketAddress("10.1.2.3:80"))
        #expect(address != SocketAddress("10.1.2.3:81"))
        #expect(address != SocketAddress("10.1.2.4:80"))
    }

    @Test func `the port that the kernel chose is told in either family`() throws {
        for text in ["127.0.0.1:0", "[::1]:0"] {
            let address = try #require(SocketAddress(text))
            guard let listener = try? Socket.listening(on: address) else { continue }  // A machine without IPv6.
            let bound = listener.localAddress
            let local = try #require(bound)
            #expect(local.isIPv4 == address.isIPv4)
            #expect(local.port != 0)
            #expect((0..<16).allSatisfy { local.bytes[$0] == address.bytes[$0] })
        }
    }
}
