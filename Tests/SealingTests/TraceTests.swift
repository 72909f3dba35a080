// What sealing leaves behind outside of protected memory: nothing that opens anything.
//
// The shipped executable wipes every block that it frees; this test's does not, so it sees what OpenSSL itself leaves.

import SecureMemory
import Testing

@testable import Sealing

@Suite(.enabled(if: (try? SecureArena(capacity: 4096))?.protection == .secretMemory), .serialized)
struct TraceTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    private func needle(_ bytes: Span<UInt8>) -> MemorySearch.Needle {
        MemorySearch.Needle(count: bytes.count) { bytes[$0] }
    }

    private func search(_ needle: MemorySearch.Needle) -> Int {
        scrubRegistersAndStack()
        return MemorySearch.count(needle)
    }

    @Test func `the search finds what is there, and nothing once it is gone`() {
        let needle = MemorySearch.Needle(count: 16) { UInt8(0x31 &+ $0 &* 13) }
        #expect(search(needle) == 0)
        var plain = (0..<16).map { UInt8(0x31 &+ $0 &* 13) }
        #expect(search(needle) >= 1)
        var span = plain.mutableSpan
        wipe(&span)
        #expect(search(needle) == 0)
        #expect(plain.count == 16)
    }

    @Test func `neither key nor key stream stays behind when something was sealed or opened`() throws {
        // Each draw is of its own, so that no other test has the same bytes in hand.
        var keyAndNonce = try bench.lend(64)
        try Randomness.append(44, to: &keyAndNonce)
        let key = keyAndNonce.span.extracting(first: 32)
        let nonce = keyAndNonce.span.extracting(32..<44)
        // The key stream of the second block: what zeroes are sealed to, taken over in disguise.
        var zeroes = try bench.lend(64)
        zeroes.append([UInt8](repeating: 0, count: 32).span)
        var stream = try bench.lend(64)
        stream.append([UInt8](repeating: 0, count: 48).span)
        var target = stream.mutableSpan
        try bench.suite.seal(zeroes.span, key: key, nonce: nonce, associatedData: Span(), into: &target)
        let keyStream = needle(stream.span.extracting(16..<32))
        stream.wipe()

        // 21 bytes use a part of that block, so that OpenSSL has to keep the rest for bytes that may follow.
        var content = try bench.lend(64)
        content.append(pattern(21).span)
        var ciphertext = try bench.lend(64)
        ciphertext.append([UInt8](repeating: 0, count: 37).span)
        var sealed = ciphertext.mutableSpan
        try bench.suite.seal(content.span, key: key, nonce: nonce, associatedData: Span(), into: &sealed)
        #expect(search(keyStream) == 0)
        #expect(search(needle(key)) == 0)

        var opened = try bench.lend(64)
        try bench.suite.open(ciphertext.span, key: key, nonce: nonce, associatedData: Span(), into: &opened)
        #expect(opened.copied == pattern(21))
        #expect(search(keyStream) == 0)
        #expect(search(needle(key)) == 0)
    }

    @Test func `neither of two secrets nor the key that was derived from them stays behind`() throws {
        var first = try bench.lend(64)
        var second = try bench.lend(32)
        try Randomness.append(50, to: &first)
        try Randomness.append(32, to: &second)
        var key = try bench.lend(64)
        try bench.suite.derive(from: first.span, second.span, label: "trace", into: &key)
        #expect(search(needle(first.span.extracting(first: 24))) == 0)
        #expect(search(needle(second.span.extracting(first: 24))) == 0)
        #expect(search(needle(key.span)) == 0)
        // SHA-256 keeps its words in the machine's order, and the digest is the key.
        let keySpan = key.span
        let swapped = MemorySearch.Needle(count: 32) { keySpan[$0 / 4 * 4 + 3 - $0 % 4] }
        #expect(search(swapped) == 0)
    }

    @Test func `random bytes that were handed out are no longer in the reserve`() throws {
        // An arena that the search can read, unlike that of what is handed out.
        let arena = try SecureArena(capacity: 16384, allowsSecretMemory: false)
        let suite = try CipherSuite(arena: arena)
        for _ in 0..<3 {
            var secret = try bench.lend(Token.size)
            var receipt = try bench.lend(Token.size)
            var share = try bench.lend(ShareTable.shareSize)
            try Token.generate(secret: &secret, receipt: &receipt, share: &share, suite: suite)
            #expect(search(needle(share.span)) == 0)
            #expect(search(needle(share.span.extracting(8..<24))) == 0)
        }
    }

    @Test func `a token stays in none of the contexts when its id was made`() throws {
        var token = try bench.lend(Token.size)
        try Token.generate(into: &token, suite: bench.suite)
        _ = try bench.suite.secretID(of: token.span)
        _ = try bench.suite.receiptID(of: token.span)
        #expect(search(needle(token.span.extracting(first: 20))) == 0)
    }

    @Test func `a ciphertext is wiped where it lay`() throws {
        let facts = try bench.facts()
        let token = Workbench.token
        var share = try bench.lend(32)
        try Randomness.append(32, to: &share)
        let wanted: MemorySearch.Needle
        do {
            var sealer = try ContentSealer(
                token: token.span, share: share.span, expectedCount: 1, suite: bench.suite, arena: bench.arena)
            // Three chunks, so that the block is moved to larger and smaller ones on its way.
            for piece in 0..<20 { try sealer.append(pattern(1000 + piece).span, suite: bench.suite) }
            let sealed = try sealer.finish(facts: facts, suite: bench.suite)
            wanted = needle(sealed.span.extracting(100..<132))
            #expect(search(wanted) == 1)
        }
        #expect(search(wanted) == 0)
    }

    @Test func `neither a link key nor a stretched passphrase nor the envelope's key stays behind`() throws {
        var linkKey = try bench.lend(LinkKey.size)
        try LinkKey.generate(into: &linkKey)
        var passphrase = try bench.lend(64)
        try Randomness.append(40, to: &passphrase)
        var stretched = try bench.lend(EnvelopePassphrase.stretchedSize)
        try EnvelopePassphrase.stretch(
            passphrase.span, linkKey: linkKey.span, into: &stretched, arena: bench.arena)
        #expect(search(needle(passphrase.span.extracting(first: 24))) == 0)
        #expect(search(needle(stretched.span)) == 0)

        var content = try bench.lend(64)
        try Randomness.append(50, to: &content)
        var envelope = SealedContent()
        var sealer = try EnvelopeSealer(
            linkKey: linkKey.span, stretched: stretched.span, arena: bench.arena, into: &envelope)
        try sealer.append(content.span, suite: bench.suite, into: &envelope)
        try sealer.finish(suite: bench.suite, into: &envelope)
        let header = try EnvelopeHeader(envelope.span)
        let opener = try opener(header, envelope, linkKey, stretched)
        var opened = try bench.lend(64)
        try opener.finish(suite: bench.suite, into: &opened)
        #expect(opened.copied == content.copied)
        let key = try Envelope.key(
            linkKey: linkKey.span, stretched: stretched.span, header: header, arena: bench.arena)
        #expect(search(needle(linkKey.span)) == 0)
        #expect(search(needle(stretched.span)) == 0)
        #expect(search(needle(key.span)) == 0)
    }

    private func opener(
        _ header: EnvelopeHeader, _ envelope: borrowing SealedContent, _ linkKey: borrowing SecureBytes,
        _ stretched: borrowing SecureBytes
    ) throws -> EnvelopeOpener {
        var opener = try EnvelopeOpener(
            header, linkKey: linkKey.span, stretched: stretched.span, arena: bench.arena)
        var none = try bench.lend(1)
        try opener.append(
            envelope.span.extracting(droppingFirst: EnvelopeHeader.size), suite: bench.suite, into: &none)
        return opener
    }

    @Test func `coefficients of a split are wiped when another piece comes and when it ends`() throws {
        // An arena that the search can read, unlike that of the secret.
        let arena = try SecureArena(capacity: 65536, allowsSecretMemory: false)
        var secret = try bench.lend(64)
        try Randomness.append(64, to: &secret)
        let wanted = needle(secret.span.extracting(first: 32))
        let later = needle(secret.span.extracting(last: 32))
        do {
            var splitter = try SecretSplitter(needed: 2, total: 2, arena: arena)
            // With no secret to hide, coefficients are the secret themselves.
            try splitter.take([UInt8](repeating: 0, count: 32).span) { _, rows in
                rows.append(secret.span.extracting(first: 32))
            }
            #expect(search(wanted) == 1)
            try splitter.take([UInt8](repeating: 0, count: 32).span) { _, rows in
                rows.append(secret.span.extracting(last: 32))
            }
            #expect(search(wanted) == 0)
            #expect(search(later) == 1)
        }
        #expect(search(later) == 0)
    }
}
