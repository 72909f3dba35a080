// A text and files in one content: what is written comes back, in whatever pieces it came.

import SecureMemory
import Testing

@testable import Sealing

private struct Item: Equatable {
    var isFile = true
    var name: [UInt8] = []
    var type: [UInt8] = []
    var bytes: [UInt8]
}

@Suite struct FilesTests {
    let bench: Workbench
    private static let text = Array("a text, é".utf8)

    init() throws {
        bench = try Workbench()
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 8191, 8192, 8193, 20_000])
    func `items come back in whatever pieces their bytes came`(_ size: Int) throws {
        for piece in [1, 2, 3, 1000, 8188, 8192, max(size, 1)] {
            let item = Item(name: Array("n\"1".utf8), type: Array("image/png".utf8), bytes: pattern(size))
            let items = [item, Item(isFile: false, bytes: pattern(7)), Item(bytes: []), item]
            let stream = try write(Self.text, items, piece: piece)
            let read = try #require(Self.read(stream))
            #expect(read.text == Self.text && read.items == items, "\(size) bytes in pieces of \(piece)")
        }
    }

    @Test func `a block may begin at every place of a chunk`() throws {
        // The heads of items move the blocks over the end of the first chunk, byte by byte.
        for before in 8150...8200 {
            let items = [Item(bytes: pattern(100)), Item(bytes: pattern(30))]
            for piece in [1, 7, 100] {
                let stream = try write(pattern(before).map { $0 & 0x7f }, items, piece: piece)
                let read = try #require(Self.read(stream), "\(before) bytes before, pieces of \(piece)")
                #expect(read.items == items, "\(before) bytes before, pieces of \(piece)")
            }
        }
    }

    @Test func `small pieces take hardly more room than large ones`() throws {
        let item = Item(bytes: pattern(100_000))
        let (small, large) = (try write([], [item], piece: 1), try write([], [item], piece: 100_000))
        #expect(small.count <= large.count + 10 && large.count <= 100_000 + 10 + 13 * 8)
    }

    @Test func `any chunk can be opened again`() throws {
        let (content, facts) = (pattern(20_000), try bench.facts())
        let (token, share) = (Workbench.token, Workbench.share)
        let whole = try bench.seal(content, facts: facts)
        var sealed = SealedContent()
        try sealed.extend(by: whole.count) { for index in $0.indices { $0[index] = whole[index] } }
        var opener = try ContentOpener(
            sealed, token: token.span, share: share.span, facts: facts, suite: bench.suite,
            key: try bench.lend(ContentOpener.keySize))
        var output = try bench.lend(ContentOpener.chunkSize)
        for chunk in [2, 0, 1, 1, 2, 0, 2] {
            opener.seek(toChunk: chunk)
            try opener.openNext(into: &output, suite: bench.suite)
            #expect(output.copied == Array(content[(chunk * 8192)...].prefix(8192)), "chunk \(chunk)")
            #expect(opener.isFinished == (chunk == 2))
            output.wipe()
        }
    }

    private func write(_ text: [UInt8], _ items: [Item], piece: Int) throws -> [UInt8] {
        let (suite, facts) = (bench.suite, try bench.facts())
        let (token, share) = (Workbench.token, Workbench.share)
        var sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: 1, suite: suite, arena: bench.arena
        )
        try sealer.append(text.span, suite: suite)
        try sealer.beginFiles(suite: suite)
        for item in items {
            try sealer.beginItem(isFile: item.isFile, name: item.name.span, suite: suite)
            try sealer.endItemHead(type: item.type.span, suite: suite)
            for start in stride(from: 0, to: item.bytes.count, by: piece) {
                let bytes = Array(item.bytes[start...].prefix(piece))
                try sealer.appendToItem(bytes.span, suite: suite)
            }
            try sealer.endItem(suite: suite)
        }
        let sealed = try sealer.finish(facts: facts, suite: suite)
        return try bench.open(sealed.span.indices.map { sealed.span[$0] }, facts: facts)
    }

    /// Reads the grammar in the plainest way; nil when it is none.
    private static func read(_ stream: [UInt8]) -> (text: [UInt8], items: [Item])? {
        guard let end = stream.firstIndex(of: 0xff) else { return nil }
        var (rest, items) = (stream[(end + 1)...], [Item]())
        func take(_ count: Int) -> [UInt8]? {
            guard count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        func number(_ count: Int) -> Int? { take(count)?.reduce(0) { $0 << 8 | Int($1) } }
        while !rest.isEmpty {
            guard let kind = number(1), kind < 2, let name = number(2).flatMap(take), let type = number(2).flatMap(take)
            else { return nil }
            var bytes: [UInt8] = []
            while true {
                guard let count = number(4), let block = take(count) else { return nil }
                if count == 0 { break }
                bytes += block
            }
            items.append(Item(isFile: kind == 1, name: name, type: type, bytes: bytes))
        }
        return (Array(stream[..<end]), items)
    }
}
