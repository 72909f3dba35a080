// The newest lines of a chain, by their hashes: what a receiver was sent twice is told from what somebody inserted.

extension ChainVerifier {
    /// The receiver that is sent lines again whose connection ended before they can be said to have arrived.
    public static let repeatingSink = "syslog"

    /// Whether a line is one that was here shortly before, unchanged.
    func comesAgain(_ parsed: Parsed, _ bytes: Span<UInt8>, _ body: Span<UInt8>) throws(ChainFault) -> Bool {
        guard let hash = recent?.hash(of: parsed.sequence), hash.isSame(as: parsed.hash) else { return false }
        var previous: [32 of UInt8]? = .init(repeating: 0)
        if parsed.sequence > 0 {
            previous = recent?.hash(of: parsed.sequence - 1) ?? Self.gap(bytes, parsed.afterSequence)?.previous
        }
        guard let previous else { return false }
        return try follows(previous, body, hash)
    }
}

/// The hashes of some thousand lines.
struct RecentLines {
    /// How many. More than a sender keeps to send them again: 512 KiB of lines that are no shorter than ``AuditLog/leastLine``, and what it
    /// is about to send.
    private static let most = 4096

    private var lines: [(sequence: UInt64, hash: [32 of UInt8])] = []
    /// Where the oldest one is.
    private var oldest = 0

    mutating func add(_ sequence: UInt64, _ hash: [32 of UInt8]) {
        if lines.count < Self.most {
            lines.append((sequence, hash))
        } else {
            lines[oldest] = (sequence, hash)
            oldest = (oldest + 1) % Self.most
        }
    }

    /// The hash of a line by its number; nil where it is not among them.
    func hash(of sequence: UInt64) -> [32 of UInt8]? {
        // They have rising numbers from the oldest one on.
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = (low + high) / 2
            if lines[place(middle)].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        guard low < lines.count, lines[place(low)].sequence == sequence else { return nil }
        return lines[place(low)].hash
    }

    private func place(_ index: Int) -> Int { (oldest + index) % max(lines.count, 1) }
}
