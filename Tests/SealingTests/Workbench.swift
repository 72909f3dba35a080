// An arena and a suite with short ways to put bytes in and take them out, for tests.

import SecureMemory

@testable import Sealing

struct Workbench {
    let arena: SecureArena
    let suite: CipherSuite

    static let token = Array("0123456789abcdefghijklmnopqrstu".utf8)
    static let otherToken = Array("0123456789abcdefghijklmnopqrstv".utf8)
    static let share = (0..<32).map { UInt8($0 * 7 + 1) }

    init() throws {
        arena = try SecureArena(capacity: 1 << 20)
        suite = try CipherSuite(arena: arena)
    }

    /// Protected bytes with room for at least so many.
    func lend(_ capacity: Int) throws(SealingError) -> SecureBytes {
        guard let bytes = arena.allocate(capacity) else { throw .arenaFull }
        return bytes
    }

    func facts(
        token: [UInt8] = Self.token, created: Int64 = 1_700_000_000, timeToLive: UInt32 = 3600, isLocked: Bool = false
    ) throws(SealingError) -> RecordFacts {
        RecordFacts(
            id: try suite.secretID(of: token.span), created: created, timeToLive: timeToLive, isLocked: isLocked)
    }

    /// Seals content that comes in pieces of these sizes; the last one may be shorter or is as long as it takes.
    func seal(
        _ content: [UInt8], pieces: [Int] = [], token: [UInt8] = Self.token, share: [UInt8] = Self.share,
        facts: RecordFacts, expectedCount: Int? = nil
    ) throws(SealingError) -> [UInt8] {
        var sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: expectedCount ?? content.count, suite: suite,
            arena: arena)
        var offset = 0
        for piece in pieces + [content.count] {
            let end = min(content.count, offset + piece)
            try sealer.append(Array(content[offset..<end]).span, suite: suite)
            offset = end
        }
        precondition(sealer.contentCount == content.count)
        let sealed = try sealer.finish(facts: facts, suite: suite)
        return sealed.span.indices.map { sealed.span[$0] }
    }

    /// What opening gives: the content, or the error and what the output held when it came.
    func open(
        _ ciphertext: [UInt8], token: [UInt8] = Self.token, share: [UInt8] = Self.share, facts: RecordFacts
    ) throws(SealingError) -> [UInt8] {
        var sealed = SealedContent()
        if !ciphertext.isEmpty {
            try sealed.extend(by: ciphertext.count) { target in
                for index in target.indices { target[index] = ciphertext[index] }
            }
        }
        var opener = try ContentOpener(
            sealed, token: token.span, share: share.span, facts: facts, suite: suite,
            key: try lend(ContentOpener.keySize))
        var content: [UInt8] = []
        var output = try lend(ContentOpener.chunkSize)
        while !opener.isFinished {
            do {
                try opener.openNext(into: &output, suite: suite)
            } catch {
                // Nothing of a chunk that is not authentic may be handed out, nor lie behind what is.
                precondition(output.isZeroThroughout)
                throw error
            }
            content += output.span.indices.map { output.span[$0] }
            output.wipe()
        }
        return content
    }
}

/// Content whose byte number i is (7 * i + i / 251) mod 256, as the vectors have it.
func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) }
}

extension SecureBytes {
    /// Whether nothing is in use and nothing lies in the room.
    var isZeroThroughout: Bool {
        mutating get {
            let room = freeSpan
            for index in room.indices where room[index] != 0 { return false }
            return isEmpty
        }
    }

    /// A copy for comparing.
    var copied: [UInt8] {
        let bytes = span
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}
