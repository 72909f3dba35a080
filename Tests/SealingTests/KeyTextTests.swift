// The text of API keys.
import SecureMemory
import Testing

@testable import Sealing

@Suite struct KeyTextTests {
    @Test func aKeyIsWellFormedAndNoOtherOneCharacterAwayIs() throws {
        let arena = try SecureArena(capacity: 64 << 10)
        let suite = try CipherSuite(arena: arena)
        guard var key = arena.allocate(KeyText.size) else { throw SealingError.arenaFull }
        try KeyText.generate(into: &key, suite: suite)
        let (isWhole, isCut) = (KeyText.isWellFormed(key.span), KeyText.isWellFormed(key.span.extracting(first: 61)))
        #expect(key.count == KeyText.size && isWhole && !isCut)
        for index in 0..<KeyText.size {
            let right = key.span[index]
            for other in UInt8.min...UInt8.max where other != right {
                Self.put(other, at: index, in: &key)
                let isRight = KeyText.isWellFormed(key.span)
                #expect(!isRight, "\(index) \(other)")
            }
            Self.put(right, at: index, in: &key)
        }
    }

    private static func put(_ byte: UInt8, at index: Int, in key: inout SecureBytes) {
        var bytes = key.mutableSpan
        bytes[index] = byte
    }

    @Test func theCheckIsTheCRCThatOthersCompute() {
        // Python: zlib.crc32(b"otl_abcdefgh_" + b"A" * 43) in base 62.
        let key = "otl_abcdefgh_\(String(repeating: "A", count: 43))"
        let whole = key + "0qPb2a"
        let isRight = KeyText.isWellFormed(whole.utf8Span.span)
        #expect(isRight)
    }
}
