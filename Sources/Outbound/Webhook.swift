// Events that go to somebody else's server by HTTPS, signed, and tried again for a while.
public import Kernel
internal import Sealing
internal import Synchronization
public import TLS

/// Sends lines to a URL, each as a request of its own. Handing one over takes no longer than a copy.
public final class Webhook: Sendable {
    private let settings: WebhookSettings
    private let secret: WebhookSecret
    private let client: TLSClient?
    private let events: [[UInt8]]
    private let threads: SenderThreads
    /// Until when the receiver asked not to be called, in milliseconds of ``BootClock``; the largest number where it wants nothing any more.
    private let quietUntil = Atomic<UInt64>(0)
    /// The longest pause between two tries, also where the receiver asks for more, in milliseconds.
    private static let longestPause: UInt64 = 60_000

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - client: whose certificates are believed; nil is for targets without TLS.
    ///   - report: told when messages begin to fail or to be dropped, and when that is over.
    public init(
        _ settings: WebhookSettings, secret: WebhookSecret, client: TLSClient?, report: @escaping OutboundReport
    ) throws(Errno) {
        self.settings = settings
        self.secret = secret
        self.client = client
        events = settings.events.map { Array($0.utf8) }
        threads = try SenderThreads(queueBytes: settings.queueBytes, report: report)
        try threads.start(settings.threads, named: "onetime-webhook") { self.run() }
    }

    /// What it is called in the audit trail.
    public var name: StaticString { "webhook" }

    /// Queues lines, each with its line feed, as the audit trail hands them on. Always true: it never asks for them again.
    public func write(_ lines: Span<UInt8>) -> Bool {
        LineQueue.forEach(lines) { send($0) }
        return true
    }

    /// Queues a line, if its `event.action` is one of those that are wanted. False where it was wanted and could not be taken.
    ///
    /// Never waits for more than a copy; when the queue is full the oldest line goes.
    @discardableResult
    public func send(_ line: Span<UInt8>) -> Bool {
        guard wants(line) else { return true }
        return threads.take(line)
    }

    /// What came of it so far.
    public var counts: OutboundCounts { threads.counts }

    /// Sends what waits, each line once more, for so many milliseconds at most, then wipes the key. Nothing is sent after that.
    public func stop(within milliseconds: UInt64) {
        threads.stop(until: BootClock.milliseconds() + milliseconds)
        secret.wipe()
    }

    private func wants(_ line: Span<UInt8>) -> Bool {
        guard !events.isEmpty else { return true }
        guard let range = AuditLine.text(of: "action", in: line) else { return false }
        let action = line.extracting(range)
        return events.contains { event in
            event.count == action.count && action.indices.allSatisfy { action[$0] == event[$0] }
        }
    }

    private func run() {
        var line: [UInt8] = []
        while threads.next(into: &line) {
            guard let first = try? Randomness.number(), let second = try? Randomness.number() else {
                threads.failing(.libraryFailure)
                threads.gaveUp()
                continue
            }
            let id = "msg_" + Self.hexadecimal(first) + Self.hexadecimal(second)
            deliver(WebhookMessage(id: Array(id.utf8), body: line))
        }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func deliver(_ message: WebhookMessage) {
        let closing = threads.closing
        waitForQuiet()
        let end = BootClock.milliseconds() + settings.patience
        var backoff = Backoff(first: settings.firstPause, longest: Self.longestPause)
        for attempt in 1...max(settings.tries, 1) {
            // What it asked for may have been an answer to another message.
            waitForQuiet()
            guard quietUntil.load(ordering: .relaxed) < .max else { break }
            do throws(OutboundFault) {
                try hand(over: message, until: min(BootClock.milliseconds() + settings.timeout, end))
                return threads.delivered()
            } catch {
                threads.failing(error)
                let now = BootClock.milliseconds()
                var pause = backoff.pause()
                if case .status(410, _) = error, quietUntil.exchange(.max, ordering: .relaxed) < .max {
                    threads.isUnwanted()
                } else if case .status(_, let seconds?) = error {
                    pause = max(pause, min(seconds, Self.longestPause / 1000) * 1000)
                    quietUntil.max(now + pause, ordering: .relaxed)
                }
                let next = now + pause
                guard error.mayPass, attempt < settings.tries, next < end, !closing.hasBegun else { break }
                closing.pause(until: next)
                if closing.isOver { break }
            }
        }
        threads.gaveUp()
    }

    /// Waits as long as the receiver asked for; not if it asked for good.
    private func waitForQuiet() {
        let moment = quietUntil.load(ordering: .relaxed)
        if moment < .max { threads.closing.pause(until: moment) }
    }

    /// One try: the name is looked up, every address judged, one connected to, and the status of the answer read.
    private func hand(over message: WebhookMessage, until limit: UInt64) throws(OutboundFault) {
        let closing = threads.closing
        let target = settings.target
        let addresses = try settings.resolver.addresses(of: target.endpoint, until: limit, closing)
        let isPrivate = !settings.allowsPrivate && addresses.contains { AddressPolicy.privateOnly.allows($0) }
        if isPrivate && !addresses.contains(where: settings.policy.allows) { throw .privateAddress }
        var channel = try Channel.open(addresses, settings.policy, .stream, until: limit, closing)
        if target.isSecure {
            guard let client else { throw .libraryFailure }
            try channel.secure(client, target.endpoint, until: limit)
        }
        guard let request = message.request(to: settings, secret: secret, at: WallClock.seconds()) else {
            throw .libraryFailure
        }
        try channel.send(request.span, until: limit)
        var answer = [UInt8](repeating: 0, count: WebhookAnswer.maximumBytes)
        var count = 0
        var refusal: OutboundFault?
        while true {
            let more: Int
            do throws(OutboundFault) {
                more = try channel.receive(into: &answer, from: count, until: limit)
            } catch {
                throw refusal ?? error
            }
            count += more
            let answer = answer.span.extracting(first: count)
            switch WebhookAnswer.status(in: answer) {
            case .status(200..<300): return channel.finish()
            case .status(let status):
                guard status == 429 || status == 503 else { throw .status(status) }
                let (pause, isKnown) = WebhookAnswer.pause(in: answer)
                refusal = .status(status, pause: pause)
                // The rest of its fields may come.
                if isKnown || more == 0, let refusal { throw refusal }
            case .malformed: throw .notHTTP
            case .incomplete:
                if more == 0 { throw count == answer.count ? .notHTTP : .closed }
            }
        }
    }
}
