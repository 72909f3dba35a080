// The part of a key by which it is found, which is no secret.

/// Eight characters of `[0-9a-z]`: names a key in the file, in lists and in logs.
public struct KeyID: Hashable, Sendable {
    /// The number of characters.
    public static let size = 8

    /// The characters, the first one in the highest byte; 0 for ``environment``.
    public let packed: UInt64

    /// The id of the key that `ONETIME_USER` and `ONETIME_APITOKEN` make, which has none in its text.
    public static let environment = KeyID(packed: 0)

    private init(packed: UInt64) { self.packed = packed }

    /// An id by its characters, or nil where they are none.
    public init?(_ characters: Span<UInt8>) {
        guard characters.count == Self.size else { return nil }
        var packed: UInt64 = 0
        for index in characters.indices {
            switch characters[index] {
            case 0x30...0x39, 0x61...0x7a: packed = packed << 8 | UInt64(characters[index])
            default: return nil
            }
        }
        self.packed = packed
    }

    /// The characters; `environment` for the one that has none.
    public var text: String {
        if packed == 0 { return "environment" }
        return String(
            decoding: (0..<8).map { UInt8(truncatingIfNeeded: packed >> UInt64(56 - 8 * $0)) }, as: UTF8.self)
    }
}
