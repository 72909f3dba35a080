// Authorization, from its bytes to a key of the table: nobody is taken for a key whose text he did not send.

import HTTPWire
import Kernel
import Rules
import Sealing
import SecureMemory

@testable import HTTPServer
@testable import Service

/// A service with the key of the environment and one of a file, `ci`.
private struct Desk {
    let context: ServiceContext
    /// The text of the file's key.
    let text: [UInt8]

    static let own = "own:sesame"

    init() throws {
        let arena = try SecureArena(capacity: 1 << 20, allowsSecretMemory: false)
        let suite = try CipherSuite(arena: arena)
        guard var key = arena.allocate(KeyText.size) else { throw SealingError.arenaFull }
        try KeyText.generate(into: &key, suite: suite)
        let (bytes, hash) = (key.span, try suite.keyHash(of: key.span))
        text = bytes.indices.map { bytes[$0] }
        var fields = KeyFields()
        try fields.set("name", to: "ci")
        guard let id = KeyID(KeyText.id(of: bytes)) else { throw SealingError.arenaFull }
        let line = try fields.line(id: id, hash: hash)
        context = try ServiceContext(
            settings: ServiceSettings(), arena: arena, suite: suite,
            workers: WorkerPool(loop: try EventLoop(), threads: 1, queueLimit: 1),
            credential: try CredentialHash(of: Self.own.utf8Span.span, suite: suite, arena: arena),
            keys: KeyBook([line], ownerName: "own"), audit: nil)
    }
}

// Unsafe: libFuzzer calls its target on one thread.
nonisolated(unsafe) private let desk: Desk = {
    do { return try Desk() } catch { finding("there is no service", "\(error)") }
}()

private enum Verdict: Equatable {
    case malformed, anonymous, refused
    case key(String)
}

@Sendable func fuzzAuthorization(_ raw: [UInt8]) {
    let key = unsafe desk.text
    let verdict = judge(raw)
    switch verdict {
    case .malformed, .anonymous, .refused: break
    case .key(let name):
        // Spaces and tabs around a field's value are none of it (RFC 9110, section 5.5), and behind the scheme there may be several.
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let value = raw.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let scheme = value.prefix { !isSpace($0) }.map { $0 | 0x20 }
        var sent = Array(value.drop { !isSpace($0) }.drop(while: isSpace))
        if scheme == Array("basic".utf8) {
            inExactMemory(sent) { bytes in
                let count = Base64.decode(&bytes) ?? 0
                sent = (0..<count).map { bytes[$0] }
            }
        }
        let allowed =
            name == "own"
            ? [Array(Desk.own.utf8)] : [key, key + [0x3A], Array("ci:".utf8) + key]
        expect(allowed.contains(sent), "somebody is taken for \(name)", printable(raw))
    }

    // What is sent as it should be is known, and nothing that differs from it in one byte is.
    expect(judge(Array("bEarer ".utf8) + key) == .key("ci"), "a key is not known as Bearer")
    for credential in [Array("ci:".utf8) + key, key + [0x3A]] {
        let (padded, bare) = encodedBase64(credential)
        for text in [padded, bare] {
            expect(judge(Array("Basic ".utf8) + text) == .key("ci"), "a key is not known as Basic")
        }
    }
    var random = Splits(raw)
    var wrong = key
    wrong[random.next(upTo: key.count) - 1] ^= UInt8(random.next(upTo: 255))
    expect(judge(Array("Bearer ".utf8) + wrong) != .key("ci"), "a wrong key is known", printable(wrong))
    let name = raw.prefix(64)
    guard !name.elementsEqual("ci".utf8), !name.isEmpty else { return }
    let basic = encodedBase64(name + [0x3A] + key).padded
    expect(judge(Array("Basic ".utf8) + basic) == .refused, "a key is known under another name", printable(name))
}

private func judge(_ value: [UInt8]) -> Verdict {
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ".utf8) + value + Array("\r\n\r\n".utf8)
    var verdict = Verdict.malformed
    inExactMemory(bytes) { memory in
        let span = memory.span
        guard let head = try? RequestHead.parse(span) else { return }
        let request = Request(
            head: head, bytes: span, ticket: Ticket(slot: 0, generation: 0),
            peer: SocketAddress(InternetAddress(ipv4: 0x7f00_0001), port: 1), isSecure: false)
        switch unsafe desk.context.caller(request, Moment(milliseconds: 1, wallSeconds: 1_800_000_000)) {
        case .anonymous: verdict = .anonymous
        case .refused: verdict = .refused
        case .key(let key): verdict = .key(key.name)
        }
    }
    return verdict
}
