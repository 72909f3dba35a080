// A plain reading of request heads, slow and from the grammar: what the parser accepts has to agree with it.

import HTTPWire

/// The head of a request as lines and fields, without any cleverness.
struct PlainHead {
    var method: [UInt8] = []
    var target: [UInt8] = []
    var version: [UInt8] = []
    var fields: [(name: String, value: [UInt8])] = []

    /// Takes a head apart at CR LF, blank and colon; nil where that can't be done without doubt.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4, bytes.suffix(4) == [13, 10, 13, 10] else { return nil }
        var lines: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count - 4 {
            let byte = bytes[index]
            if byte == 13 {
                guard bytes[index + 1] == 10 else { return nil }
                lines.append([])
                index += 2
                continue
            }
            guard byte == 9 || (byte >= 0x20 && byte != 0x7F) else { return nil }
            lines[lines.count - 1].append(byte)
            index += 1
        }
        let words = lines[0].split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words.allSatisfy({ !$0.isEmpty }) else { return nil }
        (method, target, version) = (Array(words[0]), Array(words[1]), Array(words[2]))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: 0x3A), colon > 0 else { return nil }
            guard line[..<colon].allSatisfy(Self.isToken) else { return nil }
            let name = String(decoding: line[..<colon].map { 65...90 ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
            fields.append((name, Self.trimmed(line[(colon + 1)...])))
        }
    }

    static func isToken(_ byte: UInt8) -> Bool { tokenBytes[Int(byte)] }

    private static let tokenBytes = table("!#$%&'*+-.^_`|~" + lettersAndDigits)
    private static let hostBytes = table("-._~:[]" + lettersAndDigits)
    private static let lettersAndDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    private static func table(_ text: String) -> [Bool] { (UInt8.min...UInt8.max).map { text.utf8.contains($0) } }

    static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let front = bytes.drop { $0 == 0x20 || $0 == 9 }
        return Array(front.reversed().drop { $0 == 0x20 || $0 == 9 }.reversed())
    }

    func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name == name }.map(\.value) }

    /// Compares what the parser accepted with a plain reading of the same bytes.
    static func check(_ head: RequestHead, _ bytes: [UInt8], _ limits: HeadLimits) {
        guard let plain = PlainHead(bytes) else { finding("accepted, but not lines of a head", printable(bytes)) }
        let text = { (range: ByteRange) -> [UInt8] in
            expect(range.upperBound <= bytes.count, "a range beyond the head")
            return Array(bytes[range.lowerBound..<range.upperBound])
        }
        func agree(_ holds: Bool, _ what: String) { expect(holds, "accepted, but " + what, printable(bytes)) }

        agree(plain.method.elementsEqual("\(head.method)".uppercased().utf8), "another method")
        agree(plain.version == Array("HTTP/1.\(head.minorVersion)".utf8), "another version")
        agree(plain.target.count <= limits.maxTargetBytes, "the target is too long")
        agree(plain.target.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "the target has illegal bytes")
        agree(plain.fields.count <= limits.maxFieldCount, "there are too many fields")
        checkTarget(head, plain, text, agree)
        checkFraming(head, plain, agree)

        for field in KnownField.allCases {
            let values = plain.values("\(field.name)")
            let isLast = field == .forwarded || field == .xForwardedFor
            agree(head.range(of: field).map(text) == (isLast ? values.last : values.first), "another \(field)")
            agree(head.isRepeated(field) == (values.count > 1), "\(field) repeated or not")
        }
    }

    private static func checkTarget(
        _ head: RequestHead, _ plain: PlainHead, _ text: (ByteRange) -> [UInt8], _ agree: (Bool, String) -> Void
    ) {
        let hosts = plain.values("host")
        agree(hosts.count <= 1, "more than one Host")
        agree(head.minorVersion == 0 || hosts.count == 1, "no Host in HTTP/1.1")
        let host = text(head.host)
        agree(host.allSatisfy { hostBytes[Int($0)] }, "the host has bytes of no host")
        let path = text(head.path)
        let query = head.query.map { [0x3F] + text($0) } ?? []
        agree(!(path + query).contains(0x23), "there is a fragment")
        guard head.isAbsolute else {
            agree(host == hosts.first ?? [], "another host")
            agree(plain.target == path + query, "another path or query")
            agree(head.isAsterisk ? path == [0x2A] && head.method == .options : path.first == 0x2F, "no path")
            return
        }
        let scheme = plain.target.prefix { $0 != 0x3A }.map { $0 | 0x20 }
        agree(scheme.elementsEqual("http".utf8) || scheme.elementsEqual("https".utf8), "another scheme")
        let rest = Array(plain.target.dropFirst(scheme.count + 3))
        // Where the target has no path, the root stands for it.
        agree(rest == host + path + query || (path == [0x2F] && rest == host + query), "another absolute target")
        agree(!host.isEmpty, "an absolute target without a host")
    }

    private static func checkFraming(_ head: RequestHead, _ plain: PlainHead, _ agree: (Bool, String) -> Void) {
        let (lengths, codings) = (plain.values("content-length"), plain.values("transfer-encoding"))
        agree(lengths.count + codings.count <= 1, "more than one framing")
        if let coding = codings.first {
            agree(coding.map { $0 | 0x20 }.elementsEqual("chunked".utf8), "a coding other than chunked")
            agree(head.framing == .chunked && head.minorVersion == 1, "chunked, and framed otherwise")
        } else if let length = lengths.first {
            let isNumber = !length.isEmpty && length.allSatisfy { 0x30...0x39 ~= $0 }
            agree(isNumber, "a length that is no number")
            agree(
                UInt64(String(decoding: length, as: UTF8.self)).map { head.framing == .length($0) } ?? false,
                "another length")
        } else {
            agree(head.framing == .none, "framed without a field that says so")
        }
        let options = plain.values("connection").flatMap { $0.split(separator: 0x2C) }.map { trimmed($0) }
            .map { String(decoding: $0, as: UTF8.self).lowercased() }
        let stays = head.minorVersion == 1 || options.contains("keep-alive")
        agree(head.keepsAlive == (stays && !options.contains("close")), "another Connection")
        let expectations = plain.values("expect").map { String(decoding: $0, as: UTF8.self).lowercased() }
        agree(expectations.allSatisfy { $0 == "100-continue" }, "another expectation")
        let waits = !expectations.isEmpty && head.minorVersion == 1 && head.hasBody
        agree(head.expectsContinue == waits, "100-continue or not")
    }
}
