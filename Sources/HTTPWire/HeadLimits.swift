// How large the head of a request may be.

/// Upper bounds for the head of one request. What exceeds them is refused, never truncated.
public struct HeadLimits: Sendable, Equatable {
    /// Bytes of the head, from the request line through the empty line. More is 431.
    public var maxHeadBytes: Int
    /// Bytes of the request target. More is 414.
    public var maxTargetBytes: Int
    /// Number of field lines. More is 431.
    public var maxFieldCount: Int

    /// Limits of a server that takes small forms and API calls.
    public init(maxHeadBytes: Int = 16_384, maxTargetBytes: Int = 8_192, maxFieldCount: Int = 100) {
        self.maxHeadBytes = maxHeadBytes
        self.maxTargetBytes = maxTargetBytes
        self.maxFieldCount = maxFieldCount
    }

    /// The longest request line: target, a method of at most 32 bytes, two spaces, the version.
    var maxRequestLineBytes: Int { maxTargetBytes + ByteClass.maxMethodBytes + 10 }
}
