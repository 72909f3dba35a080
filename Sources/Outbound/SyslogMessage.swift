// A line of the audit trail as a message of RFC 5424.
internal import Kernel

/// Writes `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG` (RFC 5424, section 6).
struct SyslogMessage {
    private static let informational = 6
    private static let warning = 4

    private let facility: Int
    /// Host name, application and process, each with a space behind it.
    private let origin: [UInt8]

    init(_ settings: SyslogSettings) {
        facility = settings.facility
        var origin: [UInt8] = []
        for (text, limit) in [
            (settings.hostName ?? "-", 255), (settings.applicationName, 48), (settings.processID, 128),
        ] {
            origin += Self.name(Array(text.utf8).span, limit)
            origin.append(0x20)
        }
        self.origin = origin
    }

    /// Writes a line into the bytes, after what is there. Time and name of the message are those that the line itself has.
    func write(_ line: Span<UInt8>, into message: inout [UInt8]) {
        let hasFailed = AuditLine.text(of: "outcome", in: line).map { range in
            AuditLine.starts(line.extracting(range), with: "failure")
        }
        message.append(UInt8(ascii: "<"))
        message += "\(facility * 8 + (hasFailed == true ? Self.warning : Self.informational))".utf8
        message += ">1 ".utf8
        let timestamp = AuditLine.text(of: "@timestamp", in: line)
        if let timestamp, Self.isTimestamp(line.extracting(timestamp)) {
            for index in timestamp { message.append(line[index]) }
        } else {
            message += WallClock.timestamp(WallClock.seconds()).utf8
        }
        message.append(0x20)
        message += origin
        let action = AuditLine.text(of: "action", in: line)
        message += action.map { Self.name(line.extracting($0), 32) } ?? [UInt8(ascii: "-")]
        message += " - ".utf8
        // UTF-8 is marked as such (section 6.4); what is ASCII alone needs no mark, and simple receivers do not know it.
        if line.indices.contains(where: { line[$0] >= 0x80 }) { message += [0xef, 0xbb, 0xbf] }
        for index in line.indices { message.append(line[index]) }
    }

    /// A field: printable ASCII without spaces, cut to its limit; `-` where nothing is left.
    private static func name(_ text: Span<UInt8>, _ limit: Int) -> [UInt8] {
        var name: [UInt8] = []
        for index in text.indices where name.count < limit && (0x21...0x7e).contains(text[index]) {
            name.append(text[index])
        }
        return name.isEmpty ? [UInt8(ascii: "-")] : name
    }

    /// Whether a text can stand as TIMESTAMP: `2026-11-23T20:17:00Z`, with up to 6 digits of a fraction (section 6.2.3).
    private static func isTimestamp(_ text: Span<UInt8>) -> Bool {
        let form: StaticString = "0000-00-00T00:00:00"
        guard text.count >= 20, text.count <= 27, text[text.count - 1] == UInt8(ascii: "Z") else { return false }
        for index in 0..<19 {
            let wanted = unsafe form.utf8Start[index]
            guard wanted == 0x30 ? (0x30...0x39).contains(text[index]) : text[index] == wanted else { return false }
        }
        guard text.count > 20 else { return true }
        return text[19] == UInt8(ascii: ".") && text.count > 21
            && (20..<text.count - 1).allSatisfy { (0x30...0x39).contains(text[$0]) }
    }
}
