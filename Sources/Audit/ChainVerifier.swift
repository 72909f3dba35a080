// Checking a chain, line by line: is it what was written, all of it, in that order?
internal import HTTPWire
public import Sealing

/// What is wrong with a chain.
public enum ChainFault: Error, Equatable, Sendable {
    /// The line is neither of the log nor another JSON line of the program.
    case foreignLine
    /// The line is longer than ``ChainVerifier/lineBound``.
    case tooLong
    /// The line is one of the log, but its fields are not where they belong.
    case malformed
    /// The line, or the one before it together with its hash, was changed.
    case changed(event: UInt64)
    /// Lines are missing before this one.
    case removed(first: UInt64, count: UInt64)
    /// The line stands where another one belongs.
    case swapped(event: UInt64)
    /// The line was not written here.
    case inserted(event: UInt64)
    /// What came before the first line is not here.
    case noBeginning(event: UInt64)
    /// The chain does not hold what the certificate vouches for: its end was cut off, or it is another chain.
    case notCertified
    /// Lines follow the one that the certificate says was the last.
    case afterEnd
    /// The chain was begun by the holder of another key than that of the certificate.
    case foreignKey
    /// The hash could not be computed.
    case libraryFailure
}

/// Checks lines as they come. Knows the last line and nothing before it.
public struct ChainVerifier: ~Copyable {
    /// The longest line of whatever kind, in bytes.
    public static let lineBound = 64 << 10

    /// The end of a chain that a certificate vouches for.
    public struct Expectation: Sendable {
        /// How many lines the chain had.
        public var count: UInt64
        /// The hash of the last one.
        public var head: [32 of UInt8]
        /// Whether the chain ended there.
        public var isFinal: Bool
        /// The key of its first line.
        public var key: VerificationKey

        /// The end of a chain.
        public init(count: UInt64, head: [32 of UInt8], isFinal: Bool, key: VerificationKey) {
            self.count = count
            self.head = head
            self.isFinal = isFinal
            self.key = key
        }
    }

    /// How many lines of the log were right.
    public private(set) var events: UInt64 = 0
    /// How many other lines of the program stood between them.
    public private(set) var others: UInt64 = 0
    /// How many chains there are: one for each start of the server.
    public private(set) var chains = 0
    /// How many chains do not end with the line that says that the server stopped.
    public private(set) var openChains = 0
    /// How many lines are missing of which the chain itself says so.
    public private(set) var missing: UInt64 = 0
    /// Whether the first line was taken on trust.
    public private(set) var isPartial = false
    /// Lines of whatever kind so far; where something is wrong, the number of that line.
    public private(set) var line: UInt64 = 0
    /// The hash of the last line of the log.
    public private(set) var head: [32 of UInt8] = .init(repeating: 0)
    /// The key in the first line of the last chain.
    public private(set) var key: VerificationKey?
    /// Whether the end that was expected was there.
    public private(set) var isCertified = false

    private struct Suspect {
        let line: UInt64
        let event: UInt64
        let expected: UInt64
    }

    private let hash: HashContext
    private let allowsPartial: Bool
    private let expectation: Expectation?
    private var next: UInt64 = 0
    /// The first lines so far, by their hashes: each has another key, so none comes twice.
    private var starts: Set<RecordID> = []
    private var isEnded = true
    private var isBehindEnd = false
    /// A line that does not follow: the next one tells what happened.
    private var suspect: Suspect?

    /// - Parameters:
    ///   - allowsPartial: takes the first line on trust where it is not the first of a chain.
    ///   - expectation: what has to be in one of the chains.
    public init(allowsPartial: Bool = false, expectation: Expectation? = nil) throws(SealingError) {
        hash = try HashContext()
        self.allowsPartial = allowsPartial
        self.expectation = expectation
    }

    /// Checks the next line, without its line feed.
    public mutating func check(_ bytes: Span<UInt8>) throws(ChainFault) {
        line += 1
        guard bytes.count <= Self.lineBound else { throw .tooLong }
        guard let sequenceStart = Self.sequenceStart(bytes) else {
            guard Self.isOther(bytes) else { throw .foreignLine }
            others += 1
            return
        }
        guard let parsed = Self.parse(bytes, sequenceStart) else { throw .malformed }
        if let suspect { throw explain(suspect, followedBy: parsed.sequence) }
        let body = bytes.extracting(first: parsed.bodyEnd)
        if parsed.sequence == next && next > 0 {
            guard try digest(head, body).isSame(as: parsed.hash) else {
                suspect = Suspect(line: line, event: next, expected: next)
                return
            }
        } else if parsed.sequence == 0 {
            guard Self.isStart(bytes, parsed.afterSequence),
                try digest(.init(repeating: 0), body).isSame(as: parsed.hash)
            else {
                throw next == 0 ? .changed(event: 0) : .inserted(event: 0)
            }
            guard starts.insert(Self.identity(parsed.hash)).inserted else { throw .inserted(event: 0) }
            try begin(body)
        } else if events > 0, parsed.sequence > next, let gap = Self.gap(bytes, parsed.afterSequence),
            parsed.sequence - next == gap.count
        {
            guard try digest(gap.previous, body).isSame(as: parsed.hash) else { throw .changed(event: parsed.sequence) }
            missing += gap.count
        } else if events == 0 {
            guard allowsPartial else { throw .noBeginning(event: parsed.sequence) }
            isPartial = true
            chains = 1
        } else {
            suspect = Suspect(line: line, event: parsed.sequence, expected: next)
            return
        }
        if isBehindEnd { throw .afterEnd }
        events += 1
        next = parsed.sequence + 1
        head = parsed.hash
        isEnded = Self.isStop(bytes, parsed.afterSequence)
        try compare()
    }

    /// Settles what only the end tells.
    public mutating func finish() throws(ChainFault) {
        if let suspect { throw explain(suspect, followedBy: nil) }
        if !isEnded { openChains += 1 }
        isEnded = true
        if expectation != nil && !isCertified { throw .notCertified }
    }

    private mutating func begin(_ body: Span<UInt8>) throws(ChainFault) {
        if !isEnded { openChains += 1 }
        chains += 1
        isBehindEnd = false
        // The key is the last field of the first line.
        let size = Self.encodedKeySize
        guard body.count > size + 1 else { throw .malformed }
        var text = body.extracting(body.count - 1 - size..<body.count - 1).copied
        var encoded = text.mutableSpan
        guard let count = Base64.decode(&encoded),
            let key = VerificationKey(standardForm: text.span.extracting(first: count))
        else { throw .malformed }
        self.key = key
    }

    private static func identity(_ hash: [32 of UInt8]) -> RecordID {
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            halves.0 = halves.0 << 8 | UInt64(hash[index])
            halves.1 = halves.1 << 8 | UInt64(hash[8 + index])
        }
        return RecordID(high: halves.0, low: halves.1)
    }

    private mutating func compare() throws(ChainFault) {
        guard let expectation, next == expectation.count, head.isSame(as: expectation.head) else { return }
        if let key, !key.bytes.isSame(as: expectation.key.bytes) { throw .foreignKey }
        isCertified = true
        isBehindEnd = expectation.isFinal
    }

    /// What happened to a line that does not follow, by the one behind it.
    private mutating func explain(_ suspect: Suspect, followedBy sequence: UInt64?) -> ChainFault {
        line = suspect.line
        let event = suspect.event
        let expected = suspect.expected
        if event == expected { return sequence == event ? .inserted(event: event) : .changed(event: event) }
        if event < expected { return sequence == expected ? .inserted(event: event) : .swapped(event: event) }
        if sequence == nil || sequence == event + 1 { return .removed(first: expected, count: event - expected) }
        return .swapped(event: event)
    }

    private func digest(_ previous: [32 of UInt8], _ body: Span<UInt8>) throws(ChainFault) -> [32 of UInt8] {
        var digest: [32 of UInt8] = .init(repeating: 0)
        do throws(SealingError) {
            try hash.begin()
            try hash.add(previous.span)
            try hash.add(body)
            try hash.finish(into: &digest)
        } catch {
            throw .libraryFailure
        }
        return digest
    }
}
