// How often a client may do what, and that the memory for it is bounded.

import Kernel
import TestRandomness
import Testing

@testable import Rules

@Suite struct RateTableTests {
    private func client(_ text: String) throws -> RateClient {
        RateClient(ClientNetwork(try #require(SocketAddress(text))))
    }

    /// An IPv6 /64 of its own for each number.
    private func network(_ number: Int) -> RateClient {
        var bytes: [16 of UInt8] = .init(repeating: 0)
        bytes[0] = 0x20
        for index in 0..<4 { bytes[7 - index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        return RateClient(ClientNetwork(SocketAddress(bytes: bytes, port: 1, isIPv4: false)))
    }

    private var limits: RateLimits {
        var limits = RateLimits()
        (limits.creations, limits.misses, limits.wrongPassphrases, limits.failedKeys) = (60, 6, 3, 0)
        return limits
    }

    @Test func `a client may do as much as its limit at once, and earns more with time`() throws {
        var table = RateTable(limits)
        let one = try client("192.0.2.1:1")
        let first = (0..<7).map { _ in table.take(.miss, one, now: 5_000_000) }
        #expect(first == [nil, nil, nil, nil, nil, nil, 10])
        #expect(table.wait(.miss, one, now: 5_004_500) == 6)
        #expect(table.wait(.miss, one, now: 5_009_999) == 1)
        #expect(table.wait(.miss, one, now: 5_010_000) == nil)
        let later = [5_009_999, 5_010_000, 5_010_000].map { table.take(.miss, one, now: $0) }
        #expect(later == [1, nil, 10])
        // Silence earns a minute's, not more.
        var count = 0
        while table.take(.miss, one, now: 9_000_000) == nil { count += 1 }
        #expect(count == 6)
    }

    @Test func `neighbours are spread over the table, whatever its seed`() throws {
        var random = SeededGenerator(seed: 5)
        let seeds =
            (0..<64).map { 1 << $0 as UInt64 } + (0..<1000).map { _ in UInt64.random(in: 1 ... .max, using: &random) }
        let neighbours = [
            try (1...100).map { try client("192.0.2.\($0):1") }, (1...100).map(network),
            try (1...100).map { RateClient(key: $0, from: try client("192.0.2.1:1")) },
        ]
        for clients in neighbours {
            for seed in seeds {
                var counts = [Int](repeating: 0, count: 1024)
                for client in clients { counts[Int(client.hash(seed) % 1024)] += 1 }
                #expect(counts.reduce(0, max) <= 8, "seed \(seed)")
            }
        }
    }

    @Test func `kinds and clients are counted apart, and a network is one client`() throws {
        var table = RateTable(limits)
        let one = try client("[2001:db8:0:1::1]:1")
        while table.take(.miss, one, now: 1000) == nil {}
        let creation = table.take(.creation, one, now: 1000)
        #expect(creation == nil)
        let neighbour = table.take(.miss, try client("[2001:db8:0:1:9::9]:9"), now: 1000)
        #expect(neighbour == 10)
        for other in [
            try client("[2001:db8:0:2::1]:1"), try client("192.0.2.1:1"), RateClient(key: 0, from: one),
            RateClient(key: 1, from: one),
        ] {
            let answer = table.take(.miss, other, now: 1000)
            #expect(answer == nil)
        }
        while table.take(.miss, RateClient(key: 0, from: one), now: 1000) == nil {}
        for from in [one, try client("192.0.2.1:1")] {
            #expect(table.wait(.miss, RateClient(key: 0, from: from), now: 1000) == 10)
            #expect(table.wait(.miss, RateClient(key: 1, from: from), now: 1000) == nil)
        }
        let loopback = RateClient(key: 0, from: try client("127.0.0.1:1"))
        #expect(table.wait(.miss, loopback, now: 1000) == nil)
        var strict = limits
        strict.limitsLoopback = true
        var another = RateTable(strict)
        while another.take(.miss, loopback, now: 1000) == nil {}
        #expect(another.wait(.miss, RateClient(key: 0, from: one), now: 1000) == 10)
        #expect(table.wait(.miss, try client("[ffff:ffff:ffff:ffff::]:1"), now: 1000) == nil)
    }

    @Test func `asking takes nothing, and neither does what is refused`() throws {
        var table = RateTable(limits)
        let one = try client("192.0.2.1:1")
        #expect(table.wait(.wrongPassphrase, one, now: 0) == nil)
        while table.take(.wrongPassphrase, one, now: 0) == nil {}
        for _ in 0..<100 {
            #expect(table.wait(.wrongPassphrase, one, now: 1000) == 19)
            let refused = table.take(.wrongPassphrase, one, now: 1000)
            #expect(refused == 19)
        }
        let again = table.take(.wrongPassphrase, one, now: 20_000)
        #expect(again == nil)
    }

    @Test func `as many passphrases are tried at one time as may be wrong, and right ones are given back`() throws {
        var table = RateTable(limits)
        let (one, other) = (try client("192.0.2.1:1"), try client("192.0.2.2:1"))
        let first = (0..<5).map { _ in table.beginTry(one, now: 1000) }
        #expect(first == [nil, nil, nil, 20, 20])
        let others = table.beginTry(other, now: 1000)
        #expect(others == nil)
        // Time gives nothing back of what is under way.
        let later = table.beginTry(one, now: 50_000)
        #expect(later == 20)
        // One is right, one is wrong, and of one nobody waits for the answer.
        table.endTry(one)
        table.endTry(one)
        let wrong = table.take(.wrongPassphrase, one, now: 50_000)
        #expect(wrong == nil, "there is always room for one that was begun")
        let second = [table.beginTry(one, now: 50_000), table.beginTry(one, now: 50_000)]
        #expect(second == [nil, 20])
        for _ in 0..<9 { table.endTry(one) }
        #expect(table.wait(.wrongPassphrase, one, now: 50_000) == nil)
        let last = (0..<3).map { _ in table.beginTry(one, now: 50_000) }
        #expect(last == [nil, nil, 20], "what was wrong stays spent, and no end too many gives more")
    }

    @Test func `a flood from everywhere does not make one forgotten whose passphrase is being tried`() throws {
        var table = RateTable(limits)
        let one = try client("192.0.2.1:1")
        while table.beginTry(one, now: 1000) == nil {}
        for number in 0..<100_000 { _ = table.take(.creation, network(number), now: 1000) }
        let again = table.beginTry(one, now: 1000)
        #expect(again == 20)
        var loopback = RateTable(limits)
        let itself = try client("127.0.0.1:1")
        let spared = (0..<100).map { _ in loopback.beginTry(itself, now: 0) }
        #expect(spared.allSatisfy { $0 == nil })
    }

    @Test func `without a limit nobody is counted, and the loopback is spared unless it is not`() throws {
        var table = RateTable(limits)
        let (one, loopback) = (try client("192.0.2.1:1"), try client("127.0.0.1:1"))
        let answers = (0..<100_000).map {
            table.take($0 % 2 == 0 ? .failedKey : .miss, $0 % 2 == 0 ? one : loopback, now: 0)
        }
        #expect(answers.allSatisfy { $0 == nil })
        var strict = limits
        strict.limitsLoopback = true
        table = RateTable(strict)
        let first = (0..<7).map { _ in table.take(.miss, loopback, now: 0) }
        #expect(first.last == 10)
    }

    @Test func `time that goes back gives nothing`() throws {
        var table = RateTable(limits)
        let one = try client("192.0.2.1:1")
        while table.take(.miss, one, now: 100_000) == nil {}
        #expect(table.take(.miss, one, now: 40_000) == 10)
        #expect(table.take(.miss, one, now: 100_000) == 10)
        #expect(table.take(.miss, one, now: 110_000) == nil)
    }

    @Test func `a million networks need no more memory than one, and one who has spent all stays known`() throws {
        var table = RateTable(limits)
        // The number of places never changes.
        #expect(RateTable.size <= 200_000)
        let greedy = try client("192.0.2.1:1")
        while table.take(.miss, greedy, now: 1000) == nil {}
        var refused = 0
        for number in 0..<1_000_000 where table.take(.creation, network(number), now: 1000) != nil { refused += 1 }
        #expect(refused == 0, "those who come for the first time are never refused")
        #expect(
            table.wait(.miss, greedy, now: 1000) == 10,
            "a flood from everywhere gives nothing back to one who spent all")
    }

    @Test func `somebody who does little is not hampered by those who do much`() throws {
        var table = RateTable(limits)
        let modest = try client("192.0.2.1:1")
        var refused = 0
        // 50 networks ask for what is not there as often as they can, for an hour; he does once in half a minute.
        for second in 0..<3600 {
            let now = UInt64(second) * 1000
            for number in 0..<50 { while table.take(.miss, network(number), now: now) == nil {} }
            if second % 30 == 0, table.take(.miss, modest, now: now) != nil { refused += 1 }
        }
        #expect(refused == 0)
    }

    @Test func `over a long time a client gets its rate and a minute's more`() throws {
        var table = RateTable(limits)
        let one = try client("192.0.2.1:1")
        var taken = 0
        for step in 0..<36_000 where table.take(.miss, one, now: UInt64(step) * 100) == nil { taken += 1 }
        // An hour at 6 a minute, and the 6 that were there at the beginning.
        #expect((360...366).contains(taken))
    }
}
