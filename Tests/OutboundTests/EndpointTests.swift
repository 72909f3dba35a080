// Whom a sender takes for whom, and whom it may call.
import Kernel
import Testing

@testable import Outbound

@Suite struct EndpointTests {
    @Test func `a host has a name or an address, and a port`() throws {
        let named = try #require(Endpoint("Secrets.Example:8443", defaultPort: 443))
        #expect(named.host == "secrets.example" && named.port == 8443 && named.address == nil)
        let literal = try #require(Endpoint("[::1]", defaultPort: 443))
        #expect(literal.host == "[::1]" && literal.port == 443 && literal.address == SocketAddress("[::1]:443"))
        let absolute = try #require(Endpoint("log.example.", defaultPort: 514))
        #expect(absolute.plainHost == "log.example")
        let local = try #require(Endpoint("localhost", defaultPort: 514))
        #expect(local.address == nil)
    }

    @Test(arguments: [
        "", ":443", "a:", "a:0", "a:65536", "a:+1", "a b", "a..b", "-a", "a-", "ä", "2130706433", "0x7f.1", "127.1",
        "127.0.0.1.",
        "127.0.0.01", "[::1", "::1", "[127.0.0.1]", "a.0x10", "1.2.3.4.5", "a/b", "a@b", "a\0b",
    ])
    func `what could mean several things is no host`(_ text: String) {
        #expect(Endpoint(Substring(text), defaultPort: 443) == nil)
    }

    @Test(arguments: [
        "127.0.0.1", "10.255.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "172.31.0.1", "192.168.0.1",
        "198.18.0.1",
        "203.0.113.9", "240.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "[::7f00:1]", "[fe80::1]", "[fd00::1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::1]", "[2002:a00:1::]", "[2001::1]", "[2001:db8::1]", "[3fff::1]", "[fec0::1]",
    ])
    func `addresses that not everybody can reach are called only where that is allowed`(_ text: String) throws {
        let address = try #require(SocketAddress(text + ":443"))
        #expect(!AddressPolicy.publicOnly.allows(address))
        #expect(AddressPolicy.anyHost.allows(address) && AddressPolicy.privateOnly.allows(address))
    }

    @Test(arguments: [
        "1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "[2606:4700::1]", "[64:ff9b::101:101]", "[2001:200::1]",
    ])
    func `public addresses are called, but never where plain HTTP would go`(_ text: String) throws {
        let address = try #require(SocketAddress(text + ":443"))
        #expect(AddressPolicy.publicOnly.allows(address) && AddressPolicy.anyHost.allows(address))
        #expect(!AddressPolicy.privateOnly.allows(address))
    }

    @Test(arguments: ["0.0.0.0", "[::]", "224.0.0.1", "255.255.255.255", "[ff02::1]", "[::ffff:0.0.0.0]"])
    func `addresses of nobody and of many are never called`(_ text: String) throws {
        let address = try #require(SocketAddress(text + ":443"))
        #expect(![AddressPolicy.publicOnly, .anyHost, .privateOnly].contains { $0.allows(address) })
    }
}
