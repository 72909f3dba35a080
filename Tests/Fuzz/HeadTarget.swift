// The head of a request: one verdict however it arrives, and nothing accepted that a plain reading would not accept.

import HTTPWire

/// Bounds that short inputs reach.
private let tightLimits = HeadLimits(maxHeadBytes: 200, maxTargetBytes: 40, maxFieldCount: 5)

@Sendable func fuzzHead(_ raw: [UInt8]) {
    for limits in [HeadLimits(), tightLimits] {
        let ways = cuttings(of: raw)
        let first = scan(raw, ways[0], limits)
        for cuts in ways.dropFirst() {
            let other = scan(raw, cuts, limits)
            expect(other == first, "the head's verdict depends on how it is cut", "\(first) \(other) \(cuts)")
        }
        switch first {
        case .refused:
            // The parser does not lean on the scanner.
            expect(parse(raw, limits) == nil, "the parser takes what the scanner refuses")
        case .incomplete:
            expect(parse(raw, limits) == nil, "the parser takes what the scanner finds incomplete")
        case .head(let lead, let end):
            expect([0, 2, 4].contains(lead), "forgiven empty lines", "\(lead)")
            let bytes = Array(raw[lead..<end])
            expect(bytes.count <= limits.maxHeadBytes, "a head longer than allowed")
            guard let head = parse(bytes, limits) else { continue }
            PlainHead.check(head, bytes, limits)
        }
    }
}

private enum ScanVerdict: Equatable {
    case head(lead: Int, end: Int)
    case incomplete
    case refused(RequestFault)
}

private func scan(_ raw: [UInt8], _ cuts: [Int], _ limits: HeadLimits) -> ScanVerdict {
    var scanner = HeadScanner(limits: limits)
    for cut in cuts {
        var verdict = ScanVerdict.incomplete
        inExactMemory(raw[..<cut]) { bytes in
            do throws(RequestFault) {
                if let end = try scanner.scan(bytes.span) { verdict = .head(lead: scanner.leadingBytes, end: end) }
            } catch {
                expect(error.status >= 400 && error.status < 600, "a fault with a status that is none")
                verdict = .refused(error)
            }
        }
        if verdict != .incomplete { return verdict }
    }
    return .incomplete
}

private func parse(_ raw: [UInt8], _ limits: HeadLimits) -> RequestHead? {
    var head: RequestHead?
    inExactMemory(raw) { bytes in head = try? RequestHead.parse(bytes.span, limits: limits) }
    return head
}
