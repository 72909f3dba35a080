// What Sealing makes, compared with what a second implementation made of the same.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct KnownAnswerTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    private func bytes(_ id: RecordID) -> [UInt8] {
        let encoded = id.encoded
        return encoded.indices.map { encoded[$0] }
    }

    private func id(_ bytes: [UInt8]) -> RecordID {
        RecordID(
            high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) })
    }

    @Test func `ids are those of the second implementation`() throws {
        for vector in try Vector.all("id") {
            let token = Array(try vector.text("token").utf8)
            #expect(bytes(try bench.suite.secretID(of: token.span)) == (try vector.bytes("secret")))
            #expect(bytes(try bench.suite.receiptID(of: token.span)) == (try vector.bytes("receipt")))
        }
    }

    @Test func `content is sealed to the bytes of the second implementation`() throws {
        for vector in try Vector.all("content") {
            let token = Array(try vector.text("token").utf8)
            let facts = try bench.facts(
                token: token, created: try vector.number("created"), timeToLive: try vector.number("timeToLive"),
                isLocked: try vector.text("isLocked") == "1")
            let count: Int = try vector.number("contentCount")
            let sealed = try bench.seal(pattern(count), token: token, share: try vector.bytes("share"), facts: facts)
            if vector.values["ciphertext"] != nil {
                #expect(sealed == (try vector.bytes("ciphertext")), "\(count) bytes")
            } else {
                #expect(sealed.count == (try vector.number("ciphertextCount")), "\(count) bytes")
                var digest: [32 of UInt8] = .init(repeating: 0)
                try bench.suite.hash("", sealed.span, into: &digest)
                #expect(digest.indices.map { digest[$0] } == (try vector.bytes("ciphertextSHA256")), "\(count) bytes")
            }
        }
    }

    @Test func `tokens are sealed to the bytes of the second implementation`() throws {
        for vector in try Vector.all("token") {
            let purpose: SealedToken.Purpose =
                try vector.text("purpose") == "secretInReceipt" ? .secretInReceipt : .receiptForOwner
            let token = Array(try vector.text("token").utf8)
            let sealer = try vector.bytes("sealer")
            let sealed = try SealedToken(
                token.span, under: sealer.span, for: id(try vector.bytes("id")), purpose: purpose,
                suite: bench.suite, arena: bench.arena)
            #expect(sealed.bytes.indices.map { sealed.bytes[$0] } == (try vector.bytes("sealed")))
        }
    }

    @Test func `a passphrase is stretched and locks as in the second implementation`() throws {
        for vector in try Vector.all("lock") {
            let parameters = ScryptParameters(
                logN: try vector.number("logN"), blockSize: try vector.number("blockSize"),
                parallelization: try vector.number("parallelization"))
            let held = try vector.bytes("heldShare")
            var stretched = try bench.lend(PassphraseLock.stretchedSize)
            let passphrase = try vector.bytes("passphrase")
            try parameters.stretch(passphrase.span, salt: held.span, into: &stretched)
            #expect(stretched.copied == (try vector.bytes("stretched")))
            let inner = try vector.bytes("contentShare")
            let token = Array(try vector.text("token").utf8)
            let lock = try PassphraseLock(
                contentShare: inner.span, token: token.span, stretched: stretched.span,
                heldShare: held.span, parameters: parameters, suite: bench.suite, arena: bench.arena)
            #expect(lock.bytes.indices.map { lock.bytes[$0] } == (try vector.bytes("sealed")))
        }
    }

    /// RFC 7914, section 12; the first 32 of the 64 bytes, because PBKDF2 makes each block of 32 by itself.
    @Test(
        arguments: [
            ("", "", 4, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
            ("password", "NaCl", 10, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            ),
        ] as [(String, String, UInt8, UInt8, UInt8, String)])
    func `scrypt is that of its RFC`(
        _ passphrase: String, _ salt: String, _ logN: UInt8, _ blockSize: UInt8, _ parallelization: UInt8,
        _ expected: String
    ) throws {
        let parameters = ScryptParameters(logN: logN, blockSize: blockSize, parallelization: parallelization)
        var output = try bench.lend(32)
        try parameters.stretch(Array(passphrase.utf8).span, salt: Array(salt.utf8).span, into: &output)
        #expect(output.copied == (try Vector.bytes(fromHexadecimal: expected)))
    }

    @Test func `keys are derived as in the second implementation`() throws {
        // The labels are text of the file; here they have to be known to the compiler.
        let labels: [StaticString] = ["", "x", "label", "a label that is longer than others"]
        let vectors = try Vector.all("derive")
        #expect(try vectors.map { try $0.text("label") } == labels.map { "\($0)" })
        for (vector, label) in zip(vectors, labels) {
            let first = try vector.bytes("first")
            let second = try vector.bytes("second")
            var output = try bench.lend(33)
            output.append(1)
            try bench.suite.derive(from: first.span, second.span, label: label, into: &output)
            #expect(output.copied == [1] + (try vector.bytes("key")), "\(label)")
        }
    }

    @Test func `a derivation owes nothing to the one before it`() throws {
        func derive(_ first: [UInt8], _ second: [UInt8], _ label: StaticString = "x") throws -> [UInt8] {
            var output = try bench.lend(32)
            try bench.suite.derive(from: first.span, second.span, label: label, into: &output)
            return output.copied
        }
        let key = try derive([1, 2, 3], [4])
        _ = try derive([9], [])
        #expect(try derive([1, 2, 3], [4]) == key)
        #expect(try derive([1, 2, 3], [5]) != key)
        #expect(try derive([1, 2, 4], [4]) != key)
        #expect(try derive([1, 2, 3], [4], "y") != key)
    }

    @Test func `a block without room gets no key`() throws {
        var output = try bench.lend(128)
        output.append([UInt8](repeating: 1, count: 97).span)
        do {
            try bench.suite.derive(from: Span(), Span(), label: "x", into: &output)
            Issue.record("32 bytes went into 31")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(output.count == 97)
    }
}
