// Concealing and revealing 256 bytes, with everything that belongs to it.
import Vault

enum SecretsBench {
    static func run(rounds: Int, secrets: Int) throws {
        try withVault { vault, desk in
            desk.tokens.reserveCapacity(secrets * 31)
            var conceals: [Double] = []
            var reveals: [Double] = []
            for _ in 0..<rounds {
                desk.tokens.removeAll(keepingCapacity: true)
                let start = nanoseconds()
                for _ in 0..<secrets { try desk.conceal(in: vault, now: at(0)) }
                let middle = nanoseconds()
                for number in 0..<secrets where try desk.reveal(number, from: vault, now: at(1)) != 256 {
                    fatalError("a secret came out wrong")
                }
                let end = nanoseconds()
                conceals.append(Double(middle - start) / Double(secrets))
                reveals.append(Double(end - middle) / Double(secrets))
            }
            Figures.print("conceal_256", conceals.median / 1000, "us", limit: "6")
            Figures.print("reveal_256", reveals.median / 1000, "us", limit: "6")
        }
    }

    /// Does so many of each and no more.
    static func count(conceals: Int, reveals: Int) throws {
        try withVault { vault, desk in
            for _ in 0..<conceals { try desk.conceal(in: vault, now: at(0)) }
            for number in 0..<reveals { _ = try desk.reveal(number, from: vault, now: at(1)) }
        }
    }
}
