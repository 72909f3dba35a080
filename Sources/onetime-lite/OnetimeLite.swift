// The program's entry: which command, and how it ends.
import Kernel
import SecureMemory

@main
struct OnetimeLite {
    static func main() {
        // Before anything else: whatever goes wrong from here on shows nothing to anybody.
        let hardening = ProcessHardening.apply()
        Process.ignoreBrokenPipes()
        Process.exit(run(Array(CommandLine.arguments.dropFirst()), hardening))
    }

    private static func run(_ arguments: [String], _ hardening: ProcessHardening) -> Int32 {
        if arguments.contains("--help") || arguments.first == "help" {
            Console.write(Help.text, to: Console.standardOutput)
            return 0
        }
        if arguments.contains("--version") {
            Console.write("onetime-lite \(Help.version)\n", to: Console.standardOutput)
            return 0
        }
        let command = arguments.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
        do throws(UsageError) {
            let rest = command == nil ? arguments : Array(arguments.dropFirst())
            switch command {
            case nil, "serve":
                var configuration = try read(rest)
                try configuration.readBrands()
                try configuration.readCountries()
                return ServeCommand.run(configuration, hardening: hardening)
            case "check":
                return CheckCommand.run(try read(rest))
            case .some(let other):
                throw UsageError(text: "unknown command '\(other)'; it is serve or check")
            }
        } catch {
            Console.failure(error.text)
            return 2
        }
    }

    private static func read(_ arguments: [String]) throws(UsageError) -> Configuration {
        try Configuration.read(arguments: arguments, environment: Environment.value)
    }
}
