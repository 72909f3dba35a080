// A line of the audit trail as a message of RFC 5424.
internal import HTTPWire
internal import Kernel

/// Writes `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG` (RFC 5424, section 6).
struct SyslogMessage {
    private static let informational = 6
    private static let warning = 4
    private static let nameLimits = (host: 255, application: 48, process: 128, message: 32)
    /// More bytes than stand before a line at most.
    static let longestHeader = 640

    /// The beginning up to the time: of what went well, and of what failed.
    private let openings: (success: [UInt8], failure: [UInt8])
    /// Host name, application and process, each with a space behind it.
    private let origin: [UInt8]

    init(_ settings: SyslogSettings) {
        func opening(_ severity: Int) -> [UInt8] { Array("<\(settings.facility * 8 + severity)>1 ".utf8) }
        openings = (opening(Self.informational), opening(Self.warning))
        var origin: [UInt8] = []
        for (text, limit) in [
            (settings.hostName ?? "-", Self.nameLimits.host),
            (settings.applicationName, Self.nameLimits.application), (settings.processID, Self.nameLimits.process),
        ] {
            Self.append(Array(text.utf8).span, limit, to: &origin)
            origin.append(0x20)
        }
        self.origin = origin
    }

    /// Writes all that stands before the line in its message, after what is there. Time and name of the message are those that the line
    /// itself has.
    func writeHeader(of line: Span<UInt8>, into header: inout [UInt8]) {
        let texts = AuditLine.texts(in: line)
        let hasFailed = texts.outcome.map { AuditLine.starts(line.extracting($0), with: "failure") } ?? false
        header += hasFailed ? openings.failure : openings.success
        if let time = texts.timestamp, Self.isTimestamp(line.extracting(time)) {
            header.append(addingCapacity: time.count) { $0.append(copying: line.extracting(time)) }
        } else {
            header += WallClock.timestamp(WallClock.seconds()).utf8
        }
        header.append(0x20)
        header += origin
        Self.append(line.extracting(texts.action ?? 0..<0), Self.nameLimits.message, to: &header)
        header.append(addingCapacity: 6) { output in
            output.append(" - ")
            // UTF-8 is marked as such (section 6.4); what is ASCII alone needs no mark, and simple receivers do not know it.
            if !line.isASCII { output.append("\u{FEFF}") }
        }
    }

    /// A field: printable ASCII without spaces, cut to its limit; `-` where nothing is left.
    private static func append(_ text: Span<UInt8>, _ limit: Int, to header: inout [UInt8]) {
        let start = header.count
        for index in text.indices where header.count - start < limit && (0x21...0x7e).contains(text[index]) {
            header.append(text[index])
        }
        if header.count == start { header.append(UInt8(ascii: "-")) }
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
