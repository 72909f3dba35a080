// How long to wait before trying again.
internal import Sealing

/// Pauses that double, up to a longest one, each shortened by up to half at random, so that many senders do not return at once.
struct Backoff {
    private let first: UInt64
    private let longest: UInt64
    private var next: UInt64

    /// Pauses in milliseconds.
    init(first: UInt64, longest: UInt64) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The next pause in milliseconds.
    mutating func pause() -> UInt64 {
        let full = next
        next = min(next * 2, longest)
        let random = (try? Randomness.number()) ?? 0
        return full - random % (full / 2 + 1)
    }

    /// All is well again.
    mutating func reset() { next = first }
}
