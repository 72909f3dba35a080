// Chunked bodies: one verdict however they arrive, and the verdict of a plain reading.

@testable import HTTPWire

/// Bytes that a body may have; small, so that inputs reach it.
private let bodyLimit = 64

@Sendable func fuzzChunked(_ raw: [UInt8]) {
    let ways = cuttings(of: raw)
    let first = decode(raw, ways[0], gap: 0)
    for (number, cuts) in ways.dropFirst().enumerated() {
        let other = decode(raw, cuts, gap: number)
        expect(other == first, "a chunked body's verdict depends on how it is cut", "\(first) \(other) \(cuts)")
    }
    var reader = PlainChunks(bytes: raw, limit: bodyLimit)
    let plain = reader.read()
    expect(first.kind == plain, "a chunked body's verdict is not that of a plain reading", "\(first) \(plain)")
}

private enum Verdict: Equatable {
    case complete(body: [UInt8], used: Int)
    case incomplete
    case refused(RequestFault)

    var kind: PlainChunks.Verdict {
        switch self {
        case .complete(let body, let used): .complete(body: body, used: used)
        case .incomplete: .incomplete
        case .refused: .refused
        }
    }
}

/// Feeds a buffer as a connection does: decoded body, a gap, raw bytes.
private func decode(_ raw: [UInt8], _ cuts: [Int], gap: Int) -> Verdict {
    var decoder = ChunkedDecoder(limit: bodyLimit)
    var buffer = [UInt8](repeating: 0x2A, count: gap)
    var progress = BodyProgress(bodyEnd: 0, rawStart: gap, isComplete: false)
    var fed = 0
    for cut in cuts {
        buffer += raw[fed..<cut]
        fed = cut
        var fault: RequestFault?
        let before = progress
        withExactMemory(&buffer) { bytes in
            do throws(RequestFault) {
                progress = try decoder.decode(&bytes, bodyEnd: before.bodyEnd, rawStart: before.rawStart)
            } catch {
                fault = error
            }
        }
        if let fault { return .refused(fault) }
        expect(progress.bodyEnd >= before.bodyEnd && progress.rawStart >= progress.bodyEnd, "offsets run backwards")
        expect(progress.bodyEnd <= bodyLimit && progress.bodyEnd <= decoder.decodedCount, "more body than allowed")
        if progress.isComplete {
            let left = buffer.count - progress.rawStart
            expect(buffer.suffix(left) == raw[..<fed].suffix(left), "what follows the body is altered")
            return .complete(body: Array(buffer[..<progress.bodyEnd]), used: fed - left)
        }
        expect(progress.rawStart == buffer.count, "an incomplete body leaves bytes")
    }
    return .incomplete
}
