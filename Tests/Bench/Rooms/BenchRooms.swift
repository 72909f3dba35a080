// `bench-rooms [SECTION...]`: figures of the lower rooms, in this process and on one thread. It prints and never judges.
import Sealing
import SecureMemory

@main
enum BenchRooms {
    static func main() throws {
        Library.prepare()
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Few and all alike, to count instructions by callgrind: `count CONCEALS REVEALS`. Without what the server does at its
        // start, because a process that may not make code can't be run by valgrind.
        if arguments.count == 3, arguments[0] == "count" {
            return try SecretsBench.count(conceals: Int(arguments[1]) ?? 0, reveals: Int(arguments[2]) ?? 0)
        }
        // As the server starts: the heap is set up to give memory back.
        _ = ProcessHardening.apply()
        for section in arguments.isEmpty ? ["wheel", "secrets", "audit", "stalls"] : arguments {
            switch section {
            case "wheel": WheelBench.run(rounds: 5)
            case "secrets": try SecretsBench.run(rounds: 15, secrets: 10_000)
            case "audit": try AuditBench.run(rounds: 15, events: 20_000)
            case "stalls": try StallBench.run(rounds: 3, secrets: 1_000_000)
            default: print("there is no section \(section)")
            }
        }
    }
}
