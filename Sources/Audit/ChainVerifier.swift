// Checking a chain, line by line: is it what was written, all of it, in that order?
internal import HTTPWire
public import Sealing

/// Checks lines as they come. Knows the last line, and of syslog's a few before it, which may come again.
public struct ChainVerifier: ~Copyable {
    /// The longest line of whatever kind, in bytes.
    public static let lineBound = 64 << 10
    /// The most runs in a log: each takes some memory.
    public static let runBound = 1 << 20
    /// How many receivers are told apart in a run, and how many are named.
    private static let (sinkBound, namedSinks) = (1 << 16, 16)

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
        /// When the run began, to the second: a number with the digits of year, month, day, hour, minute and second. Nil where that is
        /// not known.
        public var started: UInt64?
        /// When the certificate was made, in the same way. No line that it vouches for is newer.
        public var made: UInt64?

        /// The end of a chain.
        public init(
            count: UInt64, head: [32 of UInt8], isFinal: Bool, key: VerificationKey, started: UInt64? = nil,
            made: UInt64? = nil
        ) {
            self.count = count
            self.head = head
            self.isFinal = isFinal
            self.key = key
            self.started = started
            self.made = made
        }
    }

    /// One run of a server, which is one chain.
    public struct Run: Sendable {
        /// The key in its first line; nil where that line is not here and no certificate fits.
        public fileprivate(set) var key: VerificationKey?
        /// The number of the first line that is here; 0 but in a part of a log.
        public fileprivate(set) var first: UInt64 = 0
        /// How many lines it has, with those before the first one that is here.
        public fileprivate(set) var count: UInt64 = 0
        /// How many of these, from the first one on, a certificate vouches for.
        public fileprivate(set) var certified: UInt64 = 0
        /// Whether it ends with the line that says that the server stopped.
        public fileprivate(set) var isEnded = false
        /// Where its last line stands, among lines of whatever kind.
        fileprivate var lastLine: UInt64 = 0
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
    /// The receivers that were not given them, by the names in the log: the first 16 of them.
    public private(set) var lateSinks: [String] = []
    /// Whether the first line was taken on trust.
    public var isPartial: Bool { beginning != nil }
    /// The keys of runs that certificates vouch for and that are not here; complete after ``finish()``.
    public private(set) var absent: [VerificationKey] = []
    /// Those of which one may be that of the first run, whose lines then begin behind what the certificate vouches for; complete after
    /// ``finish()``.
    public private(set) var undecided: [VerificationKey] = []
    /// Lines of whatever kind so far; where something is wrong, the number of that line, or 0 where no line of those that are here is.
    public private(set) var line: UInt64 = 0
    /// The hash of the last line of the log.
    public private(set) var head: [32 of UInt8] = .init(repeating: 0)

    private struct Suspect {
        let line: UInt64
        let event: UInt64
        let expected: UInt64
        let hash: [32 of UInt8]
        /// Whether it could stand where the line before it does.
        let isDouble: Bool
    }

    /// The first line of a part, which was taken on trust.
    private struct Beginning {
        let sequence: UInt64
        let second: UInt64?
        let body: [UInt8]
        let hash: [32 of UInt8]
        let line: UInt64
    }

    /// Where a run was left when another one began.
    private struct Interruption {
        let next: UInt64
        let head: [32 of UInt8]
        /// The line with which the other one began.
        let line: UInt64
    }

    private let hash: HashContext
    private let allowsPartial: Bool
    private let expectations: [Expectation]
    private let sink: String?
    /// The hashes of the newest lines, where some may come again.
    private(set) var recent: RecentLines?
    /// Those of them that were there.
    private var isMet: [Bool]
    /// At which numbers of lines one has to be compared.
    private let counts: Set<UInt64>
    /// Whose lines are missing in this chain, and of whom it says so though nothing is.
    private var lateSink: String?
    private var otherSinks: Set<String> = []
    private var beginning: Beginning?
    /// The time of the newest line of the part's first run.
    private var latest: UInt64?
    private var interruption: Interruption?
    /// The last line of a run that its certificate wants longer, unless what began behind it was inserted and it goes on there.
    private var cut: UInt64?
    private var next: UInt64 = 0
    private var lastLine: UInt64 = 0
    /// The hash before ``head``.
    private var secondLast: [32 of UInt8] = .init(repeating: 0)
    /// The keys so far: no two runs have the same one.
    private var keys: Set<RecordID> = []
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
        do throws(ChainFault) {
            try examine(bytes)
        } catch {
            guard let cut else { throw error }
            line = cut
            throw .notCertified
        }
    }

    private mutating func examine(_ bytes: Span<UInt8>) throws(ChainFault) {
        line += 1
        guard let parsed = try read(bytes) else {
            others += 1
            return
        }
        let body = bytes.extracting(first: parsed.bodyEnd)
        if let suspect { throw try explain(suspect, followedBy: parsed, body) }
        if parsed.sequence < next, try comesAgain(parsed, bytes, body) {
            repeated += 1
            return
        }
        if parsed.sequence == next && next > 0 {
            guard try follows(head, body, parsed.hash) else {
                return try suspect(parsed, body)
            }
            if let gap = Self.gap(bytes, parsed.afterSequence) {
                guard gap.sink != lateSink else { throw .foreignGap(event: parsed.sequence) }
                guard otherSinks.count < Self.sinkBound else { throw .malformed }
                otherSinks.insert(gap.sink)
            }
        } else if parsed.sequence == 0 {
            let isStart = Self.isStart(bytes, parsed.afterSequence)
            guard isStart, try follows(.init(repeating: 0), body, parsed.hash) else {
                throw next == 0 || isStart ? .changed(event: 0) : .inserted(event: 0)
            }
            try begin(body)
        } else if events > 0, parsed.sequence > next, let gap = Self.gap(bytes, parsed.afterSequence),
            parsed.sequence - next == gap.count
        {
            guard try follows(gap.previous, body, parsed.hash) else { throw .changed(event: parsed.sequence) }
            // A file is one receiver's: only lines that this one was not given are missing, and all of those are.
            guard gap.sink == sink ?? lateSink ?? gap.sink, !otherSinks.contains(gap.sink) else {
                throw .foreignGap(event: parsed.sequence)
            }
            lateSink = gap.sink
            if lateSinks.count < Self.namedSinks, !lateSinks.contains(gap.sink) { lateSinks.append(gap.sink) }
            missing = min(missing, .max / 2) + gap.count
        } else if events == 0 {
            guard allowsPartial else { throw .noBeginning(event: parsed.sequence) }
            try begin(within: parsed, bytes, body)
        } else {
            return try suspect(parsed, body)
        }
        if isBehindEnd { throw .afterEnd }
        events += 1
        next = parsed.sequence + 1
        secondLast = head
        head = parsed.hash
        recent?.add(parsed.sequence, parsed.hash)
        lastLine = line
        isEnded = Self.isStop(bytes, parsed.afterSequence)
        if beginning != nil, runs.count == 1 { latest = Self.second(bytes) }
        try compare()
    }

    /// Settles what only the end tells.
    public mutating func finish() throws(ChainFault) {
        if let suspect, cut == nil { throw explain(suspect) }
        if cut == nil { try endRun() }
        if let cut {
            line = cut
            throw .notCertified
        }
        for (index, expectation) in expectations.enumerated() where !isMet[index] {
            let key = expectation.key
            if runs.contains(where: { $0.key?.bytes.isSame(as: key.bytes) == true }) { continue }
            switch relation(expectation) {
            case .cut:
                line = runs[0].lastLine
                throw .notCertified
            case .before:
                if !undecided.contains(where: { $0.bytes.isSame(as: key.bytes) }) { undecided.append(key) }
            case .none:
                line = 0
                guard allowsPartial else { throw .absentRun(key: key.text) }
                if !absent.contains(where: { $0.bytes.isSame(as: key.bytes) }) { absent.append(key) }
            }
        }
    }

    /// What a certificate of no run whose key is known may have to do with the first one, whose beginning is not here.
    private enum Relation {
        /// It is another run's: that began after the first line which is here, or ended before the last.
        case none
        /// It vouches for lines before the first one that is here, if it is this run's.
        case before
        /// It vouches for lines that are here, and that are others, or for some behind them.
        case cut
    }

    private func relation(_ expectation: Expectation) -> Relation {
        guard let beginning, let run = runs.first, run.key == nil else { return .none }
        let isBefore = expectation.count <= beginning.sequence
        // Such a one would have been the one that the first line follows, or the last of its run.
        if isBefore, expectation.count == beginning.sequence || expectation.isFinal { return .none }
        if let first = beginning.second, let started = expectation.started, started > first { return .none }
        if let made = expectation.made {
            if isBefore, let first = beginning.second, made > first { return .none }
            if !isBefore, let last = expectation.isFinal ? latest : beginning.second, made < last { return .none }
        }
        return isBefore ? .before : .cut
    }

    /// Takes the first line of a part on trust, unless a certificate tells what it follows.
    private mutating func begin(within parsed: Parsed, _ bytes: Span<UInt8>, _ body: Span<UInt8>) throws(ChainFault) {
        beginning = Beginning(
            sequence: parsed.sequence, second: Self.second(bytes), body: body.copied, hash: parsed.hash, line: line)
        var run = Run()
        run.first = parsed.sequence
        for (index, expectation) in expectations.enumerated() where expectation.count == parsed.sequence {
            guard run.key == nil, try follows(expectation.head, body, parsed.hash) else { continue }
            run.key = expectation.key
            run.certified = expectation.count
            keys.insert(Self.identity(expectation.key))
            isMet[index] = true
            if expectation.isFinal { isBehindEnd = true }
        }
        runs.append(run)
    }

    /// Settles what the end of a run tells.
    private mutating func endRun() throws(ChainFault) {
        guard let run = runs.indices.last else { return }
        runs[run].count = next
        runs[run].isEnded = isEnded
        runs[run].lastLine = lastLine
        if run > 0, let beginning, beginning.sequence == next, try follows(head, beginning.body.span, beginning.hash) {
            line = beginning.line
            throw .wrongOrder(event: next)
        }
        guard let key = runs[run].key else { return }
        for (index, expectation) in expectations.enumerated()
        where !isMet[index] && expectation.key.bytes.isSame(as: key.bytes) {
            // One behind it, in the same chain, vouches for it, too.
            if runs[run].certified <= expectation.count { cut = lastLine }
        }
    }

    private mutating func begin(_ body: Span<UInt8>) throws(ChainFault) {
        // The key is the last field of the first line.
        let size = Self.encodedKeySize
        guard body.count > size + 1 else { throw .malformed }
        var text = body.extracting(body.count - 1 - size..<body.count - 1).copied
        var encoded = text.mutableSpan
        guard let count = Base64.decode(&encoded),
            let key = VerificationKey(standardForm: text.span.extracting(first: count))
        else { throw .malformed }
        guard keys.insert(Self.identity(key)).inserted else { throw .repeatedRun(key: key.text) }
        guard cut == nil else { throw .notCertified }
        let place = line
        try endRun()
        guard runs.count < Self.runBound else { throw .tooManyRuns }
        interruption = runs.isEmpty ? nil : Interruption(next: next, head: head, line: place)
        isBehindEnd = false
        lateSink = nil
        otherSinks = []
        if recent != nil { recent = RecentLines() }
        var run = Run()
        run.key = key
        runs.append(run)
    }

    private static func identity(_ key: VerificationKey) -> RecordID {
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            halves.0 = halves.0 << 8 | UInt64(key.bytes[index])
            halves.1 = halves.1 << 8 | UInt64(key.bytes[8 + index])
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
            if runs[run].key == nil { keys.insert(Self.identity(expectation.key)) }
            runs[run].key = expectation.key
            runs[run].certified = next
            isMet[index] = true
            if expectation.isFinal { isBehindEnd = true }
        }
    }

    /// What a line is that stands alone; nil for another line of the program. A line before it that does not follow is the first fault.
    private mutating func read(_ bytes: Span<UInt8>) throws(ChainFault) -> Parsed? {
        let fault: ChainFault
        if bytes.count > Self.lineBound {
            fault = .tooLong
        } else if let sequenceStart = Self.sequenceStart(bytes) {
            if let parsed = Self.parse(bytes, sequenceStart) { return parsed }
            fault = .malformed
        } else {
            if Self.isOther(bytes) { return nil }
            fault = .foreignLine
        }
        if let suspect { throw explain(suspect) }
        throw fault
    }

    /// Keeps a line that does not follow until the next one tells why, unless it follows where the run before was left.
    private mutating func suspect(_ parsed: Parsed, _ body: Span<UInt8>) throws(ChainFault) {
        if let interruption, interruption.next == parsed.sequence,
            try follows(interruption.head, body, parsed.hash)
        {
            line = interruption.line
            cut = nil
            throw .inserted(event: 0)
        }
        var isDouble = false
        if parsed.sequence + 1 == next, events > 1, !parsed.hash.isSame(as: head) {
            isDouble = try follows(secondLast, body, parsed.hash)
        }
        suspect = Suspect(
            line: line, event: parsed.sequence, expected: next, hash: parsed.hash, isDouble: isDouble)
    }

    /// What happened to a line that does not follow, by the one behind it.
    private mutating func explain(
        _ suspect: Suspect, followedBy next: Parsed, _ body: Span<UInt8>
    ) throws(ChainFault) -> ChainFault {
        // The line behind it tells which one of two is the right one.
        if suspect.isDouble, next.sequence == suspect.expected, try follows(suspect.hash, body, next.hash) {
            line = lastLine
            return .inserted(event: suspect.event)
        }
        return explain(suspect, next.sequence)
    }

    private mutating func explain(_ suspect: Suspect, _ sequence: UInt64? = nil) -> ChainFault {
        line = suspect.line
        let event = suspect.event
        let expected = suspect.expected
        if event == expected { return sequence == event ? .inserted(event: event) : .changed(event: event) }
        if event < expected {
            if suspect.isDouble { return .doubled(event: event) }
            return sequence == expected || sequence == nil ? .inserted(event: event) : .swapped(event: event)
        }
        if sequence == nil || sequence == event + 1 { return .removed(first: expected, count: event - expected) }
        return .swapped(event: event)
    }

    func follows(
        _ previous: [32 of UInt8], _ body: Span<UInt8>, _ hash: [32 of UInt8]
    ) throws(ChainFault) -> Bool {
        try digest(previous, body).isSame(as: hash)
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
