// Whom proxies speak for, and who is not believed. Trusted are 10.0.0.0/8, 2001:db8:ffff::/48 and 192.0.2.1.
import HTTPWire
import Kernel
import Rules
import Testing

@Suite struct ClientAddressTests {
    /// Finds the client of a request that comes from 10.0.0.1 unless said otherwise.
    private func client(_ lines: [String], peer: String = "10.0.0.1") throws -> ClientAddress {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "Accept: x\r\n\r\n"
        let bytes = Array(text.utf8)
        let head = try RequestHead.parse(bytes.span, limits: HeadLimits())
        let trusted = try [AddressRange](ranges: "10.0.0.0/8 2001:db8:ffff::/48 192.0.2.1".utf8Span.span, limit: 3)
        let address = try #require(InternetAddress(peer))
        return ClientAddress(of: head, in: bytes.span, peer: address, trusted: trusted)
    }

    @Test(arguments: [
        // One hop, in all the ways in which an address is written.
        (["X-Forwarded-For: 198.51.100.7"], "198.51.100.7"),
        (["x-forwarded-for:\t 198.51.100.7 \t"], "198.51.100.7"),
        (["X-Forwarded-For: 198.51.100.7:4711"], "198.51.100.7"),
        (["X-Forwarded-For: 2001:db8::7"], "2001:db8::7"),
        (["X-Forwarded-For: [2001:db8::7]"], "2001:db8::7"),
        (["X-Forwarded-For: [2001:DB8:0::7]:4711"], "2001:db8::7"),
        (["X-Forwarded-For: ::ffff:198.51.100.7"], "198.51.100.7"),
        (["Forwarded: for=198.51.100.7"], "198.51.100.7"),
        (["Forwarded: For=\"198.51.100.7:4711\""], "198.51.100.7"),
        (["Forwarded: for=\"198.51.100.7:_hidden\""], "198.51.100.7"),
        (["forwarded: proto=https;FOR=\"[2001:db8::7]:4711\";by=203.0.113.43"], "2001:db8::7"),
        (["Forwarded: by=\"a;b,for=x\" ; for=198.51.100.7; host=\"a\""], "198.51.100.7"),
        (["Forwarded: ;;for=198.51.100.7;"], "198.51.100.7"),
        // From right to left, up to the first that is not trusted.
        (["X-Forwarded-For: 203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (["X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.1.1.1"], "198.51.100.7"),
        (["X-Forwarded-For: 198.51.100.7,192.0.2.1 ,[2001:db8:ffff::1]:1,10.1.1.1"], "198.51.100.7"),
        (["X-Forwarded-For: 10.9.9.9, 10.1.1.1"], "10.9.9.9"),
        (["Forwarded: for=203.0.113.9, for=198.51.100.7;proto=http, for=10.1.1.1"], "198.51.100.7"),
        // What the client made up stands to the left.
        (["X-Forwarded-For: 10.5.5.5, 198.51.100.7"], "198.51.100.7"),
        (["X-Forwarded-For: garbage, 198.51.100.7"], "198.51.100.7"),
        (["X-Forwarded-For: \"10.5.5.5, 198.51.100.7"], "198.51.100.7"),
        (["Forwarded: for=\"10.5.5.5, for=198.51.100.7"], "198.51.100.7"),
        (["Forwarded: for=10.5.5.5, for=\", for=\"[2001:db8::7]:1\""], "2001:db8::7"),
        (["Forwarded: for=\"\\\", for=198.51.100.7"], "198.51.100.7"),
        (["Forwarded: for=203.0.113.9, for=198.51.100.7;x=\"a\\\"b\""], "198.51.100.7"),
        (["Forwarded: for=203.0.113.9, for=198.51.100.7;x=\"a\\\\\""], "198.51.100.7"),
        // Empty elements and several lines.
        (["X-Forwarded-For: , 198.51.100.7,, ,10.1.1.1, ,"], "198.51.100.7"),
        (["X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 10.1.1.1"], "198.51.100.7"),
        (["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.7"], "198.51.100.7"),
        (
            [
                "X-Forwarded-For: 198.51.100.7", "X-Other: 203.0.113.9", "X-FORWARDED-FOR:",
                "x-forwarded-for: ,10.1.1.1",
            ], "198.51.100.7"
        ),
        (["Forwarded: for=198.51.100.7", "Forwarded: for=10.2.2.2", "Forwarded: for=10.1.1.1"], "198.51.100.7"),
        // Both fields, when they agree.
        (["X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7"], "198.51.100.7"),
        (["X-Forwarded-For: 198.51.100.7, 10.1.1.1", "Forwarded: for=203.0.113.9, for=198.51.100.7"], "198.51.100.7"),
        (["X-Forwarded-For: 198.51.100.7", "Forwarded:"], "198.51.100.7"),
    ])
    func `the client is the first from the right that is no trusted proxy`(_ lines: [String], _ expected: String) throws
    {
        let found = try client(lines)
        #expect(found.address.description == expected)
        #expect(found.isKnown && found.isForwarded)
    }

    @Test(arguments: [
        // What is no address.
        (["X-Forwarded-For: unknown"], "10.0.0.1"),
        (["X-Forwarded-For: _hidden"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7, unknown"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7, unknown, 10.1.1.1"], "10.1.1.1"),
        (["X-Forwarded-For: example.org"], "10.0.0.1"),
        (["X-Forwarded-For: fe80::1%eth0"], "10.0.0.1"),
        (["X-Forwarded-For: [fe80::1%25eth0]:80"], "10.0.0.1"),
        (["X-Forwarded-For: \"198.51.100.7\""], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7 203.0.113.9"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7;203.0.113.9"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.007"], "10.0.0.1"),
        (["X-Forwarded-For: 0xc6.51.100.7"], "10.0.0.1"),
        (["X-Forwarded-For: 3325256711"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7:"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7:port"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7:123456"], "10.0.0.1"),
        (["X-Forwarded-For: [198.51.100.7]:80"], "10.0.0.1"),
        (["X-Forwarded-For: [2001:db8::7"], "10.0.0.1"),
        (["X-Forwarded-For: 2001:db8::7]"], "10.0.0.1"),
        (["X-Forwarded-For: [2001:db8::7]80"], "10.0.0.1"),
        (["X-Forwarded-For: []:80"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7/32"], "10.0.0.1"),
        (["X-Forwarded-For: for=198.51.100.7"], "10.0.0.1"),
        (["Forwarded: 198.51.100.7"], "10.0.0.1"),
        (["Forwarded: for=unknown"], "10.0.0.1"),
        (["Forwarded: for=_SEVKISEK"], "10.0.0.1"),
        (["Forwarded: for=\"_gazonk\", for=10.1.1.1"], "10.1.1.1"),
        (["Forwarded: for=198.51.100.7:4711"], "10.0.0.1"),
        (["Forwarded: for=[2001:db8::7]"], "10.0.0.1"),
        (["Forwarded: for=\"2001:db8::7\""], "10.0.0.1"),
        (["Forwarded: for=\"198.51.100\\.7\""], "10.0.0.1"),
        (["Forwarded: for=198.51.100.7\""], "10.0.0.1"),
        (["Forwarded: for=\"198.51.100.7\"x"], "10.0.0.1"),
        (["Forwarded: for=198.51.100.7;x=\"a\\"], "10.0.0.1"),
        (["Forwarded: for=198.51.100.7;for=203.0.113.9"], "10.0.0.1"),
        (["Forwarded: for="], "10.0.0.1"),
        (["Forwarded: for=\"\""], "10.0.0.1"),
        (["Forwarded: for = 198.51.100.7"], "10.0.0.1"),
        (["Forwarded: =198.51.100.7"], "10.0.0.1"),
        (["Forwarded: xfor=198.51.100.7"], "10.0.0.1"),
        (["Forwarded: proto=https;host=a"], "10.0.0.1"),
        (["Forwarded: for=198.51.100.7, by=10.1.1.1"], "10.0.0.1"),
        // Absurd lengths.
        (["X-Forwarded-For: " + String(repeating: "1", count: 9000)], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7, " + String(repeating: "10.1.1.1,", count: 40)], "10.1.1.1"),
        (["Forwarded: for=198.51.100.7;x=\"" + String(repeating: "a", count: 600) + "\""], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7"] + [String](repeating: "X-Forwarded-For: ,", count: 60), "10.0.0.1"),
        // Two fields that contradict each other.
        (["X-Forwarded-For: 198.51.100.7", "Forwarded: for=203.0.113.9"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7", "Forwarded: for=10.1.1.1"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7", "Forwarded: for=unknown"], "10.0.0.1"),
        (["X-Forwarded-For: 198.51.100.7, 10.1.1.1", "Forwarded: for=unknown, for=10.1.1.1"], "10.0.0.1"),
    ])
    func `a client who is hidden or made up is not known`(_ lines: [String], _ lost: String) throws {
        let found = try client(lines)
        #expect(!found.isKnown && found.isForwarded)
        #expect(found.address.description == lost, "the trace ends at the last proxy that is believed")
    }

    @Test(arguments: [
        "X-Forwarded-For: 10.1.1.1", "X-Forwarded-For: 203.0.113.9", "Forwarded: for=10.1.1.1", "X-Real-IP: 10.1.1.1",
        "X-Forwarded-For: unknown", "Forwarded: for=\"",
    ])
    func `nothing is believed from others`(_ line: String) throws {
        for peer in ["198.51.100.7", "11.0.0.1", "127.0.0.1", "::1", "2001:db8:fffe::1"] {
            let found = try client([line, line].dropLast(line.hasPrefix("X-Real") ? 1 : 0), peer: peer)
            #expect(found == ClientAddress(try #require(InternetAddress(peer))))
        }
    }

    @Test func `a proxy that speaks for nobody speaks for itself`() throws {
        for lines in [[], ["X-Forwarded-For:"], ["X-Forwarded-For: , ,", "Forwarded: ,"], ["X-Real-IP: 203.0.113.9"]] {
            #expect(try client(lines) == ClientAddress(try #require(InternetAddress("10.0.0.1"))))
        }
    }

    @Test func `a proxy is trusted by its mapped address, too`() throws {
        #expect(
            try client(["X-Forwarded-For: 198.51.100.7"], peer: "::ffff:10.0.0.1").address.description == "198.51.100.7"
        )
    }
}
