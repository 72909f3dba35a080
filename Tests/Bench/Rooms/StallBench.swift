// The longest single calls on the way to a million secrets and back: what one request may have to wait for another's.
import Kernel
import Vault

/// What many calls took, each by two clocks: the wall's, and the thread's own, which others on the machine do not disturb.
struct Durations: Sendable {
    private var wall: [UInt32] = []
    private var own: [UInt32] = []

    init(capacity: Int) {
        wall.reserveCapacity(capacity)
        own.reserveCapacity(capacity)
    }

    @inline(__always)
    mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
        let ownStart = ownNanoseconds()
        let start = nanoseconds()
        let result = try body()
        let end = nanoseconds()
        wall.append(UInt32(clamping: end - start))
        own.append(UInt32(clamping: ownNanoseconds() - ownStart))
        return result
    }

    /// The longest and the one that a thousandth exceeds, in microseconds.
    var longest: (wall: Double, own: Double, wallThousandth: Double) {
        let sorted = wall.sorted()
        guard let last = sorted.last, let ownLast = own.max() else { return (0, 0, 0) }
        let thousandth = sorted[min(sorted.count - 1, sorted.count * 999 / 1000)]
        return (Double(last) / 1000, Double(ownLast) / 1000, Double(thousandth) / 1000)
    }

    var count: Int { wall.count }
}

enum StallBench {
    /// The longest calls of several rounds; each figure is the median of what the rounds found.
    private struct Longest {
        var wall: [Double] = []
        var own: [Double] = []
        var wallThousandth: [Double] = []

        mutating func add(_ durations: Durations) {
            let longest = durations.longest
            wall.append(longest.wall)
            own.append(longest.own)
            wallThousandth.append(longest.wallThousandth)
        }

        func print(_ name: String) {
            Figures.print("\(name)_longest", wall.median, "us", limit: "2000")
            Figures.print("\(name)_longest_cpu", own.median, "us")
            Figures.print("\(name)_p99.9", wallThousandth.median, "us")
        }
    }

    static func run(rounds: Int, secrets: Int) throws {
        var grow = Longest()
        var expire = Longest()
        var amidExpiry = Longest()
        var wipe = Longest()
        var amidWipe = Longest()
        var burn = Longest()
        var amidBurning = Longest()
        for _ in 0..<rounds {
            let found = try round(secrets)
            grow.add(found.grow)
            expire.add(found.expire)
            amidExpiry.add(found.amidExpiry)
            wipe.add(found.wipe)
            amidWipe.add(found.amidWipe)
            burn.add(found.burn)
            amidBurning.add(found.amidBurning)
        }
        grow.print("grow_conceal")
        expire.print("expire_call")
        amidExpiry.print("expire_amid_request")
        wipe.print("wipe_call")
        amidWipe.print("wipe_amid_request")
        burn.print("burn_call")
        amidBurning.print("burn_amid_request")
    }

    private struct Round: Sendable {
        var grow: Durations
        var expire = Durations(capacity: 100_000)
        var amidExpiry = Durations(capacity: 200_000)
        var wipe = Durations(capacity: 100_000)
        var amidWipe = Durations(capacity: 200_000)
        var burn = Durations(capacity: 100_000)
        var amidBurning = Durations(capacity: 200_000)
    }

    private static func round(_ secrets: Int) throws -> Round {
        try withVault { vault, desk in
            var round = Round(grow: Durations(capacity: secrets))
            desk.tokens.reserveCapacity((secrets + 400_000) * 31)
            for _ in 0..<secrets {
                try round.grow.measure { try desk.conceal(in: vault, timeToLive: 3600, now: at(0)) }
            }
            Figures.print("resident_full", residentMegabytes(), "MB")
            var now = at(3_600_000)
            var more = true
            while more {
                more = round.expire.measure { vault.expire(now: now, budget: 1024) }
                try exchange(desk, vault, now, &round.amidExpiry)
            }
            Figures.print("resident_expired", residentMegabytes(), "MB")
            desk.tokens.removeAll(keepingCapacity: true)
            for _ in 0..<secrets { try desk.conceal(in: vault, timeToLive: 3600, now: now) }
            now = at(3_600_001)
            round.wipe.measure { vault.wipe(now: now) }
            more = true
            while more {
                try exchange(desk, vault, now, &round.amidWipe)
                more = round.wipe.measure { vault.expire(now: now, budget: 1024) }
            }
            Figures.print("resident_wiped", residentMegabytes(), "MB")
            desk.tokens.removeAll(keepingCapacity: true)
            for _ in 0..<secrets { try desk.conceal(in: vault, timeToLive: 3600, now: now) }
            let run = round.burn.measure { vault.burn(BurnSelection(), budget: 1024, now: now) }
            precondition(run != nil, "nothing else burns")
            more = true
            while more {
                try exchange(desk, vault, now, &round.amidBurning)
                more = round.burn.measure { vault.expire(now: now, budget: 1024) }
            }
            precondition(vault.lastBurnings.last?.burned == secrets, "all are burned")
            Figures.print("resident_burned", residentMegabytes(), "MB")
            return round
        }
    }

    /// What comes in between: somebody creates a secret, and another one reads it.
    private static func exchange(
        _ desk: Desk, _ vault: isolated Vault, _ now: Moment, _ durations: inout Durations
    ) throws {
        try durations.measure { try desk.conceal(in: vault, timeToLive: 3600, now: now) }
        let number = desk.tokens.count / 31 - 1
        let count = try durations.measure { try desk.reveal(number, from: vault, now: now) }
        precondition(count == 256, "a new secret was lost")
    }
}
