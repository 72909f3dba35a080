// Tokens, ids, passwords and credentials.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct TokenTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    private func token() throws -> [UInt8] {
        var bytes = try bench.lend(Token.size)
        try Token.generate(into: &bytes, suite: bench.suite)
        return bytes.copied
    }

    @Test func `a token has the form of one, and no two are the same`() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<2000 {
            let token = try token()
            #expect(Token.isWellFormed(token.span) == true)
            seen.insert(token)
        }
        #expect(seen.count == 2000)
    }

    @Test func `tokens, receipt tokens and shares that are drawn together differ all the same`() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<500 {
            var secret = try bench.lend(Token.size)
            var receipt = try bench.lend(Token.size)
            var share = try bench.lend(ShareTable.shareSize)
            try Token.generate(secret: &secret, receipt: &receipt, share: &share, suite: bench.suite)
            #expect(Token.isWellFormed(secret.span) && Token.isWellFormed(receipt.span))
            #expect(share.count == ShareTable.shareSize)
            seen.formUnion([secret.copied, receipt.copied, share.copied])
        }
        #expect(seen.count == 1500)
    }

    @Test(arguments: [
        "", "0123456789abcdefghijklmnopqrst", "0123456789abcdefghijklmnopqrstuv", "0123456789abcdefghijklmnopqrstU",
        "0123456789abcdefghijklmnopqrst/", "0123456789abcdefghijklmnopqrst:", "0123456789abcdefghijklmnopqrst`",
        "0123456789abcdefghijklmnopqrst{", "0123456789abcdefghijklmnopqrst\0", "0123456789abcdefghijklmnopqrsé",
    ])
    func `anything else has not the form of a token`(_ text: String) {
        #expect(Token.isWellFormed(Array(text.utf8).span) == false)
    }

    /// Pearson's chi-squared over every character at every place; the bound is six standard deviations out.
    @Test func `every character is as likely as any other`() throws {
        let tokens = 6000
        var counts = [Int](repeating: 0, count: 256)
        var firsts = counts
        var lasts = counts
        for _ in 0..<tokens {
            let token = try token()
            for byte in token { counts[Int(byte)] += 1 }
            firsts[Int(token[0])] += 1
            lasts[Int(token[30])] += 1
        }
        for (counts, total) in [(counts, tokens * 31), (firsts, tokens), (lasts, tokens)] {
            let expected = Double(total) / 36
            let seen = counts.filter { $0 > 0 }
            #expect(seen.count == 36)
            let distance = seen.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
            // 35 degrees of freedom: mean 35, variance 70.
            #expect(distance < 35 + 6 * 8.37, "chi-squared \(distance)")
        }
    }

    @Test func `an output without room gets no token`() throws {
        var output = try bench.lend(128)
        output.append([UInt8](repeating: 1, count: 98).span)
        do {
            try Token.generate(into: &output, suite: bench.suite)
            Issue.record("there was no room")
        } catch {
            #expect(error == .arenaFull)
        }
        #expect(output.count == 98)
    }

    @Test func `an arena that is full makes no suite`() throws {
        let arena = try SecureArena(capacity: 4096)
        guard let all = arena.allocate(4096) else { throw SealingError.arenaFull }
        #expect(throws: SealingError.arenaFull) { try CipherSuite(arena: arena) }
        #expect(all.capacity == 4096)
    }

    @Test func `nothing is drawn from an arena that was wiped as a whole`() throws {
        let arena = try SecureArena(capacity: 16384)
        let suite = try CipherSuite(arena: arena)
        var output = try bench.lend(128)
        try Token.generate(into: &output, suite: suite)
        arena.wipeAll()
        do {
            try Token.generate(into: &output, suite: suite)
            Issue.record("zeroes were taken for randomness")
        } catch {
            #expect(error == .libraryFailure)
        }
        #expect(output.count == Token.size)
    }

    @Test func `the same token has another id as a secret than as a receipt, and always the same one`() throws {
        var seen: Set<RecordID> = []
        for _ in 0..<200 {
            let token = try token()
            let secret = try bench.suite.secretID(of: token.span)
            let receipt = try bench.suite.receiptID(of: token.span)
            #expect(try bench.suite.secretID(of: token.span) == secret)
            seen.formUnion([secret, receipt])
        }
        #expect(seen.count == 400)
    }

    @Test(arguments: [true, false])
    func `a sealed token opens only under what it was sealed under, for its record and its purpose`(
        _ isReceipt: Bool
    ) throws {
        let token = try token()
        let sealer = try self.token()
        let id = RecordID(high: 1, low: 2)
        let purpose: SealedToken.Purpose = isReceipt ? .receiptForOwner : .secretInReceipt
        let secretID = try bench.suite.secretID(of: token.span)
        let receiptID = try bench.suite.receiptID(of: token.span)
        let tokenID = isReceipt ? receiptID : secretID
        let otherID = isReceipt ? secretID : receiptID
        let sealed = try SealedToken(
            token.span, under: sealer.span, for: id, purpose: purpose, suite: bench.suite, arena: bench.arena)
        var output = try bench.lend(64)
        output.append(7)
        try sealed.open(
            under: sealer.span, for: id, purpose: purpose, tokenID: tokenID, into: &output, suite: bench.suite)
        #expect(output.copied == [7] + token)
        output.wipe()
        let wrong: [([UInt8], RecordID, SealedToken.Purpose, RecordID)] = [
            (token, id, purpose, tokenID), (Array(sealer.dropLast()), id, purpose, tokenID),
            (sealer, RecordID(high: 1, low: 3), purpose, tokenID),
            (sealer, id, isReceipt ? .secretInReceipt : .receiptForOwner, tokenID),
            (sealer, id, purpose, RecordID(high: tokenID.high, low: tokenID.low ^ 1)),
            (sealer, id, purpose, otherID),
        ]
        for (sealer, id, purpose, tokenID) in wrong {
            do {
                try sealed.open(
                    under: sealer.span, for: id, purpose: purpose, tokenID: tokenID, into: &output, suite: bench.suite)
                Issue.record("it opened")
            } catch {
                #expect(error == .notAuthentic)
            }
            let isZero = output.isZeroThroughout
            #expect(isZero)
        }
    }

    @Test func `no bit of a sealed token can be flipped`() throws {
        let token = try token()
        let sealer = try self.token()
        let id = RecordID(high: 1, low: 2)
        let tokenID = try bench.suite.secretID(of: token.span)
        let sealed = try SealedToken(
            token.span, under: sealer.span, for: id, purpose: .secretInReceipt, suite: bench.suite, arena: bench.arena)
        var output = try bench.lend(64)
        for bit in 0..<SealedToken.size * 8 {
            var bytes = sealed.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            do {
                try SealedToken(bytes: bytes).open(
                    under: sealer.span, for: id, purpose: .secretInReceipt, tokenID: tokenID, into: &output,
                    suite: bench.suite)
                Issue.record("it opened with bit \(bit) flipped")
            } catch {
                #expect(error == .notAuthentic)
            }
            #expect(output.isEmpty == true)
        }
    }

    @Test func `tokens under one sealer and of several receipts share no pad`() throws {
        let zeroes = [UInt8](repeating: 0, count: Token.size)
        let sealer = try token()
        var seen: Set<[UInt8]> = []
        for number in 0..<100 as Range<UInt64> {
            for purpose in [SealedToken.Purpose.secretInReceipt, .receiptForOwner] {
                let sealed = try SealedToken(
                    zeroes.span, under: sealer.span, for: RecordID(high: number, low: 0), purpose: purpose,
                    suite: bench.suite, arena: bench.arena)
                seen.insert(sealed.bytes.indices.map { sealed.bytes[$0] })
            }
        }
        #expect(seen.count == 200)
    }

    @Test func `a lock opens for its passphrase, token and share, and for nothing else`() throws {
        let token = Workbench.token
        let held = Workbench.share
        let inner = (0..<32).map { UInt8(200 - $0) }
        func stretch(_ passphrase: String, _ share: [UInt8]) throws -> [UInt8] {
            var output = try bench.lend(PassphraseLock.stretchedSize)
            try ScryptParameters.insecureForTests.stretch(
                Array(passphrase.utf8).span, salt: share.span, into: &output)
            return output.copied
        }
        let right = try stretch("correct horse", Workbench.share)
        let lock = try PassphraseLock(
            contentShare: inner.span, token: token.span, stretched: right.span,
            heldShare: held.span, parameters: .insecureForTests, suite: bench.suite, arena: bench.arena)
        #expect(lock.parameters == .insecureForTests)
        var output = try bench.lend(64)
        try lock.open(
            token: token.span, stretched: right.span, heldShare: held.span, into: &output,
            suite: bench.suite, arena: bench.arena)
        #expect(output.copied == inner)
        output.wipe()
        let otherShare = Array(Workbench.share.reversed())
        let wrong: [([UInt8], [UInt8], [UInt8])] = [
            (Workbench.token, try stretch("correct horsf", Workbench.share), Workbench.share),
            (Workbench.token, try stretch("", Workbench.share), Workbench.share),
            (Workbench.token, try stretch("correct horse", otherShare), Workbench.share),
            (Workbench.token, right, otherShare), (Workbench.otherToken, right, Workbench.share),
        ]
        for (token, stretched, share) in wrong {
            do {
                try lock.open(
                    token: token.span, stretched: stretched.span, heldShare: share.span, into: &output,
                    suite: bench.suite, arena: bench.arena)
                Issue.record("it opened")
            } catch {
                #expect(error == .notAuthentic)
            }
            #expect(output.isEmpty == true)
        }
    }

    @Test func `a credential is known again and no other is taken for it`() throws {
        let hash = try CredentialHash(
            of: Array("user:token".utf8).span, suite: bench.suite, arena: bench.arena)
        for (text, isRight) in [
            ("user:token", true), ("user:tokem", false), ("user:toke", false), ("user:token ", false), ("", false),
            (":", false), ("user:token\0", false), (String(repeating: "x", count: 1000), false),
        ] {
            let matches = try hash.matches(Array(text.utf8).span, suite: bench.suite, arena: bench.arena)
            #expect(matches == isRight, "\(text)")
        }
    }

    @Test func `bytes are compared as a whole`() {
        #expect(constantTimeEqual([1, 2, 3].span, [1, 2, 3].span) == true)
        #expect(constantTimeEqual(Span(), Span()) == true)
        #expect(constantTimeEqual([1, 2, 3].span, [1, 2].span) == false)
        #expect(constantTimeEqual([1, 2, 3].span, [1, 2, 4].span) == false)
        #expect(constantTimeEqual([1, 2, 3].span, [0, 2, 3].span) == false)
    }

    @Test(arguments: 1...15 as ClosedRange<UInt8>)
    func `a password has every class that was asked for, no other, and nothing that is mistaken`(_ bits: UInt8) throws {
        let classes = CharacterClasses(rawValue: bits)
        let members: [(CharacterClasses, (UInt8) -> Bool)] = [
            (.uppercase, { (0x41...0x5A).contains($0) }), (.lowercase, { (0x61...0x7A).contains($0) }),
            (.digits, { (0x30...0x39).contains($0) }),
            (.symbols, { Array("#%*+,-./:;=?@^_~".utf8).contains($0) }),
        ]
        for length in [GeneratedPassword.lengths.lowerBound, 12, GeneratedPassword.lengths.upperBound] {
            for _ in 0..<30 {
                var output = try bench.lend(length + 1)
                output.append(0x21)
                try GeneratedPassword.append(length: length, from: classes, to: &output, suite: bench.suite)
                let password = Array(output.copied.dropFirst())
                #expect(output.copied[0] == 0x21 && password.count == length)
                for (aClass, isMember) in members {
                    #expect(password.contains(where: isMember) == classes.contains(aClass))
                }
                #expect(password.allSatisfy { byte in members.contains { $0.1(byte) } })
                #expect(!password.contains { Array("0O1lIio".utf8).contains($0) })
            }
        }
    }

    @Test func `numbers that were drawn for telling runs apart differ`() throws {
        #expect(try Randomness.number() != Randomness.number())
    }
}
