// The answer to a request, written into protected memory.
public import HTTPWire
public import SecureMemory

/// Writes one response after the other into the loop's output buffer.
///
/// A response is begun, gets header fields, then a body; the server ends it, which settles its length. More than there is
/// room for is not written but noted; such a response is never sent. Everything lies in protected memory, so content and
/// tokens may be written here and nowhere else.
public struct ResponseWriter: ~Copyable {
    /// The largest body that is written at once, in bytes. A longer one is produced part by part.
    public static let bodyCapacity = 64 * 1024

    private(set) var output: SecureBytes
    private var body: SecureBytes
    private(set) var overflowed = false
    private(set) var form = Form()
    private var forbidsBody = false
    private var start = 0
    /// The status of the response at hand.
    private(set) var statusCode: UInt16 = 0
    /// The size of the body that was written last, or of the part of one.
    private(set) var bodyBytes = 0
    /// For how many seconds browsers shall come by TLS only (RFC 6797); 0 says nothing about it.
    var strictTransportSeconds = 0
    /// When the answer at hand is made.
    var date = DateField()

    /// How the answer at hand is framed; a connection keeps it while other ones use the writer.
    struct Form {
        var keepsAlive = true
        var isHead = false
        var isHTTP10 = false
        var isChunked = false
    }

    /// A block for what the kernel does not take at once. A handler whose answer must not be lost puts it here before it gives up
    /// what it answers with; it has to hold the whole answer with its head, or the first part of a partial one.
    public var reserve: SecureBytes?
    /// About how large the head of an answer gets, in bytes, for those who reserve room for it.
    public static let headCapacity = 1536

    /// Set by the handler where content or a token moved: registers and stack are scrubbed once the answer is sent.
    public var isSensitive = false

    init(arena: SecureArena) throws(SecureMemoryError) {
        guard let output = arena.allocate(2 * Self.bodyCapacity), let body = arena.allocate(Self.bodyCapacity) else {
            throw .outOfMemory(3 * Self.bodyCapacity)
        }
        self.output = output
        self.body = body
    }

    // MARK: For handlers

    /// Begins the response to the request at hand.
    ///
    /// - Parameters:
    ///   - status: its status.
    ///   - contentType: the media type of the body, or nil for a response without one.
    public mutating func begin(_ status: ResponseStatus, contentType: StaticString? = nil) {
        if status == .ok {
            put("HTTP/1.1 200 OK\r\n")
        } else {
            put("HTTP/1.1 ")
            put(decimal: UInt64(status.code))
            put(" ")
            put(status.reasonPhrase)
            put("\r\n")
        }
        statusCode = status.code
        forbidsBody = status.forbidsBody
        if let contentType { field("Content-Type", contentType) }
    }

    /// Adds a header field.
    public mutating func field(_ name: StaticString, _ value: StaticString) {
        put(name)
        put(": ")
        put(value)
        put("\r\n")
    }

    /// Adds a header field whose value is a number.
    public mutating func field(_ name: StaticString, decimal value: Int) {
        put(name)
        put(": ")
        put(decimal: UInt64(max(value, 0)))
        put("\r\n")
    }

    /// Adds a header field whose value is put together from pieces. None of them may contain a line end.
    public mutating func field(_ name: StaticString, _ value: (inout ResponseWriter) -> Void) {
        put(name)
        put(": ")
        let start = body.count
        value(&self)
        copyBodyToOutput(from: start)
        body.truncate(to: start)
        put("\r\n")
    }

    /// Adds whole header field lines, each ended by CR LF.
    public mutating func fields(_ lines: StaticString) {
        put(lines)
    }

    /// Appends to the body.
    public mutating func append(_ text: StaticString) {
        // A StaticString is bytes that live as long as the program; the pointer is how it shows them.
        let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        if !body.append(unsafe Span(_unsafeElements: bytes)) { overflowed = true }
    }

    /// Appends to the body.
    public mutating func append(_ bytes: Span<UInt8>) {
        if !body.append(bytes) { overflowed = true }
    }

    /// Appends to the body text that is no secret. Not for literals: those are bytes already as a StaticString.
    @_disfavoredOverload
    public mutating func append(_ text: String) {
        append(text.utf8Span.span)
    }

    /// Appends to the body what the closure writes, at most `bound` bytes.
    public mutating func appendBytes(_ bound: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        guard bound <= body.freeCapacity else {
            overflowed = true
            return
        }
        body.appendBytes(bound, write)
    }

    /// Appends one byte to the body.
    public mutating func append(byte: UInt8) {
        if !body.append(byte) { overflowed = true }
    }

    /// Appends a number to the body.
    public mutating func append(decimal value: Int) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        Self.writeDecimal(UInt64(value.magnitude), to: &body, &overflowed)
    }

    /// Appends what stands between the quotes of a JSON string.
    public mutating func append(json bytes: Span<UInt8>) {
        let count = JSONEscaper.escapedCount(of: bytes)
        guard count <= body.freeCapacity else {
            overflowed = true
            return
        }
        guard count > bytes.count else {
            body.append(bytes)
            return
        }
        body.appendBytes(count) { JSONEscaper.escape(bytes, into: &$0) }
    }

    /// Appends text that is no secret as it stands between the quotes of a JSON string.
    @_disfavoredOverload
    public mutating func append(json text: String) {
        append(json: text.utf8Span.span)
    }

    /// Appends bytes as Base64, padded where their number is no multiple of three.
    public mutating func append(base64 bytes: Span<UInt8>) {
        let count = Base64.encodedCount(of: bytes.count)
        guard count <= body.freeCapacity else {
            overflowed = true
            return
        }
        body.appendBytes(count) { Base64.encode(bytes, into: &$0) }
    }

    /// How many more bytes of body there is room for.
    public var freeBodyCapacity: Int { body.freeCapacity }

    // MARK: For the server

    mutating func prepare(_ head: RequestHead?, keepsAlive: Bool) {
        form = Form(keepsAlive: keepsAlive, isHead: head?.method == .head, isHTTP10: head?.minorVersion == 0)
        overflowed = false
        reserve = nil
        start = output.count
    }

    /// Goes on with an answer that was begun before.
    mutating func prepareNextPart(of form: Form) {
        self.form = form
        overflowed = false
        start = output.count
    }

    /// Ends a response whose whole body was written.
    mutating func finish() {
        finishFields()
        if forbidsBody {
            put("\r\n")
        } else {
            put("Content-Length: ")
            put(decimal: UInt64(body.count))
            put("\r\n\r\n")
        }
        bodyBytes = 0
        if !form.isHead && !forbidsBody {
            bodyBytes = body.count
            copyBodyToOutput(from: 0)
        }
        body.wipe()
    }

    /// Ends the head of a response whose body goes on in parts, and sends the first part.
    mutating func finishFirstPart() {
        if form.isHTTP10 { form.keepsAlive = false }
        form.isChunked = !form.isHTTP10
        finishFields()
        put(form.isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n")
        finishPart(isLast: false)
    }

    /// Ends a part of a body that goes on.
    mutating func finishPart(isLast: Bool) {
        bodyBytes = form.isHead ? 0 : body.count
        if form.isHead {
            body.wipe()
            return
        }
        if form.isChunked && !body.isEmpty {
            let count = body.count
            var started = false
            for shift in stride(from: 28, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: count >> shift & 0xf)
                if digit != 0 || started {
                    started = true
                    if !output.append(digit < 10 ? 0x30 + digit : 0x57 + digit) { overflowed = true }
                }
            }
            put("\r\n")
        }
        copyBodyToOutput(from: 0)
        if form.isChunked && !body.isEmpty { put("\r\n") }
        if form.isChunked && isLast { put("0\r\n\r\n") }
        body.wipe()
    }

    /// Throws the response at hand away.
    mutating func discard() {
        output.truncate(to: start)
        body.wipe()
        overflowed = false
    }

    /// Writes an interim response.
    mutating func writeContinue() {
        put("HTTP/1.1 100 Continue\r\n\r\n")
    }

    mutating func wipeOutput() {
        output.wipe()
        start = 0
    }

    private mutating func copyBodyToOutput(from start: Int) {
        if !Self.copy(body, from: start, to: &output) { overflowed = true }
    }

    private static func copy(_ source: borrowing SecureBytes, from start: Int, to target: inout SecureBytes) -> Bool {
        target.append(source.span.extracting(droppingFirst: start))
    }

    private mutating func finishFields() {
        if date.isSet, !output.append(date.line.span) { overflowed = true }
        if strictTransportSeconds > 0 {
            put("Strict-Transport-Security: max-age=")
            put(decimal: UInt64(strictTransportSeconds))
            put("\r\n")
        }
        if !form.keepsAlive {
            put("Connection: close\r\n")
        } else if form.isHTTP10 {
            put("Connection: keep-alive\r\n")
        }
    }

    private mutating func put(_ text: StaticString) {
        let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        if !output.append(unsafe Span(_unsafeElements: bytes)) { overflowed = true }
    }

    private mutating func put(decimal value: UInt64) {
        Self.writeDecimal(value, to: &output, &overflowed)
    }

    private static func writeDecimal(_ value: UInt64, to bytes: inout SecureBytes, _ overflowed: inout Bool) {
        let digits = DecimalDigits(value)
        if !bytes.append(digits.span) { overflowed = true }
    }
}
