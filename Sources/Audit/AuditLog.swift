// The log: a chain of lines, each bound to all before it by a hash.
public import Kernel
public import Sealing
public import SecureMemory

/// What happened, as lines of JSON with the field names of the Elastic Common Schema, in a chain that shows every change.
///
/// Each line ends with `event.hash`: SHA-256 over the 32 bytes of the hash of the line before (zeroes for the first one) and the
/// bytes of the line up to the comma before that field. Belongs to the loop's thread. ``record(_:keyName:detail:now:)`` takes no
/// memory from the heap and waits for nobody. What it wrote is in memory at once; sinks are handed it by ``publish(now:)``.
public final class AuditLog {
    /// The longest line, in bytes, with its line feed.
    public static let lineBound = 1536
    /// What every line has more bytes than: its first fields and its hash take that many.
    static let leastLine = 256
    /// How long most lines are not longer than, in bytes.
    static let usualLine = 448
    /// The most bytes that a sink is given at one time.
    public static let batchBound = 64 << 10
    /// How many bytes of lines wait at most to be handed to sinks together: some twenty lines. Each time has a price
    /// (a thread's lock, which waits for all that was written to memory before it; a look at each sink); line by line it was a fourth of
    /// what a line took.
    static let publishedAtOnce = 8192
    /// How much of a key's name is written, in bytes of JSON.
    public static let nameBound = 128
    /// How much of a message is written, in bytes of JSON.
    public static let messageBound = 512

    /// How many kinds of refusals are told apart within a minute.
    static let refusalPlaces = 64
    /// How many looks at receipts are, and how many by keys at something else: more, for each of them has a reason of its own. Anybody
    /// can make receipts to look at, but that hides nobody's key.
    static let lookPlaces = 512

    /// How long one sink is waited for at the end before it is the next one's turn, in milliseconds.
    private static let closingTurn: UInt64 = 10

    private struct Feed {
        let queue: any ReceiverQueue
        /// How many lines it was not given since the last one that it was.
        var missing: UInt64 = 0
    }

    private let hash: HashContext
    private let addresses: AddressWriter
    private var clock: LineClock
    private var buffer = LineBuffer(lineCapacity: AuditLog.lineBound)
    private var ring: LineRing
    private let keepsRing: Bool
    /// How long the lines in memory are, by the lowest bits of their numbers. So the oldest one gives way unread: it left all caches
    /// long ago, and waiting for it took a third of the time that a line takes.
    private var sizes: [UInt16]
    private var oldest: UInt64 = 0
    private var feeds: [Feed] = []
    /// How many of them miss lines.
    private var lacking = 0
    /// Lines that sinks were not handed yet, and how many these are.
    private var unpublished = LineBuffer(lineCapacity: AuditLog.publishedAtOnce)
    private var unpublishedCount: UInt64 = 0
    /// When one of them has to be handed on what it holds, in milliseconds of the monotonic clock.
    private var nextFlush = UInt64.max
    private var refusals = RepeatedEvents(places: AuditLog.refusalPlaces)
    private var looks = RepeatedEvents(places: AuditLog.lookPlaces)
    private var looksByKey = RepeatedEvents(places: AuditLog.lookPlaces)

    /// The hash of the newest line.
    public private(set) var head: [32 of UInt8] = .init(repeating: 0)
    /// How many lines there are; the next one has this number.
    public private(set) var count: UInt64 = 0
    /// When the newest line was written, in seconds since 1970.
    public var newestLine: Int64 { clock.newest }
    /// How many lines sinks were not given, all sinks together.
    public private(set) var dropped: UInt64 = 0
    /// How many lines the memory held and gave up for newer ones.
    public var overwritten: UInt64 { oldest }

    /// A chain with its first line.
    ///
    /// - Parameters:
    ///   - key: the public key whose certificates vouch for this chain; it is in the first line.
    ///   - arena: lends 32 bytes where addresses are hashed.
    ///   - wallMilliseconds: the wall clock at `now`, for the thousandths of seconds.
    public init(
        settings: AuditSettings, start: AuditStart, key: VerificationKey, arena: SecureArena, now: Moment,
        wallMilliseconds: Int64 = WallClock.milliseconds()
    ) throws(SealingError) {
        let hash = try HashContext()
        addresses = try AddressWriter(settings.addresses, hash: hash, arena: arena)
        self.hash = hash
        keepsRing = settings.ringBytes >= Self.lineBound
        ring = LineRing(capacity: keepsRing ? settings.ringBytes : 1)
        var most = 1
        while keepsRing, most <= settings.ringBytes / Self.leastLine { most *= 2 }
        sizes = Array(repeating: 0, count: most)
        clock = LineClock(wallMilliseconds: wallMilliseconds, at: now)
        begin(.start, .success, now)
        buffer.append(#","service.version":""#)
        buffer.append(escaping: start.version, bound: 32)
        buffer.append(#"","server.address":""#)
        buffer.append(escaping: start.listening, bound: 64)
        buffer.append(#"","onetime.memory":""#)
        buffer.append(escaping: start.memory, bound: 32)
        buffer.append(#"""#)
        buffer.append(AuditFormat.keyField)
        buffer.append(base64: key.standardForm.span)
        buffer.append(0x22)
        finish()
    }

    /// Gives a sink every line from the newest one on; the first line too, while it is the only one.
    public func attach(_ sink: any AuditSink, queueBytes: Int) throws(Errno) {
        let queue = try SinkQueue(sink, capacity: max(queueBytes, 2 * Self.lineBound))
        try queue.start()
        attach(queue)
    }

    /// The same for one that only queues them.
    public func attach(_ sink: any AuditQueueSink, queueBytes: Int) {
        attach(DirectQueue(sink, capacity: max(queueBytes, 2 * Self.lineBound)))
    }

    /// The same for a descriptor, which stays the caller's. It is written to without another thread, unless that could have the loop wait.
    /// A terminal may take a part of a line; who waits until it takes the rest lets nobody write between.
    public func attach(descriptor: Int32, queueBytes: Int) throws(Errno) {
        let sink = DescriptorSink(descriptor)
        let isAlone = !FileDescriptor.areSame(descriptor, 1) && !FileDescriptor.areSame(descriptor, 2)
        let output = NonblockingOutput(descriptor, isAlone: isAlone)
        guard output.neverWaits, !FileDescriptor.isTerminal(descriptor) else {
            return try attach(sink, queueBytes: queueBytes)
        }
        attach(DirectQueue(output, sink, capacity: max(queueBytes, 2 * Self.lineBound)))
    }

    private func attach(_ queue: any ReceiverQueue) {
        share()
        if count == 1 {
            _ = queue.offer(buffer.line, count: 1)
            nextFlush = 0
        }
        feeds.append(Feed(queue: queue))
    }

    // MARK: Writing

    /// Writes an event down.
    ///
    /// - Parameters:
    ///   - keyName: the name of the API key that was used: `user.name`, up to ``nameBound`` bytes of it.
    ///   - detail: what only some events have to tell.
    public func record(_ event: AuditEvent, keyName: String? = nil, detail: AuditDetail = .none, now: Moment) {
        if lacking > 0 { tellGaps(now) }
        begin(event.action, event.outcome, now)
        if let address = event.address { addresses.write(address, into: &buffer) }
        if event.isFromUnknown { buffer.append(#","source.address":"unknown""#) }
        if let country = event.country {
            buffer.append(#","source.geo.country_iso_code":""#)
            buffer.append(Self.letter(country >> 8))
            buffer.append(Self.letter(country & 0xFF))
            buffer.append(0x22)
        }
        if let keyName {
            buffer.append(#","user.name":""#)
            buffer.append(escaping: keyName, bound: Self.nameBound)
            buffer.append(0x22)
        }
        if let id = event.userID { buffer.append(#","user.id":""#, keyID: id) }
        if let rule = event.rule { append(#","rule.name":""#, rule) }
        if let reason = event.reason { append(#","event.reason":""#, reason) }
        if let secret = event.secret {
            buffer.append(#","onetime.secret":""#)
            buffer.append(hexadecimal: secret.high)
            buffer.append(0x22)
        }
        if let receipt = event.receipt {
            buffer.append(#","onetime.receipt":""#)
            buffer.append(hexadecimal: receipt.high)
            buffer.append(0x22)
        }
        if let count = event.count {
            buffer.append(#","onetime.count":"#)
            buffer.append(decimal: count)
        }
        buffer.append(detail)
        finish()
    }

    /// Writes a refusal down, unless as many like it were within a minute: then it is counted, and the number written once the
    /// minute is over.
    ///
    /// - Parameter limit: how many of one rule and one network are written, at least one.
    public func recordRefusal(_ event: AuditEvent, keyName: String? = nil, upTo limit: Int, now: Moment) {
        tellRepeated(by: now.milliseconds, now: now)
        var (event, keyName) = (event, keyName)
        if refusals.admit(&event, &keyName, upTo: limit, now: now.milliseconds) {
            record(event, keyName: keyName, now: now)
        }
    }

    /// Writes down that somebody looked at something and changed nothing, unless the same was looked at from the same network, with the
    /// same key, within a minute: then it is counted, like refusals.
    public func recordLook(_ event: AuditEvent, keyName: String? = nil, now: Moment) {
        tellRepeated(by: now.milliseconds, now: now)
        var (event, keyName) = (event, keyName)
        let isNew =
            event.receipt == nil
            ? looksByKey.admit(&event, &keyName, upTo: 1, now: now.milliseconds)
            : looks.admit(&event, &keyName, upTo: 1, now: now.milliseconds)
        if isNew { record(event, keyName: keyName, now: now) }
    }

    /// When ``tellRepeated(by:now:)`` or ``publish(now:)`` has something to do, in milliseconds of the monotonic clock; nil while nothing is
    /// counted and nothing waits.
    public var nextDue: UInt64? {
        let next = min(nextFlush, refusals.nextEnd ?? .max, looks.nextEnd ?? .max, looksByKey.nextEnd ?? .max)
        return next == .max ? nil : next
    }

    /// Writes how many refusals and looks were not written, of those that were to be counted up to a moment, in milliseconds of the
    /// monotonic clock: `.max` for all.
    public func tellRepeated(by milliseconds: UInt64, now: Moment) {
        while let (event, name) = refusals.takeNext(endedBy: milliseconds) { record(event, keyName: name, now: now) }
        while let (event, name) = looks.takeNext(endedBy: milliseconds) { record(event, keyName: name, now: now) }
        while let (event, name) = looksByKey.takeNext(endedBy: milliseconds) {
            record(event, keyName: name, now: now)
        }
    }

    /// Words of the program's own, which need no escapes.
    private func append(_ field: StaticString, _ words: StaticString, _ number: Int32? = nil) {
        precondition(words.utf8CodeUnitCount <= 96, "words of the program that are longer than a line may have")
        buffer.append(field)
        buffer.append(words)
        if let number { buffer.append(decimal: UInt64(number)) }
        buffer.append(0x22)
    }

    private static func letter(_ byte: UInt16) -> UInt8 {
        (0x41...0x5A).contains(byte) ? UInt8(byte) : 0x3F
    }

    private func begin(_ action: AuditAction, _ outcome: AuditEvent.Outcome, _ now: Moment) {
        if keepsRing { ring.prefetch(Self.usualLine) }
        buffer.begin()
        buffer.append(AuditFormat.opening)
        clock.write(now, into: &buffer)
        buffer.append(AuditFormat.marker)
        buffer.append(decimal: count)
        buffer.append(AuditFormat.middle)
        buffer.append(action.fields)
        buffer.append(outcome == .success ? #"success""# : #"failure""#)
    }

    /// Ends the line with its hash and hands it to all who want it.
    private func finish() {
        // SHA-256 cannot fail once its context is made; a line without its hash would end the chain in the eyes of everybody.
        guard (try? hash.hash(buffer.hashed, into: &head)) != nil else { return }
        buffer.append(AuditFormat.hashField)
        buffer.append(hexadecimal: head)
        buffer.append("\"}\n")
        if keepsRing {
            let size = buffer.line.count
            precondition(size > Self.leastLine)
            while ring.freeCapacity < size {
                ring.removeAll(before: ring.start + UInt64(sizes[sizeIndex(oldest)]))
                oldest += 1
            }
            sizes[sizeIndex(count)] = UInt16(size)
            ring.append(buffer.line)
        }
        if !feeds.isEmpty {
            if unpublished.freeCapacity < buffer.line.count { share() }
            unpublished.append(buffer.line)
            unpublishedCount += 1
        }
        count += 1
        buffer.setHash(head)
    }

    /// Hands sinks what was written since they were handed any: to be called before waiting for anything. Waits for nobody itself; what a
    /// sink has no room for is counted.
    public func publish(now: UInt64) {
        if unpublishedCount == 0 && now < nextFlush { return }
        share()
        nextFlush = .max
        for feed in feeds { nextFlush = min(nextFlush, feed.queue.flush(now: now) ?? .max) }
    }

    private func share() {
        guard unpublishedCount > 0 else { return }
        for index in feeds.indices {
            let taken =
                feeds[index].missing > 0 ? 0 : feeds[index].queue.offer(unpublished.line, count: unpublishedCount)
            guard taken < unpublishedCount else { continue }
            if feeds[index].missing == 0 { lacking += 1 }
            feeds[index].missing += unpublishedCount - taken
            dropped += unpublishedCount - taken
            feeds[index].queue.missed(unpublishedCount - taken)
        }
        unpublished.begin()
        unpublishedCount = 0
    }

    private func sizeIndex(_ sequence: UInt64) -> Int { Int(truncatingIfNeeded: sequence) & (sizes.count - 1) }

    /// Tells what sinks are missing that have room again.
    private func tellGaps(_ now: Moment) {
        for index in feeds.indices where feeds[index].missing > 0 && feeds[index].queue.hasRoom { tellGap(index, now) }
    }

    /// Tells what a sink is missing, in a line that it can be sure of without what is missing: with the hash before it.
    private func tellGap(_ index: Int, _ now: Moment) {
        share()
        let feed = feeds[index]
        feeds[index].missing = 0
        lacking -= 1
        begin(.gap, .failure, now)
        buffer.append(AuditFormat.missingField)
        buffer.append(decimal: feed.missing)
        buffer.append(AuditFormat.previousField)
        buffer.append(hexadecimal: head)
        append(AuditFormat.sinkField, feed.queue.name, feed.queue.descriptor)
        finish()
    }

    /// Has sinks given all that waits for them, for so many milliseconds at most. Returns how many did not get all, or miss lines that no
    /// line tells of any more.
    public func close(within milliseconds: UInt64) -> Int {
        share()
        let deadline = BootClock.milliseconds() + milliseconds
        var late = 0
        // One after the other, again and again: who stalls may not take the others' time.
        repeat {
            feeds.removeAll { feed in
                let end = feed.queue.close(by: deadline, waiting: Self.closingTurn)
                if end == .failed || end == .done && feed.missing > 0 { late += 1 }
                return end != .waits
            }
        } while !feeds.isEmpty && BootClock.milliseconds() < deadline
        late += feeds.count
        for feed in feeds { feed.queue.giveUp() }
        feeds = []
        lacking = 0
        return late
    }

    // MARK: Reading

    /// Where somebody is who reads the lines in memory.
    public struct Position: Sendable {
        /// The number of the line that is read next.
        public fileprivate(set) var sequence: UInt64
        /// How many lines were overwritten before they were read.
        public fileprivate(set) var missed: UInt64
        fileprivate var place: UInt64
    }

    /// The place of a line, or of the oldest that is kept, if that is a later one. O(log lines): about 20 lines are looked at, and those
    /// of the last few KiB before it.
    public func position(of sequence: UInt64) -> Position {
        var position = Position(sequence: oldest, missed: 0, place: ring.start)
        if !keepsRing { position.sequence = count }
        // Lines have their numbers in a fixed place, so the half that has the line is known from any line between.
        var end = ring.end
        while end - position.place > 4 * UInt64(Self.lineBound) {
            let middle = position.place + (end - position.place) / 2
            let place = ring.placeAfterLine(at: middle)
            guard place < end, let number = ring.number(at: place + AuditFormat.sequencePlace), number <= sequence
            else {
                end = middle
                continue
            }
            (position.sequence, position.place) = (number, place)
        }
        while position.sequence < sequence, position.place < ring.end {
            position.place = ring.placeAfterLine(at: position.place)
            position.sequence += 1
        }
        return position
    }

    /// Appends as many whole lines as fit from a place on, and moves it behind them. Nothing is appended where there are no newer
    /// ones, or where `output` has room for less than one (``lineBound``).
    ///
    /// - Returns: how many lines were appended.
    @_lifetime(output: copy output)
    public func read(from position: inout Position, into output: inout OutputSpan<UInt8>) -> Int {
        if position.place < ring.start {
            position.missed += oldest - position.sequence
            position.sequence = oldest
            position.place = ring.start
        }
        let before = output.count
        position.place = ring.copyLines(from: position.place, into: &output)
        var lines = 0
        let bytes = output.span
        for index in before..<bytes.count where bytes[index] == 0x0A { lines += 1 }
        position.sequence += UInt64(lines)
        return lines
    }
}
