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
    /// A certificate vouches for a run that is not here. `key`: that of the run, as text.
    case absentRun(key: String)
    /// Lines follow the one that the certificate says was the last.
    case afterEnd
    /// The chain was begun by the holder of another key than that of the certificate.
    case foreignKey
    /// Lines are missing before this one, which tells of lines that another receiver was not given, and not the one whose file this is.
    case foreignGap(event: UInt64)
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
        /// When the certificate was made, to the second, as lines write it; nil where that is not known.
        public var made: [UInt8]?

        /// The end of a chain.
        public init(count: UInt64, head: [32 of UInt8], isFinal: Bool, key: VerificationKey, made: [UInt8]? = nil) {
            self.count = count
            self.head = head
            self.isFinal = isFinal
            self.key = key
            self.made = made
        }
    }

    /// One run of a server, which is one chain.
    public struct Run: Sendable {
        /// The key in its first line; nil where that line is not here and no certificate fits.
        public fileprivate(set) var key: VerificationKey?
        /// How many lines it has.
        public fileprivate(set) var count: UInt64 = 0
        /// How many of these, from the first one on, a certificate vouches for.
        public fileprivate(set) var certified: UInt64 = 0
        /// Whether it ends with the line that says that the server stopped.
        public fileprivate(set) var isEnded = false
    }

    /// How many lines of the log were right.
    public private(set) var events: UInt64 = 0
    /// How many other lines of the program stood between them.
    public private(set) var others: UInt64 = 0
    /// The chains, one for each start of the server; complete after ``finish()``.
    public private(set) var runs: [Run] = []
    /// How many lines are missing of which the chain itself says so.
    public private(set) var missing: UInt64 = 0
    /// How many lines came again that were here shortly before.
    public private(set) var repeated: UInt64 = 0
    /// The receivers that were not given them, by the names in the log.
    public private(set) var lateSinks: [String] = []
    /// Whether the first line was taken on trust.
    public var isPartial: Bool { beginning != nil }
    /// The keys of runs that certificates vouch for and that are not here; complete after ``finish()``.
    public private(set) var absent: [VerificationKey] = []
    /// Lines of whatever kind so far; where something is wrong, the number of that line.
    public private(set) var line: UInt64 = 0
    /// The hash of the last line of the log.
    public private(set) var head: [32 of UInt8] = .init(repeating: 0)

    private struct Suspect {
        let line: UInt64
        let event: UInt64
        let expected: UInt64
    }

    /// The first line of a part: its number, and its time to the second.
    private struct Beginning {
        let sequence: UInt64
        let time: [UInt8]
    }

    private let hash: HashContext
    private let allowsPartial: Bool
    private let expectations: [Expectation]
    private let sink: String?
    /// The hashes of the newest lines, where some may come again.
    private var recent: RecentLines?
    /// Those of them that were there.
    private var isMet: [Bool]
    /// At which numbers of lines one has to be compared.
    private let counts: Set<UInt64>
    /// Whose lines are missing in this chain, and of whom it says so though nothing is.
    private var lateSink: String?
    private var otherSinks: Set<String> = []
    private var beginning: Beginning?
    private var next: UInt64 = 0
    /// The first lines so far, by their hashes: each has another key, so none comes twice.
    private var starts: Set<RecordID> = []
    private var isEnded = true
    private var isBehindEnd = false
    /// A line that does not follow: the next one tells what happened.
    private var suspect: Suspect?

    /// - Parameters:
    ///   - allowsPartial: takes the first line on trust where it is not the first of a chain, and lets runs be absent.
    ///   - expectations: what has to be in the chains, each in the one of its key.
    ///   - sink: the receiver whose file it is; lines that another one was not given may not be missing. Nil: only such contradictions
    ///     are found that show within a chain. What ``repeatingSink`` was sent may have come twice.
    public init(
        allowsPartial: Bool = false, expectations: [Expectation] = [], sink: String? = nil
    ) throws(SealingError) {
        hash = try HashContext()
        self.allowsPartial = allowsPartial
        self.expectations = expectations
        self.sink = sink
        if sink == Self.repeatingSink { recent = RecentLines() }
        isMet = [Bool](repeating: false, count: expectations.count)
        counts = Set(expectations.map(\.count))
    }

    /// How many chains there are.
    public var chains: Int { runs.count }
    /// How many of them do not end with the line that says that the server stopped.
    public var openChains: Int { runs.count { !$0.isEnded } }

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
        if parsed.sequence < next, try comesAgain(parsed, bytes, body) {
            repeated += 1
            return
        }
        if parsed.sequence == next && next > 0 {
            guard try digest(head, body).isSame(as: parsed.hash) else {
                suspect = Suspect(line: line, event: next, expected: next)
                return
            }
            if let gap = Self.gap(bytes, parsed.afterSequence) {
                guard gap.sink != lateSink else { throw .foreignGap(event: parsed.sequence) }
                otherSinks.insert(gap.sink)
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
            // A file is one receiver's: only lines that this one was not given are missing, and all of those are.
            guard gap.sink == sink ?? lateSink ?? gap.sink, !otherSinks.contains(gap.sink) else {
                throw .foreignGap(event: parsed.sequence)
            }
            lateSink = gap.sink
            if !lateSinks.contains(gap.sink) { lateSinks.append(gap.sink) }
            missing += gap.count
        } else if events == 0 {
            guard allowsPartial else { throw .noBeginning(event: parsed.sequence) }
            let time = bytes.extracting(droppingFirst: AuditFormat.opening.utf8CodeUnitCount)
            beginning = Beginning(
                sequence: parsed.sequence, time: time.extracting(first: AuditFormat.secondSize).copied)
            runs.append(Run())
        } else {
            suspect = Suspect(line: line, event: parsed.sequence, expected: next)
            return
        }
        if isBehindEnd { throw .afterEnd }
        events += 1
        next = parsed.sequence + 1
        head = parsed.hash
        recent?.add(parsed.sequence, parsed.hash)
        isEnded = Self.isStop(bytes, parsed.afterSequence)
        try compare()
    }

    /// Settles what only the end tells.
    public mutating func finish() throws(ChainFault) {
        if let suspect { throw explain(suspect, followedBy: nil) }
        endRun()
        for (index, expectation) in expectations.enumerated() where !isMet[index] {
            let key = expectation.key
            if let run = runs.first(where: { $0.key?.bytes.isSame(as: key.bytes) == true }) {
                // One behind it, in the same chain, vouches for it, too.
                guard run.certified > expectation.count else { throw .notCertified }
                continue
            }
            guard !mayBeOfFirstRun(expectation) else { throw .notCertified }
            guard allowsPartial else { throw .absentRun(key: key.text) }
            if !absent.contains(where: { $0.bytes.isSame(as: key.bytes) }) { absent.append(key) }
        }
    }

    /// Whether a certificate may be of the run whose beginning is not here and whose key nobody knows: it is not, if it was made before
    /// the first line that is here.
    private func mayBeOfFirstRun(_ expectation: Expectation) -> Bool {
        guard let beginning, runs.first?.key == nil, expectation.count > beginning.sequence else { return false }
        return expectation.made.map { !$0.lexicographicallyPrecedes(beginning.time) } ?? true
    }

    private mutating func endRun() {
        guard !runs.isEmpty else { return }
        runs[runs.count - 1].count = next
        runs[runs.count - 1].isEnded = isEnded
    }

    /// Whether a line is one that was here shortly before, unchanged.
    private func comesAgain(_ parsed: Parsed, _ bytes: Span<UInt8>, _ body: Span<UInt8>) throws(ChainFault) -> Bool {
        guard let hash = recent?.hash(of: parsed.sequence), hash.isSame(as: parsed.hash) else { return false }
        var previous: [32 of UInt8]? = .init(repeating: 0)
        if parsed.sequence > 0 {
            previous =
                recent?.hash(of: parsed.sequence - 1) ?? Self.gap(bytes, parsed.afterSequence)?.previous
        }
        guard let previous else { return false }
        return try digest(previous, body).isSame(as: hash)
    }

    private mutating func begin(_ body: Span<UInt8>) throws(ChainFault) {
        endRun()
        isBehindEnd = false
        lateSink = nil
        if recent != nil { recent = RecentLines() }
        otherSinks = []
        // The key is the last field of the first line.
        let size = Self.encodedKeySize
        guard body.count > size + 1 else { throw .malformed }
        var text = body.extracting(body.count - 1 - size..<body.count - 1).copied
        var encoded = text.mutableSpan
        guard let count = Base64.decode(&encoded),
            let key = VerificationKey(standardForm: text.span.extracting(first: count))
        else { throw .malformed }
        var run = Run()
        run.key = key
        runs.append(run)
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
        guard counts.contains(next), let run = runs.indices.last else { return }
        for (index, expectation) in expectations.enumerated() where expectation.count == next {
            let isHead = head.isSame(as: expectation.head)
            if let key = runs[run].key {
                let isKey = key.bytes.isSame(as: expectation.key.bytes)
                guard isHead == isKey else { throw isHead ? .foreignKey : .notCertified }
            }
            guard isHead else { continue }
            runs[run].key = expectation.key
            runs[run].certified = next
            isMet[index] = true
            if expectation.isFinal { isBehindEnd = true }
        }
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
