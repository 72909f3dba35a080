// Who is asking: Basic credentials (RFC 7617) against the one API key.
internal import HTTPServer
internal import HTTPWire
internal import Sealing
internal import SecureMemory

extension ServiceContext {
    /// Who is asking.
    enum Caller: Equatable {
        case anonymous
        case owner
        /// Credentials that are not the key's.
        case unknown
    }

    /// Judges the credentials of a request. Without a key configured none are looked at, and empty ones, which some clients
    /// always send, are as good as none.
    func caller(_ request: borrowing Request) -> Caller {
        guard hasCredential else { return .anonymous }
        if let value = request.value(of: .authorization), value.count > 1024 { return .unknown }
        guard let bytes = basicCredential(request) else { return .anonymous }
        if bytes.span.equals(":") { return .anonymous }
        return matches(bytes) ? .owner : .unknown
    }

    /// The `name:token` of a request, or nil where there is none.
    func basicCredential(_ request: borrowing Request) -> SecureBytes? {
        guard let value = request.value(of: .authorization), value.count > 6, value.count <= 1024,
            hasBasicScheme(value), var bytes = arena.allocate(value.count)
        else { return nil }
        bytes.append(value.extracting(droppingFirst: 6))
        var coded = bytes.mutableSpan
        guard let count = Base64.decode(&coded) else {
            // Credentials that cannot be read are credentials that are wrong.
            bytes.wipe()
            return consume bytes
        }
        bytes.truncate(to: count)
        return consume bytes
    }

    /// The API token alone: what follows the first colon. It seals the tokens of its owner's receipts.
    func apiToken(_ request: borrowing Request) -> SecureBytes? {
        guard var bytes = basicCredential(request) else { return nil }
        var colon = 0
        while colon < bytes.count, bytes.span[colon] != UInt8(ascii: ":") { colon += 1 }
        guard colon < bytes.count else { return nil }
        bytes.removeFirst(colon + 1)
        return consume bytes
    }

    private func hasBasicScheme(_ value: Span<UInt8>) -> Bool {
        let scheme: StaticString = "basic "
        for index in 0..<6 {
            let byte = value[index]
            let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
            if unsafe lower != scheme.utf8Start[index] { return false }
        }
        return true
    }

    private func matches(_ bytes: borrowing SecureBytes) -> Bool {
        switch credential {
        case .some(let credential):
            (try? credential.matches(bytes.span, suite: suite, arena: arena)) ?? false
        case .none:
            false
        }
    }
}
