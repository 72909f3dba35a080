// Keys come, are used up, rotated, revoked, and go; all with a clock that the test moves.
import Kernel
import Testing

@testable import Rules

private func line(_ id: String, name: String = "a", _ more: String = "") throws -> KeyLine {
    let digits = String(repeating: "0", count: 56) + id.utf8.map { String($0 & 15, radix: 16) }.joined()
    return try #require(try KeyFile.parse(Array("name=\(name) id=\(id) sha256=\(digits) \(more)".utf8)).first)
}

private func id(_ text: String) throws -> KeyID {
    let id = KeyID(text.utf8Span.span)
    return try #require(id)
}

@Suite struct KeyBookTests {
    @Test func aKeyIsGoodUntilItEndsIsUsedUpOrRevoked() throws {
        let book = KeyBook([try line("aaaaaaaa", "uses=2 max-count=1 expires=1970-01-01T00:01:40Z")])
        let key = try #require(book.find(try id("aaaaaaaa")))
        #expect(key.refusal(now: 99) == nil && key.refusalToCreate == nil)
        #expect(key.refusal(now: 100) == .expired)
        key.use(isCreation: true)
        #expect(key.refusal(now: 99) == nil && key.refusalToCreate == .creationsUsedUp)
        key.use()
        #expect(key.refusal(now: 99) == .usedUp)
        book.revoke(key)
        #expect(key.refusal(now: 99) == .unknown)
    }

    @Test func onlyTheScopesOfALineAreThere() throws {
        let book = KeyBook([try line("aaaaaaaa", "scopes=admin"), try line("bbbbbbbb", "scopes=reveal")])
        let (admin, reader) = (try #require(book.find(try id("aaaaaaaa"))), try #require(book.find(try id("bbbbbbbb"))))
        #expect(admin.refusalToCreate == .outOfScope && admin.refusalToInvite == nil)
        #expect(reader.refusalToCreate == .outOfScope && reader.refusalToInvite == .outOfScope)
        #expect(KeyScopes.standard.isDisjoint(with: [.audit, .admin]))
    }

    @Test func rotatingKeepsTheOldKeyForAWhileAndSharesWhatIsUsedUp() throws {
        let book = KeyBook([try line("aaaaaaaa", "uses=2")])
        let old = try #require(book.find(try id("aaaaaaaa")))
        let new = try book.rotate(old, id: try id("cccccccc"), hash: .init(repeating: 7), grace: 10, now: 1000)
        #expect(old.refusal(now: 1009) == nil && old.refusal(now: 1010) == .expired && new.expires == nil)
        #expect(book.newest(named: "a", now: 1000)?.id == new.id && new.owner == old.owner)
        old.use()
        new.use()
        #expect(new.refusal(now: 1000) == .usedUp)
        #expect(throws: KeyRefusal.tooMany) {
            try book.rotate(new, id: try id("cccccccc"), hash: .init(repeating: 8), grace: 0, now: 1000)
        }
    }

    @Test func readingTheFileAnewNeitherForgetsNorForgives() throws {
        let (one, two) = (try line("aaaaaaaa", name: "one"), try line("bbbbbbbb", name: "two"))
        let book = KeyBook([one, two], ownerName: "me")
        let key = try #require(book.find(one.id))
        key.use()
        let new = try book.rotate(key, id: try id("cccccccc"), hash: .init(repeating: 7), grace: 0, now: 5)
        #expect(book.replaceLines([one, two]) == (2, 0))
        #expect(key.refusal(now: 5) == .expired && key.budget.uses == 1 && new.refusal(now: 5) == nil)
        #expect(book.replaceLines([two]) == (1, 2))
        #expect(key.refusal(now: 5) == .unknown && new.refusal(now: 5) == .unknown && book.find(one.id) == nil)
        #expect(book.find(.environment) != nil)
        #expect(book.replaceLines([]) == (0, 1) && book.isInUse)
    }

    @Test func aRotatedKeyEndsWithTheLineItComesFromAndMayDoWhatThatSays() throws {
        let (one, other) = (
            try line("aaaaaaaa", "scopes=create,admin max-ttl=60"), try line("bbbbbbbb", "scopes=create")
        )
        let book = KeyBook([one, other], ownerName: "a")
        let first = try #require(book.find(one.id))
        let second = try book.rotate(first, id: try id("cccccccc"), hash: .init(repeating: 7), grace: 0, now: 5)
        let third = try book.rotate(second, id: try id("dddddddd"), hash: .init(repeating: 8), grace: 0, now: 5)
        let tighter = try line("aaaaaaaa", "scopes=create max-ttl=30 expires=1970-01-01T00:01:40Z")
        #expect(book.replaceLines([tighter, other]) == (2, 0))
        for key in [second, third] {
            #expect(key.scopes == .create && key.caps.maximumTimeToLive == 30 && key.lineExpires == 100)
        }
        // The line of the second has the place of the first.
        #expect(book.replaceLines([try #require(second.line), other]) == (2, 1))
        #expect(third.refusal(now: 5) == nil)
        // Others of its name do not keep it.
        #expect(book.replaceLines([other]) == (1, 2))
        #expect(third.refusal(now: 5) == .unknown && book.find(third.id) == nil)
        let own = try #require(book.find(.environment))
        let ofOwn = try book.rotate(own, id: try id("eeeeeeee"), hash: .init(repeating: 9), grace: 0, now: 5)
        #expect(book.replaceLines([]) == (0, 1) && ofOwn.refusal(now: 5) == nil)
    }

    @Test func aLineWithAnotherNameIsTheSameKeyAndTheNameIsThatOfItsRotatedKeys() throws {
        let (one, other) = (try line("aaaaaaaa", name: "old"), try line("bbbbbbbb", name: "old"))
        let book = KeyBook([one, other])
        let first = try #require(book.find(one.id))
        let second = try book.rotate(first, id: try id("cccccccc"), hash: .init(repeating: 7), grace: 9, now: 5)
        let third = try book.rotate(second, id: try id("dddddddd"), hash: .init(repeating: 8), grace: 9, now: 5)
        first.use()
        let before = first.owner
        #expect(book.replaceLines([try line("aaaaaaaa", name: "new"), other]) == (2, 0))
        for key in [first, second, third] {
            #expect(key.name == "new" && key.refusal(now: 5) == nil && book.find(key.id) === key)
            #expect(book.name(ofOwner: key.owner) == "new" && key.budget.uses == 1)
        }
        #expect(first.refusal(now: 14) == .expired && book.newest(named: "new", now: 14) === third)
        #expect(book.find(other.id)?.name == "old" && book.owner(named: "old") == before)
        // Its own line gives a rotated key its own name, and those that come from it.
        var own = try #require(second.line)
        own.name = "own"
        #expect(book.replaceLines([try line("aaaaaaaa", name: "new"), own, other]) == (3, 0))
        #expect(first.name == "new" && second.name == "own" && third.name == "own")
    }

    @Test func aLineThatGoesAndComesAgainIsTheSameKey() throws {
        let (one, two) = (try line("aaaaaaaa", "uses=2"), try line("bbbbbbbb"))
        let (three, four) = (try line("dddddddd"), try line("eeeeeeee", name: "b"))
        let book = KeyBook([one, two, three, four])
        let keys = try [one, two, three, four].map { try #require(book.find($0.id)) }
        keys[0].use()
        book.revoke(keys[1])
        let new = try book.rotate(keys[2], id: try id("cccccccc"), hash: .init(repeating: 7), grace: 9, now: 5)
        new.use()
        for _ in 0..<2 {
            _ = book.replaceLines([four])
            #expect(keys[0].isRevoked && book.find(one.id) == nil)
            #expect(book.replaceLines([one, two, three, four]) == (4, 0))
        }
        let again = try [one, two, three].map { try #require(book.find($0.id)) }
        #expect(again[0].refusal(now: 5) == nil && again[0].budget.uses == 1)
        again[0].use()
        #expect(again[0].refusal(now: 5) == .usedUp && again[1].refusal(now: 5) == .unknown)
        #expect(again[2].refusal(now: 13) == nil && again[2].refusal(now: 14) == .expired)
        #expect(again[2].budget.uses == 1)
        // Whoever held the key from before has none any more.
        #expect(keys[0].refusal(now: 5) == .unknown)
    }

    @Test func theLastThousandKeysThatWentAreRemembered() throws {
        let lines = try (0..<KeyFile.maximumKeys + 1).map { try line(String(10_000_000 + $0)) }
        let book = KeyBook()
        for line in lines {
            _ = book.replaceLines([line])
            book.revoke(try #require(book.find(line.id)))
        }
        _ = book.replaceLines([])
        _ = book.replaceLines(Array(lines.prefix(2)))
        #expect(book.find(lines[0].id)?.isRevoked == false)
        #expect(book.find(lines[1].id)?.isRevoked == true)
    }

    @Test func aLineWithAnotherHashIsAnotherKey() throws {
        let book = KeyBook([try line("aaaaaaaa")])
        let key = try #require(book.find(try id("aaaaaaaa")))
        var other = try line("aaaaaaaa")
        other.hash[0] = 1
        let second = try book.rotate(key, id: try id("cccccccc"), hash: .init(repeating: 7), grace: 0, now: 5)
        let third = try book.rotate(second, id: try id("dddddddd"), hash: .init(repeating: 8), grace: 0, now: 5)
        #expect(book.replaceLines([other]) == (1, 3))
        #expect(key.isRevoked && book.find(key.id)?.isRevoked == false)
        // Nor do keys that were made from the one live on by the line of the other.
        #expect(second.isRevoked && third.isRevoked)
    }

    @Test func thereAreNoMoreKeysThanMayBeAndOldOnesGiveWay() throws {
        let book = KeyBook([try line("aaaaaaaa")])
        var key = try #require(book.find(try id("aaaaaaaa")))
        for number in 0..<3 * KeyFile.maximumKeys {
            key = try book.rotate(
                key, id: try id(String(10_000_000 + number)), hash: .init(repeating: 1), grace: 1, now: Int64(number))
            #expect(book.keys.count <= KeyFile.maximumKeys)
        }
        #expect(key.refusal(now: 3000) == nil)
    }
}

@Suite struct CreationLinkTests {
    @Test func aLinkIsGoodOnceInItsTimeAndWhileItsMakersKeyIs() throws {
        let book = KeyBook([try line("aaaaaaaa", "max-ttl=60")])
        let maker = try #require(book.find(try id("aaaaaaaa")))
        var links = CreationLinks(limit: 2)
        let ids = (0..<4).map { CreationLinkID(high: 1, low: $0) }
        for (index, deadline) in [(0, 10), (1, 20)] as [(Int, UInt64)] {
            let link = CreationLink(maker: maker, deadline: deadline, maximumTimeToLive: 90, maximumContent: 5)
            try links.insert(link, id: ids[index], now: at(0))
        }
        let found = try #require(links.find(ids[0], now: at(9)))
        #expect(found.maximumTimeToLive == 60 && found.maximumContent == 5)
        #expect(links.find(ids[0], now: at(10)) == nil && links.find(ids[2], now: at(0)) == nil)
        #expect(throws: KeyRefusal.tooMany) { try links.insert(found, id: ids[2], now: at(9)) }
        try links.insert(
            CreationLink(maker: maker, deadline: 99, maximumTimeToLive: nil, maximumContent: nil), id: ids[2],
            now: at(10))
        links.remove(ids[1])
        #expect(links.find(ids[1], now: at(11)) == nil && links.find(ids[2], now: at(11)) != nil)
        book.revoke(maker)
        #expect(links.find(ids[2], now: at(11)) == nil)
    }

    @Test func aLinkEndsWithItsMakersKeyAndMakesRoomThen() throws {
        let book = KeyBook([try line("aaaaaaaa", "expires=1970-01-01T00:01:40Z"), try line("bbbbbbbb")])
        var links = CreationLinks(limit: 2)
        let ids = (0..<3).map { CreationLinkID(high: 1, low: $0) }
        let makers = [
            try #require(book.find(try id("aaaaaaaa"))), try #require(book.find(try id("bbbbbbbb"))),
        ]
        for (index, maker) in makers.enumerated() {
            let link = CreationLink(maker: maker, deadline: 1000, maximumTimeToLive: nil, maximumContent: nil)
            try links.insert(link, id: ids[index], now: at(0))
        }
        #expect(links.find(ids[0], now: at(1, wall: 99)) != nil && links.find(ids[0], now: at(1, wall: 100)) == nil)
        _ = try book.rotate(makers[1], id: try id("cccccccc"), hash: .init(repeating: 7), grace: 50, now: 100)
        #expect(links.find(ids[1], now: at(1, wall: 149)) != nil && links.find(ids[1], now: at(1, wall: 150)) == nil)
        let link = CreationLink(maker: makers[1], deadline: 1000, maximumTimeToLive: nil, maximumContent: nil)
        #expect(throws: KeyRefusal.tooMany) { try links.insert(link, id: ids[2], now: at(1, wall: 99)) }
        try links.insert(link, id: ids[2], now: at(1, wall: 100))
    }
}

private func at(_ milliseconds: UInt64, wall: Int64 = 0) -> Moment {
    Moment(milliseconds: milliseconds, wallSeconds: wall)
}
