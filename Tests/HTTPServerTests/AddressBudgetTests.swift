// Who may have how much: connections, claims to memory, and requests a second.
import Kernel
import Testing

@testable import HTTPServer

@Suite struct AddressBudgetTests {
    private func network(_ text: String) throws -> ClientNetwork {
        ClientNetwork(try #require(SocketAddress(text)))
    }

    @Test func `an IPv4 address is a network of its own, however it is written`() throws {
        #expect(try network("192.0.2.1:1") == network("192.0.2.1:2"))
        #expect(try network("192.0.2.1:1") == network("[::ffff:192.0.2.1]:1"))
        #expect(try network("192.0.2.1:1") != network("192.0.2.2:1"))
        #expect(try network("192.0.2.1:1") != network("[::c000:201]:1"))
    }

    @Test func `IPv6 addresses that share a customer's 64 bits are one network`() throws {
        #expect(try network("[2001:db8:0:1::1]:1") == network("[2001:db8:0:1:ffff::2]:9"))
        #expect(try network("[2001:db8:0:1::1]:1") != network("[2001:db8:0:2::1]:1"))
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("128.0.0.1:1", false), ("[::2]:1", false),
    ])
    func `the loopback is known`(_ text: String, _ isLoopback: Bool) throws {
        #expect(try network(text).isLoopback == isLoopback)
    }

    @Test func `a network has as many connections as it may, and others have theirs`() throws {
        var book = AddressBook()
        let (one, other) = (try network("192.0.2.1:1"), try network("192.0.2.2:1"))
        let answers = (0..<3).map { _ in book.add(one, limit: 2) }
        #expect(answers == [true, true, false])
        let others = book.add(other, limit: 2)
        #expect(others)
        let unlimited = book.add(one, limit: 0)
        #expect(unlimited, "0 is no limit")
        book.remove(one)
        book.remove(one)
        let again = book.add(one, limit: 2)
        #expect(again)
        #expect(book.count == 2)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `an address book does what a dictionary does`(_ seed: UInt64) throws {
        var generator = Generator(state: seed)
        var book = AddressBook()
        var connections: [UInt64: Int] = [:]
        var claims: [UInt64: Int] = [:]
        for step in 0..<20_000 {
            let number = UInt64.random(in: 0..<500, using: &generator)
            let some = try network("10.1.\(number / 250).\(number % 250):1")
            let open = connections[number] ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0 where step < 15_000, 1 where step < 15_000:
                let isAdded = book.add(some, limit: 5)
                #expect(isAdded == (open < 5), "seed \(seed), step \(step)")
                if open < 5 { connections[number] = open + 1 }
            case 2 where open > 0:
                // Whoever goes has given up his claims.
                if open == 1, let claimed = claims[number] {
                    for _ in 0..<claimed { book.noteClaim(of: some, isMade: false) }
                    claims[number] = nil
                }
                book.remove(some)
                connections[number] = open == 1 ? nil : open - 1
            case 3 where open > 0:
                book.noteClaim(of: some, isMade: true)
                claims[number, default: 0] += 1
            default: break
            }
            #expect(book.claims(of: some) == claims[number] ?? 0, "seed \(seed), step \(step)")
            #expect(book.count == connections.count, "seed \(seed), step \(step)")
        }
    }

    @Test func `a network may send as many requests as its budget, and earns new ones with time`() throws {
        var budget = RequestBudget(rate: 10)
        let (one, other) = (try network("192.0.2.1:1"), try network("192.0.2.2:1"))
        let first = (0..<11).map { _ in budget.take(one, now: 5000) }
        #expect(first == Array(repeating: true, count: 10) + [false])
        let later = [5099, 5100, 5100].map { budget.take(one, now: $0) }
        #expect(later == [false, true, false])
        let others = budget.take(other, now: 5100)
        #expect(others)
        // Silence earns a second's requests, not more.
        var count = 0
        while budget.take(one, now: 99_000) { count += 1 }
        #expect(count == 10)
    }

    @Test func `a flood from everywhere does not give back to one who spent all`() throws {
        var budget = RequestBudget(rate: 5)
        let greedy = try network("192.0.2.1:1")
        while budget.take(greedy, now: 1000) {}
        // Fewer than there are places: whoever has more left is forgotten first.
        for number in 0..<2000 { _ = budget.take(try network("10.0.\(number / 250).\(number % 250):1"), now: 1000) }
        let again = budget.take(greedy, now: 1000)
        #expect(!again)
    }

    @Test func `without a budget nobody is counted`() throws {
        var budget = RequestBudget(rate: 0)
        let one = try network("192.0.2.1:1")
        let answers = (0..<100_000).map { _ in budget.take(one, now: 0) }
        #expect(!answers.contains(false))
    }
}

private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        // SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
