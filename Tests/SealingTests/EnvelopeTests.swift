// Envelopes and their keys beyond what vectors say: pieces, tampering, limits, randomness.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct EnvelopeTests {
    let bench: Workbench
    let linkKey = Workbench.linkKey
    let salt = Workbench.salt
    static let chunk = Envelope.chunkSize
    static let sealedChunk = Envelope.sealedChunkSize

    init() throws {
        bench = try Workbench()
    }

    @Test(arguments: [1, 65535, 65536, 65537, 131_072, 200_000])
    func `what was sealed is what is opened, in whatever pieces it came`(_ size: Int) throws {
        let content = pattern(size)
        let freeBefore = bench.arena.freeBytes
        let whole = try bench.sealEnvelope(content)
        for pieces in [
            [], [1], [0, 0], [Self.chunk], [Self.chunk - 1, 2], [Self.chunk + 1], [1, Self.chunk, Self.chunk],
        ] {
            #expect(try bench.sealEnvelope(content, pieces: pieces) == whole, "sealed in pieces of \(pieces)")
        }
        let many = Array(repeating: 30_001, count: whole.count / 30_001)
        for pieces in [[1] + many, [Self.sealedChunk - 1] + many, many, Array(repeating: Self.sealedChunk, count: 4)] {
            #expect(try bench.openEnvelope(whole, pieces: pieces) == content, "opened in pieces of \(pieces)")
        }
        let locked = try bench.sealEnvelope(content, stretched: Workbench.stretched)
        #expect(try bench.openEnvelope(locked, stretched: Workbench.stretched) == content)
        #expect(bench.arena.freeBytes == freeBefore)
    }

    @Test(arguments: [[], Workbench.stretched])
    func `no bit of a small envelope can be flipped`(_ stretched: [UInt8]) throws {
        let sealed = try bench.sealEnvelope(pattern(5), stretched: stretched)
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EnvelopeError.self, "bit \(bit)") { try bench.openEnvelope(changed, stretched: stretched) }
        }
    }

    @Test func `no byte of a large envelope can be changed, dropped or added`() throws {
        let sealed = try bench.sealEnvelope(pattern(2 * Self.chunk + 9))
        for place in [
            21, 21 + Self.sealedChunk - 1, 21 + Self.sealedChunk, 21 + 2 * Self.sealedChunk, sealed.count - 1,
        ] {
            var (changed, shorter, longer) = (sealed, sealed, sealed)
            changed[place] ^= 1
            shorter.remove(at: place)
            longer.insert(0, at: place)
            for one in [changed, shorter, longer] {
                #expect(throws: EnvelopeError.notAuthentic, "byte \(place)") { try bench.openEnvelope(one) }
            }
        }
    }

    @Test func `an envelope that ends with one of its chunks is no whole one`() throws {
        let sealed = try bench.sealEnvelope(pattern(3 * Self.chunk))
        for count in 1...2 {
            let shorter = Array(sealed.prefix(21 + count * Self.sealedChunk))
            #expect(throws: EnvelopeError.notAuthentic) { try bench.openEnvelope(shorter) }
        }
        let two = Array(sealed.prefix(21 + 2 * Self.sealedChunk))
        #expect(throws: EnvelopeError.empty) { try bench.openEnvelope(two + sealed.suffix(16)) }
        #expect(throws: EnvelopeError.cut) { try bench.openEnvelope(two + sealed.suffix(15)) }
        // And a last one has nothing behind it.
        for count in [1, 16, 17, Self.sealedChunk] {
            #expect(throws: EnvelopeError.notAuthentic) { try bench.openEnvelope(sealed + sealed.suffix(count)) }
        }
    }

    @Test func `two sealings of the same content have salts of their own`() throws {
        let (first, second) = (
            try bench.sealEnvelope(pattern(20), salt: nil), try bench.sealEnvelope(pattern(20), salt: nil)
        )
        #expect(first.prefix(5) == second.prefix(5))
        #expect(first[5..<21] != second[5..<21])
        #expect(first.dropFirst(21) != second.dropFirst(21))
        #expect(try bench.openEnvelope(first) == pattern(20))
    }

    @Test func `nothing is not sealed`() {
        #expect(throws: EnvelopeError.empty) { try bench.sealEnvelope([]) }
    }

    @Test func `sealed bytes can be taken away as they come`() throws {
        var envelope = SealedContent()
        var sealer = try EnvelopeSealer(
            linkKey: linkKey.span, stretched: Span(), salt: salt.span, arena: bench.arena,
            into: &envelope)
        let content = pattern(200_000)
        var taken: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: 10_000) {
            try sealer.append(
                content.span.extracting(start..<start + 10_000), suite: bench.suite, into: &envelope)
            taken += envelope.span.indices.map { envelope.span[$0] }
            envelope.removeAll()
        }
        try sealer.finish(suite: bench.suite, into: &envelope)
        taken += envelope.span.indices.map { envelope.span[$0] }
        #expect(taken == (try bench.sealEnvelope(content)))
    }

    @Test func `chunks are counted to 2^32 and no further`() throws {
        var envelope = SealedContent()
        var sealer = try EnvelopeSealer(
            linkKey: linkKey.span, stretched: Span(), arena: bench.arena, into: &envelope)
        sealer.chunkNumber = 1 << 32 - 1
        let content = pattern(2 * Self.chunk + 1)
        try sealer.append(content.span.extracting(first: Self.chunk + 1), suite: bench.suite, into: &envelope)
        do {
            try sealer.append(content.span.extracting(first: Self.chunk), suite: bench.suite, into: &envelope)
            Issue.record("chunk 2^32 was sealed")
        } catch {
            #expect(error == .tooLong)
        }
        var opener = try EnvelopeOpener(
            EnvelopeHeader(envelope.span), linkKey: linkKey.span, stretched: Span(), arena: bench.arena)
        opener.chunkNumber = 1 << 32 - 1
        var output = try bench.lend(Self.chunk)
        let sealed = envelope.span.extracting(droppingFirst: 21)
        try opener.append(sealed, suite: bench.suite, into: &output)
        try opener.append(sealed.extracting(first: 1), suite: bench.suite, into: &output)
        #expect(output.copied == pattern(Self.chunk))
        output.wipe()
        do {
            try opener.append(sealed, suite: bench.suite, into: &output)
            Issue.record("chunk 2^32 was opened")
        } catch {
            #expect(error == .tooLong)
        }
    }

    @Test func `sizes of envelopes are known before they are there`() throws {
        for count in [1, 2, 65535, 65536, 65537, 131_072, 131_073, 1 << 40] {
            #expect(try Envelope.contentCount(of: Envelope.sealedCount(of: count)) == count)
        }
        for (count, error) in [
            (0, EnvelopeError.cut), (20, .cut), (21, .cut), (22, .cut), (36, .cut), (37, .empty),
            (21 + Self.sealedChunk + 1, .cut), (21 + Self.sealedChunk + 16, .empty),
        ] {
            #expect(throws: error, "\(count)") { try Envelope.contentCount(of: count) }
        }
    }

    @Test func `memory that is short is told, and what was taken is given back`() throws {
        let small = try SecureArena(capacity: 65536)
        let freeBefore = small.freeBytes
        var envelope = SealedContent()
        #expect(throws: EnvelopeError.arenaFull) {
            let sealer = try EnvelopeSealer(
                linkKey: linkKey.span, stretched: Span(), arena: small, into: &envelope)
            try sealer.finish(suite: bench.suite, into: &envelope)
        }
        #expect(small.freeBytes == freeBefore)
        let sealed = try bench.sealEnvelope(pattern(300))
        var opener = try EnvelopeOpener(
            EnvelopeHeader(sealed.span), linkKey: linkKey.span, stretched: Span(), arena: bench.arena)
        var output = try bench.lend(256)
        try opener.append(sealed.span.extracting(droppingFirst: 21), suite: bench.suite, into: &output)
        do {
            try opener.finish(suite: bench.suite, into: &output)
            Issue.record("300 bytes went into 256")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(output.isZeroThroughout == true)
    }

    @Test func `keys are random, have 45 characters and one spelling`() throws {
        var key = try bench.lend(LinkKey.size)
        var text = try bench.lend(LinkKey.textSize)
        var read = try bench.lend(LinkKey.size)
        var seen: Set<[UInt8]> = []
        for _ in 0..<200 {
            try LinkKey.generate(into: &key)
            try LinkKey.write(key.span, into: &text, arena: bench.arena)
            #expect(text.count == 45)
            try LinkKey.read(text.span, into: &read, arena: bench.arena)
            #expect(read.copied == key.copied)
            seen.insert(key.copied)
            for bytes in [text.copied.dropLast(), text.copied.dropLast(2), text.copied + [0x41], text.copied + [0x3D]] {
                #expect(refusal(of: Array(bytes)) == .malformedKey)
            }
            key.wipe()
            text.wipe()
            read.wipe()
        }
        #expect(seen.count == 200)
    }

    private func refusal(of text: [UInt8]) -> EnvelopeError? {
        do throws(EnvelopeError) {
            guard var output = bench.arena.allocate(LinkKey.size) else { throw .arenaFull }
            try LinkKey.read(text.span, into: &output, arena: bench.arena)
            return nil
        } catch {
            return error
        }
    }

    @Test func `base64url is of its alphabet, each character in its place`() throws {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min...UInt8.max {
            var text = [UInt8](repeating: 0x41, count: 43)
            text[0] = byte
            var output = try bench.lend(LinkKey.size)
            let value = alphabet.firstIndex(of: byte)
            #expect(try Base64URL.decode(text.span, into: &output) == (value != nil), "\(byte)")
            #expect(output.copied == (value.map { [UInt8($0 << 2)] + [UInt8](repeating: 0, count: 31) } ?? []))
        }
        // The last of 43 characters has four bits of the 32 bytes and two to spare.
        for (value, byte) in alphabet.enumerated() {
            let text = [UInt8](repeating: 0x41, count: 42) + [byte]
            var output = try bench.lend(LinkKey.size)
            #expect(try Base64URL.decode(text.span, into: &output) == (value % 4 == 0))
        }
    }
}
