// What comes back from those whom the server calls, and what it sends them: answers of name servers and webhooks, URLs, syslog.

import Kernel

@testable import Outbound

/// Answers of a name server: the first byte says what was asked, then come flags and counts, and what follows the question.
@Sendable func fuzzDNS(_ raw: [UInt8]) {
    let kind: DNSQuestion.Kind = (raw.first ?? 0) & 1 == 0 ? .ipv4 : .ipv6
    guard let question = DNSQuestion("www.a.example", kind, id: 0x1234) else { finding("a name fits no question") }
    inExactMemory(raw) { bytes in check(question.answer(in: bytes.span), kind) }
    let rest = Array(raw.dropFirst())
    var message = Array(question.bytes.prefix(2)) + [0x80 | (rest.first ?? 0) & 7] + rest.dropFirst().prefix(1)
    guard rest.count >= 4 else { return }
    message += [0, 1] + rest[2..<4] + [0, 0, 0, 0] + question.bytes.dropFirst(12) + rest.dropFirst(4)
    inExactMemory(message) { bytes in check(question.answer(in: bytes.span), kind) }
    // An answer to another question is none.
    message[1] ^= 1
    inExactMemory(message) { bytes in expect(question.answer(in: bytes.span) == nil, "an answer to no question") }

    // What a server writes is read: addresses of the name, or of one that aliases lead to, in any order.
    var random = Splits(raw)
    let aliases = (0..<random.next(upTo: 4) - 1).map { "x\($0).example" }
    let addresses = raw.prefix(8 * 16).chunks(of: kind == .ipv4 ? 4 : 16).prefix(8)
    var records: [[UInt8]] = []
    for (name, target) in zip(["www.a.example"] + aliases, aliases) {
        records.append(record(name, 5, encoded(target)))
    }
    for address in addresses { records.append(record(aliases.last ?? "www.a.example", kind.rawValue, address)) }
    if random.next(upTo: 2) == 1 { records.reverse() }
    let count = records.count
    let answer =
        Array(question.bytes.prefix(2)) + [0x81, 0x80, 0, 1, 0, UInt8(count), 0, 0, 0, 0]
        + question.bytes.dropFirst(12) + records.joined()
    guard case .addresses(let found) = question.answer(in: answer.span) else {
        finding("an answer is not read", printable(answer))
    }
    let bytes = found.map { address in (kind == .ipv4 ? 12..<16 : 0..<16).map { address.bytes[$0] } }
    expect(
        bytes.sorted { $0.lexicographicallyPrecedes($1) } == addresses.sorted { $0.lexicographicallyPrecedes($1) },
        "other addresses than were answered", "\(bytes) \(addresses)")
}

private func check(_ answer: DNSQuestion.Answer?, _ kind: DNSQuestion.Kind) {
    guard case .addresses(let found) = answer else { return }
    expect(found.count <= DNSQuestion.maximumAddresses, "more addresses than are taken")
    for address in found {
        expect(address.port == 0, "an address with a port")
        expect(address.isIPv4 || kind == .ipv6, "an address of another kind")
        expect(address.isIPv4 == address.host.isIPv4, "a mapped address that is none")
    }
}

private func encoded(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}

private func record(_ name: String, _ type: UInt8, _ data: [UInt8]) -> [UInt8] {
    encoded(name) + [0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
}

extension ArraySlice<UInt8> {
    /// Whole pieces of so many bytes.
    fileprivate func chunks(of size: Int) -> [[UInt8]] {
        stride(from: startIndex, through: endIndex - size, by: size).map { Array(self[$0..<$0 + size]) }
    }
}

/// Answers of a webhook: a status once it is known stays, whatever comes; and one that is written is read.
@Sendable func fuzzAnswer(_ raw: [UInt8]) {
    var known: WebhookAnswer.Finding?
    var pause: UInt64??
    for count in 0...raw.count {
        var finding = WebhookAnswer.Finding.incomplete
        inExactMemory(raw.prefix(count)) { bytes in finding = WebhookAnswer.status(in: bytes.span) }
        expect(known == nil || finding == known, "another status when more comes", "\(finding) \(count)")
        if case .status(let status) = finding { expect((200...999).contains(status), "no status", "\(status)") }
        if finding != .incomplete { known = finding }
        inExactMemory(raw.prefix(count)) { bytes in
            let found = WebhookAnswer.pause(in: bytes.span)
            if let pause {
                expect(found.isKnown && found.seconds == pause, "another pause when more comes", "\(count)")
            }
            if found.isKnown { pause = .some(found.seconds) }
        }
    }
    var random = Splits(raw)
    let status = 199 + random.next(upTo: 800)
    let reason = raw.filter { $0 >= 0x20 && $0 < 0x7f }.prefix(100)
    let interim = Array("HTTP/1.1 103 ".utf8) + reason + Array("\r\nLink: x\r\n\r\n".utf8)
    let answer =
        (0..<random.next(upTo: 3) - 1).flatMap { _ in interim } + Array("HTTP/1.1 \(status) ".utf8) + reason + [13, 10]
    expect(WebhookAnswer.status(in: answer.span) == .status(status), "a status is not read", printable(answer))
}

/// URLs that operators write, and what is sent there.
@Sendable func fuzzTarget(_ raw: [UInt8]) {
    let text = String(decoding: raw, as: UTF8.self)
    for url in [text, "https://" + text, "http://" + text] {
        guard let target = WebhookSettings.Target(url) else { continue }
        let again = (target.isSecure ? "https://" : "http://") + target.authority + target.path
        let other = WebhookSettings.Target(again)
        let isSame =
            other?.isSecure == target.isSecure && other?.path == target.path
            && other?.endpoint.port == target.endpoint.port && other?.endpoint.plainHost == target.endpoint.plainHost
        expect(isSame, "a target is not itself again", "\(url) \(again)")
        let isPlain = (target.authority + target.path).utf8.allSatisfy { 0x21...0x7e ~= $0 }
        expect(isPlain && target.path.hasPrefix("/"), "a target that breaks the request", url)
        expect(!target.authority.contains("@"), "a target with a user", url)
    }
    for scheme in ["", "syslog+udp://", "syslog+tcp://", "syslog+tls://", "syslog+unix:"] {
        switch SyslogSettings.Transport(scheme + text) {
        case .none: break
        case .path(let path): expect(path.hasPrefix("/") && path.utf8.count <= 107, "a path that is none", path)
        case .udp(let endpoint), .tcp(let endpoint), .tls(let endpoint):
            expect(endpoint.port > 0, "a port that is none", text)
            let again = Endpoint("\(endpoint.host):\(endpoint.port)", defaultPort: 1)
            expect(again == endpoint, "an endpoint is not itself again", "\(endpoint)")
        }
    }
}

/// Messages of syslog: whatever a line says, its header is one of RFC 5424.
@Sendable func fuzzSyslog(_ raw: [UInt8]) {
    guard let transport = SyslogSettings.Transport("syslog+udp://127.0.0.1:514") else { finding("no transport") }
    var settings = SyslogSettings(transport)
    settings.hostName = String(decoding: raw.prefix(8), as: UTF8.self)
    let members =
        Array("{\"@timestamp\":\"".utf8) + raw.prefix(30) + Array("\",\"event.action\":\"".utf8) + raw.prefix(40)
    for line in [raw, members + Array("\",\"event.outcome\":\"failure\"}".utf8)] {
        var message: [UInt8] = []
        inExactMemory(line) { bytes in SyslogMessage(settings).writeHeader(of: bytes.span, into: &message) }
        expect(message.count <= SyslogMessage.longestHeader, "a header that is too long")
        message += line
        let hasMark = line.contains { $0 >= 0x80 }
        let end = message.count - line.count - (hasMark ? 3 : 0)
        expect(end > 0, "no header")
        let words = message[..<end].split(separator: 0x20, omittingEmptySubsequences: false)
        expect(words.count == 8 && words[6] == [0x2d] && words[7].isEmpty, "another header", printable(message))
        let isPlain = words.dropLast().allSatisfy { word in !word.isEmpty && word.allSatisfy { 0x21...0x7e ~= $0 } }
        expect(isPlain, "a header with control characters", printable(message))
        let version = words[0]
        expect(version.elementsEqual("<134>1".utf8) || version.elementsEqual("<132>1".utf8), "another priority")
        let limits = [2: 255, 3: 48, 4: 128, 5: 32]
        for (index, limit) in limits { expect(words[index].count <= limit, "a word that is too long") }
    }
}
