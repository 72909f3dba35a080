// Whole envelopes, splits and joins in one call, for tests.

import SecureMemory

@testable import Sealing

extension Workbench {
    static let linkKey = (0..<32).map { UInt8($0 * 5 + 3) }
    static let salt = (0..<16).map { UInt8($0 * 11 + 2) }
    static let stretched = (0..<32).map { UInt8($0 * 3 + 9) }

    /// Seals content that comes in pieces of these sizes; the last one is what is left.
    func sealEnvelope(
        _ content: [UInt8], pieces: [Int] = [], linkKey: [UInt8] = Self.linkKey, stretched: [UInt8] = [],
        salt: [UInt8]? = Self.salt
    ) throws(EnvelopeError) -> [UInt8] {
        var envelope = SealedContent()
        var sealer =
            if let salt {
                try EnvelopeSealer(
                    linkKey: linkKey.span, stretched: stretched.span, salt: salt.span, arena: arena, into: &envelope)
            } else {
                try EnvelopeSealer(linkKey: linkKey.span, stretched: stretched.span, arena: arena, into: &envelope)
            }
        for piece in cut(content, pieces) { try sealer.append(piece.span, suite: suite, into: &envelope) }
        try sealer.finish(suite: suite, into: &envelope)
        return envelope.span.indices.map { envelope.span[$0] }
    }

    /// Opens an envelope that comes in pieces of these sizes behind its header.
    func openEnvelope(
        _ envelope: [UInt8], pieces: [Int]? = nil, linkKey: [UInt8] = Self.linkKey, stretched: [UInt8] = []
    ) throws(EnvelopeError) -> [UInt8] {
        let header = try EnvelopeHeader(envelope.span)
        var opener = try EnvelopeOpener(header, linkKey: linkKey.span, stretched: stretched.span, arena: arena)
        guard var output = arena.allocate(Envelope.chunkSize) else { throw .arenaFull }
        var content: [UInt8] = []
        let body = Array(envelope.dropFirst(EnvelopeHeader.size))
        let whole = Array(repeating: Envelope.sealedChunkSize, count: body.count / Envelope.sealedChunkSize)
        do {
            for piece in cut(body, pieces ?? whole) {
                try opener.append(piece.span, suite: suite, into: &output)
                content += output.copied
                output.wipe()
            }
            try opener.finish(suite: suite, into: &output)
        } catch {
            // Nothing of a chunk that is not authentic may be handed out, nor lie behind what is.
            precondition(output.isZeroThroughout)
            throw error
        }
        return content + output.copied
    }

    private func cut(_ bytes: [UInt8], _ sizes: [Int]) -> [[UInt8]] {
        var offset = 0
        return (sizes + [bytes.count]).map { size in
            let end = min(bytes.count, offset + size)
            defer { offset = end }
            return Array(bytes[offset..<end])
        }
    }

    /// All parts of a secret; the coefficients are those of degree 1 of all bytes, then of degree 2 and so on, or drawn.
    func split(
        _ secret: [UInt8], needed: Int, total: Int, set: [UInt8]? = nil, coefficients: [UInt8]? = nil
    ) throws(SplittingError) -> [[UInt8]] {
        var splitter =
            if let set {
                try SecretSplitter(
                    needed: needed, total: total, set: set.reduce(0) { $0 << 8 | UInt128($1) }, arena: arena)
            } else {
                try SecretSplitter(needed: needed, total: total, arena: arena)
            }
        guard var output = arena.allocate(max(splitter.pieceSize, PartHead.size)) else { throw .arenaFull }
        var parts: [[UInt8]] = []
        for number in 1...total {
            try splitter.writeHead(of: number, into: &output)
            parts.append(output.copied)
            output.wipe()
        }
        for start in stride(from: 0, to: max(secret.count, 1), by: splitter.pieceSize) {
            let piece = Array(secret[start..<min(start + splitter.pieceSize, secret.count)])
            if let coefficients {
                try splitter.take(piece.span) { degree, rows in
                    let first = (degree - 1) * secret.count + start
                    rows.append(Array(coefficients[first..<first + piece.count]).span)
                }
            } else {
                try splitter.take(piece.span)
            }
            for number in 1...total {
                try splitter.writeValues(of: number, into: &output)
                parts[number - 1] += output.copied
                output.wipe()
            }
        }
        return parts
    }

    func join(_ parts: [[UInt8]]) throws(SplittingError) -> [UInt8] {
        var heads: [PartHead] = []
        for part in parts { heads.append(try PartHead(part.span, of: part.count)) }
        let joiner = try PartJoiner(heads)
        var secret = [UInt8](repeating: 0, count: heads[0].valueCount)
        var sum = secret.mutableSpan
        for index in 0..<joiner.needed {
            let part = parts[index]
            joiner.add(part.span.extracting(droppingFirst: PartHead.size), ofPart: index, to: &sum)
        }
        return secret
    }

    /// SHA-256(seed, 0 as 4 bytes), SHA-256(seed, 1 as 4 bytes) and so on, cut to so many bytes: what files of vectors mean.
    func stream(_ seed: [UInt8], _ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 32)
        for index in 0..<UInt32((count + 31) / 32) {
            let counter = (0..<4).map { UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * $0)) }
            bytes += try sha256(seed + counter)
        }
        return Array(bytes.prefix(count))
    }

    func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
        var digest: [32 of UInt8] = .init(repeating: 0)
        try suite.hash("", bytes.span, into: &digest)
        return digest.indices.map { digest[$0] }
    }
}

/// All choices of k of some elements, in their order.
func choices<Element>(_ elements: [Element], _ k: Int) -> [[Element]] {
    guard k > 0 else { return [[]] }
    return elements.indices.flatMap { index in
        choices(Array(elements[(index + 1)...]), k - 1).map { [elements[index]] + $0 }
    }
}
