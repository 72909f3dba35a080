// The certificate of destruction: what the server did with all that was entrusted to it, signed.
internal import HTTPWire
public import Kernel
public import Sealing
public import SecureMemory

/// What a certificate states.
public struct CertificateFacts: Sendable {
    /// Whether everything is wiped and the server ends.
    public var isFinal = false
    /// The version of the program.
    public var version: StaticString = ""
    /// What became of secrets. With those that are held they make up those that were created.
    public var created: UInt64 = 0
    /// How many all their readers had.
    public var revealed: UInt64 = 0
    /// How many were destroyed unread.
    public var burned: UInt64 = 0
    /// How many had their time end.
    public var expired: UInt64 = 0
    /// How many were wiped with everything else.
    public var wiped: UInt64 = 0
    /// How many are held still.
    public var held: UInt64 = 0
    /// The end of the audit chain, where there is one.
    public var audit: (count: UInt64, head: [32 of UInt8])?
    /// When the newest line of the log was written, in seconds since 1970: no certificate is of before it. 0 without a log.
    public var newestLine: Int64 = 0
    /// What protects the memory in which secrets move.
    public var memory = ""
    /// The names of protections that are in force.
    public var protections: [StaticString] = []

    /// Nothing yet.
    public init() {}
}

/// Signs certificates with a key that it made at the start.
public final class Certifier {
    private let key: SigningKey
    private let started: Int64
    private let executable: ExecutableHash

    /// Makes the key.
    ///
    /// - Parameter arena: lends 128 bytes for as long as this lives.
    public init(arena: SecureArena, now: Moment) throws(SealingError) {
        key = try SigningKey(arena: arena)
        started = now.wallSeconds
        executable = ExecutableHash()
    }

    /// What anybody checks certificates by.
    public var publicKey: VerificationKey { key.publicKey }

    /// Has the executable hashed on a thread, so that no certificate has to wait for it. Otherwise the first one takes 10 ms more.
    public func prepare() {
        let executable = executable
        try? Process.startThread(named: "onetime-hash") { _ = executable.digits }
    }

    /// States the facts and signs them.
    public func certify(_ facts: CertificateFacts, now: Moment) throws(SealingError) -> Certificate {
        var text = #"{"type":"onetime-lite certificate of destruction","final":\#(facts.isFinal)"#
        func add(_ name: String, _ value: String) { text += ",\"\(name)\":\"\(value)\"" }
        func add(_ name: String, _ number: UInt64) { text += ",\"\(name)\":\(number)" }
        add("version", "\(facts.version)")
        if let digits = executable.digits { add("executable_sha256", digits) }
        add("started", WallClock.timestamp(started))
        // A wall clock that was set back since does not make the end come before the start, or before the log's.
        let made = max(now.wallSeconds, started, facts.newestLine)
        add(facts.isFinal ? "ended" : "as_of", WallClock.timestamp(made))
        add("created", facts.created)
        add("revealed", facts.revealed)
        add("burned", facts.burned)
        add("expired", facts.expired)
        add("wiped", facts.wiped)
        add("held", facts.held)
        if let audit = facts.audit {
            add("audit_events", audit.count)
            add("audit_head", Self.digits(audit.head))
        }
        add("memory", facts.memory)
        text += ",\"protections\":[" + facts.protections.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        add("public_key", publicKey.text)
        text += "}"
        let statement = Array(text.utf8)
        return Certificate(statement: statement, signature: try key.sign(statement.span), key: publicKey)
    }

    static func digits(_ hash: [32 of UInt8]) -> String {
        var line = LineBuffer(lineCapacity: 64)
        line.append(hexadecimal: hash)
        return String(copying: line.line)
    }
}

/// A signed statement.
public struct Certificate: Sendable {
    /// The bytes that are signed: JSON without spaces, the fields always in the same order.
    public let statement: [UInt8]
    /// The signature of exactly these bytes.
    public let signature: [64 of UInt8]
    /// The key that vouches for them.
    public let key: VerificationKey

    init(statement: [UInt8], signature: [64 of UInt8], key: VerificationKey) {
        self.statement = statement
        self.signature = signature
        self.key = key
    }

    private static let statementField: StaticString = #""onetime.statement":""#
    private static let signatureField: StaticString = #""onetime.signature":""#
    private static let keyField: StaticString = #""onetime.public_key":""#

    /// One line of JSON with statement, signature and key in Base64, and its line feed.
    public func line(at now: Moment) -> String {
        #"{"@timestamp":"\#(WallClock.timestamp(now.wallSeconds))","event.dataset":"onetime.certificate","ecs.version":"8.17.0","#
            + #""service.name":"onetime-lite","message":"certificate of destruction","#
            + "\(Self.statementField)\(base64(statement.span))\",\(Self.signatureField)\(base64(signature.span))\","
            + "\(Self.keyField)\(key.text)\"}\n"
    }

    /// Reads a line that ``line(at:)`` made; nil for any other one. What it says is not believed yet.
    public init?(line: Span<UInt8>) {
        guard let statement = Self.value(Self.statementField, line), let bytes = Self.value(Self.signatureField, line),
            let form = Self.value(Self.keyField, line), bytes.count == SigningKey.signatureSize,
            let key = VerificationKey(standardForm: form.span)
        else { return nil }
        var signature: [64 of UInt8] = .init(repeating: 0)
        for index in 0..<64 { signature[index] = bytes[index] }
        self.init(statement: statement, signature: signature, key: key)
    }

    private static func value(_ field: StaticString, _ line: Span<UInt8>) -> [UInt8]? {
        guard let start = line.place(of: field) else { return nil }
        let rest = line.extracting(droppingFirst: start + field.utf8CodeUnitCount)
        // Other readers would take the last one.
        guard let end = rest.place(of: "\""), rest.place(of: field) == nil else { return nil }
        var text = rest.extracting(first: end).copied
        var encoded = text.mutableSpan
        guard let count = Base64.decode(&encoded) else { return nil }
        text.removeLast(text.count - count)
        return text
    }

    /// Whether the signature is the key's for the statement.
    public var isGenuine: Bool { key.accepts(signature.span, of: statement.span) }

    /// Where the statement says that the chain of the log ended; nil where there was none.
    public var expectation: ChainVerifier.Expectation? {
        let text = statement.span
        let (countField, headField) = (#","audit_events":"# as StaticString, #","audit_head":""# as StaticString)
        guard let count = text.place(of: countField), let head = text.place(of: headField),
            let (number, _) = text.number(at: count + countField.utf8CodeUnitCount),
            let hash = text.hash(at: head + headField.utf8CodeUnitCount)
        else { return nil }
        let isFinal = text.place(of: #","final":true,"#) != nil
        return .init(
            count: number, head: hash, isFinal: isFinal, key: key, started: second(#","started":""#),
            made: second(#","ended":""#) ?? second(#","as_of":""#))
    }

    /// The time that a field of the statement tells, to the second.
    private func second(_ field: StaticString) -> UInt64? {
        let text = statement.span
        return text.place(of: field).flatMap { text.second(at: $0 + field.utf8CodeUnitCount) }
    }

    /// The statement for people: a line for each field, set off from what the program itself says of it. Anybody can sign that a
    /// signature is right.
    public var text: String {
        var result = "  "
        var isQuoted = false
        var isList = false
        var isName = true
        for byte in statement {
            switch byte {
            case 0x22: isQuoted.toggle()
            case 0x7B where !isQuoted, 0x7D where !isQuoted: break
            case 0x5B where !isQuoted: isList = true
            case 0x5D where !isQuoted: isList = false
            case 0x3A where !isQuoted:
                result += ": "
                isName = false
            case 0x2C where !isQuoted && isList: result += ", "
            case 0x2C where !isQuoted:
                result += "\n  "
                isName = true
            // A statement that somebody else made has no say over the terminal.
            case 0..<0x20, 0x7F...: result += "?"
            case 0x5F where isName: result += " "
            default: result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result + "\n"
    }
}

extension VerificationKey {
    /// The standard form in Base64, 60 characters: what stands between the two lines of a PEM file.
    public var text: String { base64(standardForm.span) }

    /// The first 8 bytes of SHA-256 over the standard form, to compare by eye.
    public func fingerprint() throws(SealingError) -> String {
        var digest: [32 of UInt8] = .init(repeating: 0)
        try HashContext().hash(standardForm.span, into: &digest)
        return String(Certifier.digits(digest).prefix(16))
    }

    /// A key from the characters of ``text``.
    public init?(text: String) {
        var bytes = Array(text.utf8)
        var encoded = bytes.mutableSpan
        guard let count = Base64.decode(&encoded) else { return nil }
        self.init(standardForm: bytes.span.extracting(first: count))
    }
}

private func base64(_ bytes: Span<UInt8>) -> String {
    let characters = [UInt8](capacity: Base64.encodedCount(of: bytes.count)) { Base64.encode(bytes, into: &$0) }
    return String(decoding: characters, as: UTF8.self)
}

extension String {
    init(copying bytes: Span<UInt8>) {
        self.init(decoding: bytes.copied, as: UTF8.self)
    }
}
