// What `verify` reads: logs, of which nothing may be changed unnoticed, and certificates.

import Kernel
import Sealing
import SecureMemory

@testable import Audit

/// A log that was written in order, and its end.
private struct WrittenLog {
    let lines: [[UInt8]]
    let expectation: ChainVerifier.Expectation

    init() throws {
        let arena = try SecureArena(capacity: 1 << 16, allowsSecretMemory: false)
        let key = try SigningKey(arena: arena)
        let now = Moment(milliseconds: 1_000_250, wallSeconds: 1_800_000_000)
        let log = try AuditLog(
            settings: AuditSettings(),
            start: AuditStart(version: "1.2.3", memory: "mlock", listening: "127.0.0.1:7143"),
            key: key.publicKey, arena: arena, now: now, wallMilliseconds: 1_800_000_000_250)
        for action in [AuditAction.create, .reveal, .wrongPassphrase, .burn, .stop] {
            var event = AuditEvent(action)
            event.secret = RecordID(high: UInt64(action.rawValue), low: 0)
            log.record(event, now: now)
        }
        var position = log.position(of: 0)
        let bytes = [UInt8](capacity: 1 << 14) { output in _ = log.read(from: &position, into: &output) }
        lines = bytes.split(separator: 10).map(Array.init)
        expectation = .init(count: log.count, head: log.head, isFinal: true, key: key.publicKey)
    }
}

private let written: WrittenLog = {
    do { return try WrittenLog() } catch { finding("there is no log", "\(error)") }
}()

/// Any bytes as a log; and a log that was written in order, in which the bytes say what is changed.
@Sendable func fuzzChain(_ raw: [UInt8]) {
    for allowsPartial in [false, true] {
        let (fault, events, others) = verify(raw.split(separator: 10).map(Array.init), nil, allowsPartial)
        if fault == nil, events > 0, !allowsPartial {
            expect(rechained(raw.split(separator: 10).map(Array.init)), "a chain is whole, but does not hold together")
        }
        expect(events + others <= UInt64(raw.count), "more lines than there are")
    }

    let lines = written.lines
    expect(verify(lines, written.expectation).fault == nil, "a log is not what was written")
    let changed = tampered(lines, raw)
    let logged = changed.filter(isOfLog)
    let (fault, _, _) = verify(changed, written.expectation)
    // Lines of the program's other log may stand in between; everything else is found.
    if fault == nil {
        expect(logged == lines, "a log was changed, and nobody noticed", printable(changed.joined(separator: [10])))
    }
    let (bareFault, _, _) = verify(changed, nil)
    if bareFault == nil, !logged.isEmpty {
        // Without a certificate an end that was cut off may go unnoticed, and so may what begins a chain by itself.
        let isPart = lines.starts(with: logged)
        expect(
            isPart, "a log was changed, and nobody noticed without a certificate",
            printable(changed.joined(separator: [10])))
    }
}

/// Lines after what pairs of bytes ask for.
private func tampered(_ lines: [[UInt8]], _ raw: [UInt8]) -> [[UInt8]] {
    var (lines, rest) = (lines, raw.prefix(64))
    func next() -> Int { Int(rest.popFirst() ?? 0) }
    while !rest.isEmpty, !lines.isEmpty {
        let (operation, index) = (next(), next() % lines.count)
        switch operation % 7 {
        case 0: lines.remove(at: index)
        case 1: lines.swapAt(index, next() % lines.count)
        case 2: lines.insert(lines[index], at: next() % (lines.count + 1))
        case 3 where !lines[index].isEmpty:
            let place = (next() << 8 | next()) % lines[index].count
            lines[index][place] = UInt8(next())
        case 4: lines[index].insert(UInt8(next()), at: next() % (lines[index].count + 1))
        case 5: lines.removeLast(index)
        default: lines.insert(Array(raw.suffix(200)), at: index)
        }
    }
    return lines.flatMap { $0.split(separator: 10).map(Array.init) }
}

/// Whether a line calls itself one of the log.
private func isOfLog(_ line: [UInt8]) -> Bool { ChainVerifier.sequenceStart(line.span) != nil }

private func verify(
    _ lines: [[UInt8]], _ expectation: ChainVerifier.Expectation?, _ allowsPartial: Bool = false
) -> (fault: ChainFault?, events: UInt64, others: UInt64) {
    guard
        var verifier = try? ChainVerifier(
            allowsPartial: allowsPartial, expectations: expectation.map { [$0] } ?? [])
    else {
        finding("OpenSSL failed")
    }
    do throws(ChainFault) {
        for line in lines { try verifier.check(line.span) }
        try verifier.finish()
    } catch {
        expect(verifier.line <= UInt64(lines.count), "a fault on a line that there is not")
        return (error, verifier.events, verifier.others)
    }
    return (nil, verifier.events, verifier.others)
}

/// Whether each line of the log has the hash of itself and of the one before, or of the one that it names as missing.
private func rechained(_ lines: [[UInt8]]) -> Bool {
    guard let context = try? HashContext() else { finding("OpenSSL failed") }
    let (field, none) = (Array(",\"event.hash\":\"".utf8), [UInt8](repeating: 0, count: 32))
    var head = none
    for line in lines where isOfLog(line) {
        let ends = line.indices.filter { line[$0...].starts(with: field) }
        guard let end = ends.last, line.count == end + field.count + 66,
            let hash = line.span.hash(at: end + field.count)
        else { return false }
        var before = [head, none]
        let name = Array("previous_hash\":\"".utf8)
        if let place = line.indices.first(where: { line[$0...].starts(with: name) }),
            let previous = line.span.hash(at: place + name.count)
        {
            before.append(previous.indices.map { previous[$0] })
        }
        let holds = before.contains { previous in
            var digest: [32 of UInt8] = .init(repeating: 0)
            let body = previous + line[..<end]
            guard (try? context.hash(body.span, into: &digest)) != nil else { return false }
            return digest.isSame(as: hash)
        }
        guard holds else { return false }
        head = hash.indices.map { hash[$0] }
    }
    return true
}

/// What is signed comes out as it went in and shows nothing that moves a terminal; nothing else is genuine.
@Sendable func fuzzCertificate(_ raw: [UInt8]) {
    inExactMemory(raw) { bytes in
        guard let certificate = Certificate(line: bytes.span) else { return }
        checkText(certificate)
        _ = certificate.expectation
        let again = Certificate(line: Array(certificate.line(at: .now).utf8).span)
        expect(again?.statement == certificate.statement, "a certificate is not itself again")
        expect(again?.isGenuine == certificate.isGenuine, "a certificate is genuine only once")
    }
    guard let signature = try? unsafe signing.key.sign(raw.span) else { finding("OpenSSL failed") }
    let key = unsafe signing.key.publicKey
    let certificate = Certificate(statement: raw, signature: signature, key: key)
    checkText(certificate)
    let line = Array(certificate.line(at: .now).utf8)
    let read = Certificate(line: line.span)
    expect(read?.statement == raw && read?.isGenuine == true, "a certificate is not itself again", printable(raw))
    expect(VerificationKey(text: key.text)?.text == key.text, "a key is not itself again")
    guard !raw.isEmpty else { return }
    var (random, other) = (Splits(raw), raw)
    other[random.next(upTo: raw.count) - 1] ^= UInt8(random.next(upTo: 255))
    let isGenuine = Certificate(statement: other, signature: signature, key: key).isGenuine
    expect(!isGenuine, "another statement is genuine", printable(other))
}

private func checkText(_ certificate: Certificate) {
    let isPlain = certificate.text.utf8.allSatisfy { $0 == 10 || 0x20...0x7e ~= $0 }
    expect(isPlain, "a certificate's text has control characters", certificate.text)
}

private final class Signing {
    let arena: SecureArena
    let key: SigningKey

    init() throws {
        arena = try SecureArena(capacity: 1 << 14, allowsSecretMemory: false)
        key = try SigningKey(arena: arena)
    }
}

// Unsafe: libFuzzer calls its target on one thread.
nonisolated(unsafe) private let signing: Signing = {
    do { return try Signing() } catch { finding("there is no key", "\(error)") }
}()
