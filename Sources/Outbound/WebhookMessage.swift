// What goes over the wire to a webhook's receiver, and what of its answer counts.
internal import Kernel

/// One message with the name under which its receiver can tell that it was sent before.
struct WebhookMessage {
    let id: [UInt8]
    let body: [UInt8]

    /// The request with the moment of this try, signed. Nil once the key is gone.
    ///
    /// Names and form are those of the Standard Webhooks: the signature is over `id.timestamp.body`.
    func request(to settings: WebhookSettings, secret: WebhookSecret, at seconds: Int64) -> [UInt8]? {
        let timestamp = Array("\(seconds)".utf8)
        var signed = id
        signed.append(UInt8(ascii: "."))
        signed += timestamp
        signed.append(UInt8(ascii: "."))
        signed += body
        guard let signature = secret.signature(of: signed.span) else { return nil }
        var request: [UInt8] = []
        request.reserveCapacity(512 + body.count)
        request += "POST \(settings.target.path) HTTP/1.1\r\nHost: \(settings.target.authority)\r\n".utf8
        request += "User-Agent: \(settings.userAgent)\r\nContent-Type: application/json\r\n".utf8
        request += "Content-Length: \(body.count)\r\nConnection: close\r\nWebhook-Id: ".utf8
        request += id
        request += "\r\nWebhook-Timestamp: ".utf8
        request += timestamp
        request += "\r\nWebhook-Signature: v1,".utf8
        request += signature
        request += "\r\n\r\n".utf8
        request += body
        return request
    }
}

/// The beginning of an answer: its status is all that counts.
struct WebhookAnswer {
    /// The most bytes of an answer that are looked at.
    static let maximumBytes = 4096

    enum Finding: Equatable {
        case status(Int)
        /// More has to come first.
        case incomplete
        /// It is no HTTP/1 (RFC 9112, section 4).
        case malformed
    }

    /// The status of the final answer: interim ones (RFC 9110, section 15.2) are passed over.
    static func status(in bytes: Span<UInt8>) -> Finding {
        var start = 0
        return status(in: bytes, from: &start)
    }

    /// For how many seconds the receiver asks not to be called, where it says so in seconds (RFC 9110, section 10.2.3), and whether
    /// nothing that is to come of the head could say more.
    static func pause(in bytes: Span<UInt8>) -> (seconds: UInt64?, isKnown: Bool) {
        var place = 0
        guard case .status = status(in: bytes, from: &place) else { return (nil, false) }
        while let end = bytes.firstIndex(of: 0x0a, from: place) {
            place = end + 1
            let rest = bytes.extracting(droppingFirst: place)
            if let first = rest.indices.first, rest[first] == 0x0d || rest[first] == 0x0a { return (nil, true) }
            guard isField("retry-after:", rest), let end = rest.firstIndex(of: 0x0a, from: 0) else { continue }
            let value = rest.extracting(12..<end)
            var (seconds, digits) = (0 as UInt64, 0)
            for index in value.indices {
                let byte = value[index]
                if isDigit(byte), digits < 9 {
                    seconds = seconds * 10 + UInt64(byte - 0x30)
                    digits += 1
                } else if byte != 0x20 && byte != 0x09 && byte != 0x0d {
                    // A date, or more than anybody waits for.
                    return (isDigit(byte) ? seconds : nil, true)
                }
            }
            return (digits > 0 ? seconds : nil, true)
        }
        return (nil, bytes.count >= maximumBytes)
    }

    /// Whether a line begins with the name of a field and its colon, given in lower case.
    private static func isField(_ name: StaticString, _ line: Span<UInt8>) -> Bool {
        let count = name.utf8CodeUnitCount
        guard line.count >= count else { return false }
        for index in 0..<count {
            let byte = line[index]
            guard
                unsafe (0x41...0x5a).contains(byte)
                    ? byte + 0x20 == name.utf8Start[index] : byte == name.utf8Start[index]
            else { return false }
        }
        return true
    }

    /// The same from a place on, which becomes that of the final answer.
    private static func status(in bytes: Span<UInt8>, from start: inout Int) -> Finding {
        while true {
            let rest = bytes.extracting(droppingFirst: start)
            guard rest.count >= 13 else { return .incomplete }
            // No status is below 100 (RFC 9110, section 15).
            guard AuditLine.starts(rest, with: "HTTP/1."), isDigit(rest[7]), rest[8] == 0x20, isDigit(rest[9]),
                rest[9] != 0x30, isDigit(rest[10]), isDigit(rest[11]), rest[12] == 0x20 || rest[12] == 0x0d
            else { return .malformed }
            let status = Int(rest[9] - 0x30) * 100 + Int(rest[10] - 0x30) * 10 + Int(rest[11] - 0x30)
            guard (100..<200).contains(status) else { return .status(status) }
            guard
                let end = (0..<max(rest.count - 3, 0)).first(where: {
                    rest[$0] == 0x0d && rest[$0 + 1] == 0x0a && rest[$0 + 2] == 0x0d && rest[$0 + 3] == 0x0a
                })
            else { return .incomplete }
            start += end + 4
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
