// Who somebody is by his address: texts of addresses and ranges, what proxies write, and the header in front of a connection.

import Glibc
import Kernel
import Rules

@testable import HTTPWire

/// Texts of addresses as the C library judges them, of ranges as they mean, and of lists; each printed and read again.
@Sendable func fuzzNetworks(_ raw: [UInt8]) {
    var found: InternetAddress?
    inExactMemory(raw) { bytes in found = InternetAddress(bytes.span) }
    if !raw.contains(0) {
        let text = String(decoding: raw, as: UTF8.self)
        expect(found == known(text), "an address, judged otherwise", text)
    }
    if let found { checkAddress(found) }
    if raw.count >= 16 {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        for index in 0..<16 { bytes[index] = raw[index] }
        checkAddress(InternetAddress(bytes: bytes))
        for bits in 0...128 {
            guard let range = AddressRange(InternetAddress(bytes: bytes), sharedBits: bits) else { continue }
            // Beyond its first 96 bits a mapped range is of IPv4 addresses; before, no text can say it.
            if !range.first.isIPv4 || bits >= 96 { checkRange(range) }
        }
    }
    var list: [AddressRange]?
    inExactMemory(raw) { bytes in list = try? [AddressRange](ranges: bytes.span, limit: 8) }
    guard let list else { return }
    expect(list.count <= 8, "more ranges than may be")
    for range in list { checkRange(range) }
    let text = list.map(\.description).joined(separator: ", ")
    expect((try? [AddressRange](ranges: text.utf8Span.span, limit: 8)) == list, "a list is not itself again", text)
    let rule = NetworkRule(allowed: Array(list.dropFirst(2)), denied: Array(list.prefix(2)))
    for range in list {
        let isDenied = rule.denied.contains { $0.contains(range.first) }
        let isAllowed = rule.allowed.isEmpty || rule.allowed.contains { $0.contains(range.first) }
        expect(rule.permits(range.first) == (isAllowed && !isDenied), "a rule permits what it does not say", text)
    }
}

private func checkAddress(_ address: InternetAddress) {
    let text = address.description
    expect(InternetAddress(text) == address, "an address is not itself again", text)
    expect(known(text) == address, "the C library reads an address otherwise", text)
    expect(InternetAddress(bytes: address.bytes) == address, "an address has other bytes", text)
}

private func checkRange(_ range: AddressRange) {
    let text = range.description
    expect(AddressRange(text) == range, "a range is not itself again", text)
    let (first, bits) = (range.first, Int(range.sharedBits))
    expect(range.contains(first), "a range without its first address", text)
    for place in 0..<128 {
        let other = InternetAddress(
            high: first.high ^ (place < 64 ? 1 << UInt64(63 - place) : 0),
            low: first.low ^ (place < 64 ? 0 : 1 << UInt64(127 - place)))
        let isInside = place >= bits && other.isIPv4 == first.isIPv4
        expect(range.contains(other) == isInside, "a range with another address", "\(text) \(other)")
    }
}

/// What inet_pton(3) says of a text.
private func known(_ text: String) -> InternetAddress? {
    var (short, long) = (in_addr(), in6_addr())
    if unsafe inet_pton(AF_INET, text, &short) == 1 { return InternetAddress(ipv4: UInt32(bigEndian: short.s_addr)) }
    guard unsafe inet_pton(AF_INET6, text, &long) == 1 else { return nil }
    var bytes: [16 of UInt8] = .init(repeating: 0)
    unsafe withUnsafeBytes(of: long) { source in
        for index in 0..<16 { bytes[index] = unsafe source[index] }
    }
    return InternetAddress(bytes: bytes)
}

private let trusted: [AddressRange] = ["10.0.0.0/8", "2001:db8:ffff::/48"].compactMap { AddressRange($0) }
private let proxy = InternetAddress(ipv4: 0x0a00_0001)

/// X-Forwarded-For and Forwarded: what a trusted proxy appends is believed, whatever stands to the left of it, and nobody else is.
@Sendable func fuzzForwarded(_ raw: [UInt8]) {
    var random = Splits(raw)
    let lines = raw.split(separator: 10, omittingEmptySubsequences: false)
    let fields = lines.map { line -> [UInt8] in
        Array((line.first ?? 0) & 1 == 0 ? "X-Forwarded-For: ".utf8 : "Forwarded: ".utf8) + line.dropFirst()
    }
    if let found = client(fields, proxy), found.isKnown, !trusted.cover(found.address) {
        // More in front of the first line of each field changes nothing.
        let junk = Array(
            ["10.9.9.9", "unknown", "\"", "for=\"", "for=10.1.1.1;", "]", "for=\"\\\""][random.next(upTo: 7) - 1].utf8)
        let more = ["X-Forwarded-For: ", "Forwarded: "].map { Array($0.utf8) + junk + [0x2C] }
        // One that is empty is as good as none.
        let hasBoth = [UInt8(ascii: "X"), UInt8(ascii: "F")].map { letter in
            fields.contains {
                $0.first == letter && $0.drop { $0 != 0x3A }.dropFirst().contains { ![0x20, 9, 0x2C].contains($0) }
            }
        }
        let longer = (0..<2).filter { hasBoth[$0] }.map { more[$0] } + fields
        // One hop more may be one too many.
        if lines.count < 16, raw.count(where: { $0 == 0x2C }) < 16, let other = client(longer, proxy) {
            expect(other == found, "what stands to the left is believed", printable(longer.joined()))
        }
    }
    if let stranger = InternetAddress("203.0.113.9"), let found = client(fields, stranger) {
        expect(found == ClientAddress(stranger), "a stranger is believed", printable(raw))
    }

    // One line with anything, to which a trusted proxy appends whom it got it from. What ends a line would leave another one to him.
    if raw.contains(where: { $0 == 10 || $0 == 13 }) { return }
    let address =
        random.next(upTo: 2) == 1
        ? InternetAddress(ipv4: 0xc633_6400 | UInt32(raw.count & 255))
        : InternetAddress(high: 0x2001_0db8_0000_0000, low: UInt64(raw.count))
    let port = random.next(upTo: 2) == 1 ? ":\(random.next(upTo: 65535))" : ""
    let inBrackets = address.isIPv4 ? address.description : "[\(address)]"
    let node = inBrackets + port
    let needsQuotes = !address.isIPv4 || !port.isEmpty
    for element in ["X-Forwarded-For: \(node)", "Forwarded: proto=http;for=\(needsQuotes ? "\"\(node)\"" : node)"] {
        let cut = element.firstIndex(of: " ") ?? element.startIndex
        let line = Array(element[..<cut].utf8) + raw + Array(",".utf8) + Array(element[cut...].utf8)
        guard let found = client([line], proxy) else { continue }
        let isRight = found == ClientAddress(address, isForwarded: true)
        expect(isRight, "whom a trusted proxy names is not believed", printable(line))
    }
}

private func client(_ fields: [[UInt8]], _ peer: InternetAddress) -> ClientAddress? {
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + fields.flatMap { $0 + [13, 10] } + [13, 10]
    var found: ClientAddress?
    inExactMemory(bytes) { memory in
        let span = memory.span
        guard let head = try? RequestHead.parse(span) else { return }
        found = ClientAddress(of: head, in: span, peer: peer, trusted: trusted)
    }
    return found
}

/// The PROXY protocol: one verdict however a header arrives, that of a plain reading; and one that is written is read.
@Sendable func fuzzProxy(_ raw: [UInt8]) {
    let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    for bytes in [raw, signature + raw] {
        let ways = cuttings(of: bytes)
        let first = preface(bytes, ways[0])
        for cuts in ways.dropFirst() {
            let other = preface(bytes, cuts)
            expect(other == first, "a preface's verdict depends on how it is cut", "\(first) \(other) \(cuts)")
        }
        let plain = plainPreface(bytes)
        expect(first == plain, "a preface's verdict is not that of a plain reading", "\(first) \(plain)")
    }
    guard raw.count >= 36 else { return }
    for (family, size) in [(0x11 as UInt8, 4), (0x21, 16)] {
        let extensions = raw.dropFirst(36)
        let length = 2 * size + 4 + extensions.count
        let header = signature + [0x21, family, UInt8(length >> 8), UInt8(length & 255)]
        let addresses = raw.prefix(2 * size + 4)
        var expected: [16 of UInt8] = .init(repeating: 0)
        if size == 4 { (expected[10], expected[11]) = (255, 255) }
        for index in 0..<size { expected[16 - size + index] = raw[index] }
        let port = UInt16(raw[2 * size]) << 8 | UInt16(raw[2 * size + 1])
        let found = preface(header + addresses + extensions, [16 + length])
        let isSame = found == .complete(.init(bytes: expected, port: port), used: 16 + length)
        expect(isSame, "a header that was written is not read", "\(found)")
    }
}

private enum PrefaceVerdict: Equatable {
    case complete(ProxyPreface.Source?, used: Int)
    case incomplete
    case refused
}

private func preface(_ raw: [UInt8], _ cuts: [Int]) -> PrefaceVerdict {
    var (preface, fed, isRefused) = (ProxyPreface(), 0, false)
    for cut in cuts {
        while fed < cut, preface.missing > 0, !isRefused {
            let end = min(cut, fed + preface.missing)
            inExactMemory(raw[fed..<end]) { bytes in
                do throws(ProxyFault) { try preface.take(bytes.span) } catch { isRefused = true }
            }
            fed = end
            expect(fed <= ProxyPreface.maximumBytes, "a header longer than may be")
        }
        if isRefused { return .refused }
        if preface.missing == 0 { return .complete(preface.source, used: fed) }
        expect(preface.source == nil, "a source before the end")
    }
    return .incomplete
}

/// The specification, section 2.2, over all bytes.
private func plainPreface(_ raw: [UInt8]) -> PrefaceVerdict {
    let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    guard signature.starts(with: raw.prefix(12)) else { return .refused }
    guard raw.count >= 16 else { return .incomplete }
    let length = Int(raw[14]) << 8 | Int(raw[15])
    let sizes: [UInt8: Int] = [0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216]
    guard length + 16 <= 4096, raw[12] == 0x20 || raw[12] == 0x21 else { return .refused }
    if raw[12] == 0x21 {
        guard let size = sizes[raw[13]], length >= size else { return .refused }
    }
    guard raw.count >= 16 + length else { return .incomplete }
    guard raw[12] == 0x21, raw[13] == 0x11 || raw[13] == 0x21 else { return .complete(nil, used: 16 + length) }
    let size = raw[13] == 0x11 ? 4 : 16
    var bytes: [16 of UInt8] = .init(repeating: 0)
    if size == 4 { (bytes[10], bytes[11]) = (255, 255) }
    for index in 0..<size { bytes[16 - size + index] = raw[16 + index] }
    let port = UInt16(raw[16 + 2 * size]) << 8 | UInt16(raw[17 + 2 * size])
    return .complete(.init(bytes: bytes, port: port), used: 16 + length)
}
