// Who is asking: Basic (RFC 7617) or Bearer (RFC 6750) credentials against the table of keys.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory

/// Who is asking.
enum Caller {
    case anonymous
    /// The bearer of a key that is good here and now.
    case key(APIKey)
    /// Credentials that are no key's, or those of a key that is good for nothing now.
    case refused(Refusal)

    var key: APIKey? {
        if case .key(let key) = self { key } else { nil }
    }

    /// Why credentials are refused, if there are some and they are.
    var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}

extension ServiceContext {
    /// The longest credentials that are looked at, in bytes.
    private static let credentialLimit = 1024

    /// Judges the credentials of a request. Where no keys are in use none are looked at, and empty ones, which some clients always
    /// send, are as good as none.
    func caller(_ request: borrowing Request, _ now: Moment) -> Caller {
        switch credentials(of: request) {
        case .none: .anonymous
        case .noMemory: .refused(.noMemory)
        case .key(let key): judge(key, request, now)
        }
    }

    /// The key that a request shows, good for something or not; nil for none, and for credentials that are no key's. For the audit log.
    func shownKey(_ request: borrowing Request) -> APIKey? {
        if case .key(let key) = credentials(of: request) { key } else { nil }
    }

    /// What a request shows.
    private enum Credentials {
        case none
        case noMemory
        /// Those of a key; nil where they are no key's.
        case key(APIKey?)
    }

    private func credentials(of request: borrowing Request) -> Credentials {
        guard keys.isInUse, let value = request.value(of: .authorization) else { return .none }
        guard value.count <= Self.credentialLimit else { return .key(nil) }
        if value.hasScheme("bearer ") { return .key(key(value.behindScheme(of: 6))) }
        guard value.hasScheme("basic ") else { return .none }
        guard let bytes = basicCredential(value) else { return .noMemory }
        if bytes.span.equals(":") { return .none }
        let (name, secret) = bytes.span.splitAtColon
        // A key alone, as `curl -u KEY:` sends it, or with its name.
        if secret.isEmpty { return .key(key(name)) }
        if let key = key(secret) { return .key(name.equals(key.name.utf8Span.span) ? key : nil) }
        return .key(matches(bytes.span) ? keys.find(.environment) : nil)
    }

    /// Whether a page of another site may have made a browser send its key here: it does so by itself with Basic alone. Over plain HTTP
    /// it says no more than `Origin`, which such a page can make `null`.
    ///
    /// - Parameter hasProof: whether the form has the hidden field of pages that the key's bearer is given.
    func isForeignForm(_ request: borrowing Request, hasProof: Bool) -> Bool {
        guard let value = request.value(of: .authorization), value.hasScheme("basic ") else { return false }
        return !isSameOrigin(request, hasFormToken: hasProof)
    }

    /// The hidden field of the forms on a page that somebody is given: his key's own where he showed one, for everybody's is known to
    /// all other pages, too.
    func formToken(for caller: Caller) -> String {
        keyProof(for: caller) ?? formToken
    }

    /// What proves that a form comes from a page that the bearer of somebody's key was given; nil where he has none, or OpenSSL fails.
    func keyProof(for caller: Caller) -> String? {
        guard let key = caller.key else { return nil }
        return try? formProof.text(for: key.id.text.utf8Span.span)
    }

    /// Whether a key is good here and now.
    func judge(_ key: APIKey?, _ request: borrowing Request, _ now: Moment) -> Caller {
        guard let key else { return .refused(.key(.unknown)) }
        if let refusal = key.refusal(now: now.wallSeconds) { return .refused(.key(refusal)) }
        let client = client(of: request)
        guard key.isValid(from: client.isKnown ? client.address : nil) else { return .refused(.key(.outOfNetwork)) }
        return .key(key)
    }

    /// The key whose text this is. It is found by the part that is no secret, and compared once.
    private func key(_ text: Span<UInt8>) -> APIKey? {
        guard KeyText.isWellFormed(text), let id = KeyID(KeyText.id(of: text)), let key = keys.find(id),
            let expected = key.hash, let hash = try? suite.keyHash(of: text),
            constantTimeEqual(hash.span, expected.span)
        else { return nil }
        return key
    }

    private func matches(_ bytes: Span<UInt8>) -> Bool {
        switch credential {
        case .some(let credential):
            (try? credential.matches(bytes, suite: suite, arena: arena)) ?? false
        case .none:
            false
        }
    }

    /// The `name:token` of a value that says Basic; empty where it cannot be read, and nil where there is no memory.
    private func basicCredential(_ value: Span<UInt8>) -> SecureBytes? {
        guard var bytes = arena.allocate(value.count) else { return nil }
        bytes.append(value.behindScheme(of: 5))
        var coded = bytes.mutableSpan
        guard let count = Base64.decode(&coded) else {
            // Credentials that cannot be read are credentials that are wrong.
            bytes.wipe()
            return consume bytes
        }
        bytes.truncate(to: count)
        return consume bytes
    }

    /// The secret part of the credentials of a caller who was judged: it seals the tokens of his receipts.
    func apiToken(_ request: borrowing Request) -> SecureBytes? {
        guard let value = request.value(of: .authorization), value.count <= Self.credentialLimit else { return nil }
        if value.hasScheme("bearer ") {
            guard var bytes = arena.allocate(value.count) else { return nil }
            bytes.append(value.behindScheme(of: 6))
            return consume bytes
        }
        guard value.hasScheme("basic "), var bytes = basicCredential(value) else { return nil }
        let nameCount = bytes.span.splitAtColon.0.count
        guard nameCount < bytes.count else { return nil }
        if nameCount + 1 == bytes.count { bytes.truncate(to: nameCount) } else { bytes.removeFirst(nameCount + 1) }
        return consume bytes
    }
}

extension Span<UInt8> {
    /// Whether the bytes begin with a word, which is in lower case, but for the case of ASCII letters.
    fileprivate func hasScheme(_ word: StaticString) -> Bool {
        guard count >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount {
            let byte = self[index]
            let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
            // A StaticString shows its bytes by a pointer that lives as long as the program.
            if unsafe lower != word.utf8Start[index] { return false }
        }
        return true
    }

    /// What follows a scheme of so many bytes: there may be several spaces between (RFC 9110, section 11.4).
    @_lifetime(copy self)
    fileprivate func behindScheme(of size: Int) -> Span<UInt8> {
        var start = size
        while start < count, self[start] == UInt8(ascii: " ") { start += 1 }
        return extracting(droppingFirst: start)
    }

    /// What is before the first colon, and what is behind it: nothing where there is none.
    fileprivate var splitAtColon: (Span<UInt8>, Span<UInt8>) {
        @_lifetime(copy self)
        get {
            var colon = 0
            while colon < count, self[colon] != UInt8(ascii: ":") { colon += 1 }
            return (extracting(first: colon), extracting(droppingFirst: Swift.min(colon + 1, count)))
        }
    }
}
