// The key that the webhook's receiver shares.
internal import HTTPWire
internal import Sealing
public import SecureMemory
internal import Synchronization

/// The key under which messages are signed. It lies in protected memory and is wiped when the webhook stops.
public final class WebhookSecret: Sendable {
    /// How many bytes a key has.
    public static let sizes = 16...512

    private let key: Mutex<SecureBytes?>

    /// Takes over what a file or the environment said. A line's end behind it does not count; `whsec_` with Base64 stands for the
    /// bytes that it encodes, as the Standard Webhooks have it, anything else for itself.
    ///
    /// Nil where the key would not have one of the ``sizes``, or is no Base64.
    public init?(_ text: consuming SecureBytes) {
        var key = text
        while let last = key.span.last, last == 0x0a || last == 0x0d { key.truncate(to: key.count - 1) }
        if AuditLine.starts(key.span, with: "whsec_") {
            key.removeFirst(6)
            var bytes = key.mutableSpan
            guard let count = Base64.decode(&bytes) else { return nil }
            key.truncate(to: count)
        }
        guard Self.sizes.contains(key.count) else { return nil }
        self.key = Mutex(consume key)
    }

    /// HMAC-SHA-256 of a message in Base64; nil once the key is wiped, or where OpenSSL fails.
    func signature(of message: Span<UInt8>) -> [UInt8]? {
        defer { scrubRegistersAndStack() }
        return key.withLock { key -> [UInt8]? in
            switch key {
            case .none: return nil
            case .some(let key):
                guard let code = try? MessageAuthentication.code(of: message, key: key.span) else { return nil }
                return [UInt8](capacity: Base64.encodedCount(of: 32)) { Base64.encode(code.span, into: &$0) }
            }
        }
    }

    /// Wipes the key.
    func wipe() {
        key.withLock { $0 = nil }
    }
}

extension Span<UInt8> {
    fileprivate var last: UInt8? { isEmpty ? nil : self[count - 1] }
}
