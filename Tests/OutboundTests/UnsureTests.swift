// Lines that went: when they count as having arrived, and which of them go once more.
import Testing

@testable import Outbound

@Suite struct UnsureTests {
    private func bytes(_ numbers: Range<Int>) -> [UInt8] { Array(numbers.map { "line \(1000 + $0)\n" }.joined().utf8) }

    private func add(_ numbers: Range<Int>, to lines: inout UnsureLines, at now: UInt64) -> Int {
        let bytes = bytes(numbers)
        return lines.add(bytes.span, at: now)
    }

    @Test func `lines are sure a period after they went, and what the kernel still has is not`() throws {
        var lines = UnsureLines(capacity: 10_000, period: 100)
        #expect(lines.isEmpty && lines.due == .max)
        #expect(add(0..<10, to: &lines, at: 1000) == 0 && lines.due == 1100)
        #expect(add(10..<15, to: &lines, at: 1050) == 0 && lines.due == 1100)
        // Of the first ten the kernel has a part of the last one, too.
        let first = lines.settle(keeping: 51, at: 1100)
        #expect(first.count == 9 && first.isProof && lines.due == 1200)
        let second = lines.settle(keeping: 60, at: 1200)
        #expect(second.count == 0 && second.isProof)
        let third = lines.settle(keeping: 0, at: 1300)
        #expect(third.count == 6 && third.isProof && lines.isEmpty && lines.due == .max)
    }

    @Test func `a connection is believed once something went a period ago, not for what went by the one before`() throws
    {
        var lines = UnsureLines(capacity: 10_000, period: 100)
        _ = add(0..<10, to: &lines, at: 1000)
        var found: [UInt8] = [0x78]
        lines.takeAll(into: &found)
        #expect(found == [0x78] + bytes(0..<10) && lines.isEmpty && lines.due == .max)
        #expect(!lines.settle(keeping: 0, at: 1100).isProof)
        _ = add(0..<10, to: &lines, at: 1110)
        let none = lines.settle(keeping: .max, at: 1210)
        #expect(none.count == 0 && !none.isProof)
        #expect(lines.settleAll(keeping: 25) == 7)
        found = []
        lines.takeAll(into: &found)
        #expect(found == bytes(7..<10))
    }

    @Test func `the oldest are let go where there is no room, and each counts once`() throws {
        var lines = UnsureLines(capacity: 105, period: 100)
        var count = 0
        for number in 0..<50 { count += add(2 * number..<2 * number + 2, to: &lines, at: 1000) }
        #expect(count == 90)
        // Those that there was no room for went by this connection, too.
        #expect(lines.settle(keeping: 0, at: 1100).isProof)
        var found: [UInt8] = []
        lines.takeAll(into: &found)
        #expect(found == bytes(90..<100))
    }
}
