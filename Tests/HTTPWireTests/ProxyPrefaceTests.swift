// The header of the PROXY protocol: whom it names, where it ends, and what is none.
import HTTPWire
import TestRandomness
import Testing

@Suite struct ProxyPrefaceTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    private static let ipv4: [UInt8] = [198, 51, 100, 7, 10, 0, 0, 1, 0x12, 0x67, 0, 80]
    private static let ipv6: [UInt8] =
        [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 9, count: 16) + [
            0x12, 0x67, 0, 80,
        ]

    private func header(_ command: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? body.count
        return Self.signature + [command, family, UInt8(length >> 8), UInt8(length & 255)] + body
    }

    /// Feeds a header in pieces, never more than are missing. Returns it when it is complete, and how much was left over.
    private func read(_ bytes: [UInt8], piece: Int) throws -> (preface: ProxyPreface, rest: Int) {
        var (preface, place) = (ProxyPreface(), 0)
        while preface.missing > 0, place < bytes.count {
            let count = min(piece, preface.missing, bytes.count - place)
            try preface.take(Array(bytes[place..<place + count]).span)
            place += count
        }
        return (preface, bytes.count - place)
    }

    @Test(arguments: [1, 5, 64, 5000])
    func `a client is named in either family, and nothing behind the header is taken`(_ piece: Int) throws {
        let extensions: [UInt8] = [0x04, 0, 3, 1, 2, 3] + [UInt8](repeating: 0xee, count: 700)
        for more in [[], extensions] {
            let four = try read(header(0x21, 0x11, Self.ipv4 + more) + Array("GET".utf8), piece: piece)
            #expect(four.rest == 3 && four.preface.missing == 0)
            let source = try #require(four.preface.source)
            #expect(source.port == 0x1267)
            #expect(
                (0..<16).map { source.bytes[$0] } == [UInt8](repeating: 0, count: 10) + [255, 255, 198, 51, 100, 7])
            let six = try read(header(0x21, 0x21, Self.ipv6 + more) + Array("GET".utf8), piece: piece)
            #expect(six.rest == 3)
            let long = try #require(six.preface.source)
            #expect(long.port == 0x1267)
            #expect((0..<16).map { long.bytes[$0] } == Array(Self.ipv6[..<16]))
        }
    }

    @Test func `a proxy that speaks for itself, or for nobody on the Internet, names nobody`() throws {
        let headers = [
            header(0x20, 0x00, []), header(0x20, 0x11, Self.ipv4), header(0x20, 0xff, [1, 2, 3]),
            header(0x21, 0x00, []),
            header(0x21, 0x00, [1, 2, 3]), header(0x21, 0x31, [UInt8](repeating: 1, count: 216)),
        ]
        for bytes in headers {
            let (preface, rest) = try read(bytes + [1], piece: 7)
            #expect(preface.missing == 0 && rest == 1 && preface.source == nil)
        }
    }

    @Test func `half a header names nobody yet`() throws {
        let bytes = header(0x21, 0x11, Self.ipv4)
        for count in 0..<bytes.count {
            let (preface, _) = try read(Array(bytes[..<count]), piece: 3)
            #expect(preface.missing > 0 && preface.source == nil)
        }
    }

    @Test func `anything else is refused as soon as it is seen`() {
        #expect(throws: ProxyFault.signature) { try read(Array("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n".utf8), piece: 1) }
        #expect(throws: ProxyFault.signature) { try read(Array("G".utf8), piece: 1) }
        #expect(throws: ProxyFault.signature) { try read(Self.signature.dropLast() + [11], piece: 16) }
        for command: UInt8 in [0x11, 0x22, 0x2f, 0x31, 0x00, 0xff] {
            #expect(throws: ProxyFault.version) { try read(header(command, 0x11, Self.ipv4), piece: 16) }
        }
        for family: UInt8 in [0x10, 0x12, 0x13, 0x20, 0x22, 0x30, 0x32, 0x41, 0x01, 0xff] {
            #expect(throws: ProxyFault.family) { try read(header(0x21, family, Self.ipv6), piece: 16) }
        }
        #expect(throws: ProxyFault.length) { try read(header(0x21, 0x11, Array(Self.ipv4.dropLast())), piece: 16) }
        #expect(throws: ProxyFault.length) { try read(header(0x21, 0x21, Array(Self.ipv6.dropLast())), piece: 16) }
        #expect(throws: ProxyFault.length) { try read(header(0x21, 0x11, Self.ipv4, length: 4081), piece: 16) }
        #expect(throws: ProxyFault.length) { try read(header(0x20, 0x00, [], length: 65535), piece: 16) }
        #expect(throws: Never.self) { try read(header(0x21, 0x11, Self.ipv4, length: 4080), piece: 16) }
    }

    @Test func `random bytes behind the signature never take the reader out of bounds`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let bytes =
                Self.signature
                + generator.bytes(
                    Int.random(in: 0..<80, using: &generator), from: [0, 1, 0x11, 0x20, 0x21, 0x31, 36, 255])
            _ = try? read(bytes, piece: Int.random(in: 1...80, using: &generator))
        }
    }
}
