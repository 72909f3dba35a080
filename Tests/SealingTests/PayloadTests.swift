// Payloads beyond what vectors say: what is not written, and heads that are read before all is there.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct PayloadTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    private func written(
        _ kind: PayloadKind, name: [UInt8] = [], type: [UInt8] = [], size: Int = 0, room: Int = 2048
    ) throws(PayloadError) -> [UInt8] {
        guard var output = bench.arena.allocate(room) else { throw .full }
        do {
            try Payload.write(kind, name: name.span, type: type.span, size: size, into: &output)
        } catch {
            precondition(output.isZeroThroughout)
            throw error
        }
        return output.copied
    }

    @Test func `what no reader would take is not written`() throws {
        let name = [UInt8](repeating: 0x6E, count: 1024)
        let type = [UInt8](repeating: 0x74, count: 255)
        #expect(try written(.file, name: name, type: type).count == 13 + 1024 + 255)
        #expect(throws: PayloadError.name) { try written(.file, name: name + [0x6E]) }
        #expect(throws: PayloadError.type) { try written(.file, type: type + [0x74]) }
        #expect(throws: PayloadError.name) { try written(.file, name: [0x61, 0xC3]) }
        #expect(throws: PayloadError.type) { try written(.file, type: [0x0A]) }
        #expect(throws: PayloadError.notAFile) { try written(.text, name: [0x61]) }
        #expect(throws: PayloadError.notAFile) { try written(.part, type: [0x61]) }
        #expect(throws: PayloadError.full) { try written(.file, name: name, room: 1024) }
        for count in [0, 1001, -1] {
            var output = try bench.lend(128)
            #expect(throws: PayloadError.count) { try Payload.write(count: count, into: &output) }
        }
    }

    @Test func `a thousand items are written and read`() throws {
        var output = try bench.lend(2 + 1000 * 14)
        try Payload.write(count: 1000, into: &output)
        for index in 0..<1000 { try Payload.write(.text, size: index % 2, into: &output) }
        for index in 0..<500 { output.append(UInt8(truncatingIfNeeded: index)) }
        let items = try Payload.items(output.span, of: output.count)
        #expect(items.count == 1000)
        #expect(items.map(\.content.count) == (0..<1000).map { $0 % 2 })
        #expect(output.copied[items[999].content] == [UInt8(truncatingIfNeeded: 499)])
    }

    @Test func `heads are read as soon as they are there, and contents need not be`() throws {
        var output = try bench.lend(128)
        try Payload.write(count: 2, into: &output)
        try Payload.write(.file, name: [0x61].span, type: [0x62].span, size: 5_000_000_000, into: &output)
        try Payload.write(.part, size: 3, into: &output)
        let heads = output.count
        let total = heads + 5_000_000_003
        for count in 0..<heads {
            #expect(throws: PayloadError.incomplete, "\(count)") {
                try Payload.items(output.span.extracting(first: count), of: total)
            }
        }
        let items = try Payload.items(output.span, of: total)
        #expect(
            items == [
                PayloadItem(kind: .file, name: 5..<6, type: 8..<9, content: heads..<total - 3),
                PayloadItem(kind: .part, name: 20..<20, type: 22..<22, content: total - 3..<total),
            ])
        #expect(throws: PayloadError.cut) { try Payload.items(output.span, of: total - 1) }
        #expect(throws: PayloadError.surplus) { try Payload.items(output.span, of: total + 1) }
        // What is broken already need not wait for the rest.
        #expect(throws: PayloadError.count) { try Payload.items([0, 0].span, of: total) }
        #expect(throws: PayloadError.unknownKind) { try Payload.items([0, 1, 9].span, of: total) }
    }
}
