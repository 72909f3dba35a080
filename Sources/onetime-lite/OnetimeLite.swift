// The program's entry: which command, and how it ends.
import Kernel
import SecureMemory

@main
struct OnetimeLite {
    static func main() {
        // Before anything else: whatever goes wrong from here on shows nothing to anybody.
        let hardening = ProcessHardening.apply()
        Process.ignoreFailedWrites()
        Process.exit(run(Array(CommandLine.arguments.dropFirst()), hardening))
    }

    private static func run(_ arguments: [String], _ hardening: ProcessHardening) -> Int32 {
        if arguments.first == "keygen", arguments.contains("--help") {
            Console.write(KeygenCommand.help, to: Console.standardOutput)
            return 0
        }
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
                var configuration = Configuration.read(arguments: rest, environment: Environment.value)
                configuration.readFiles()
                configuration.judgeDescriptors()
                try configuration.demandNoErrors()
                return ServeCommand.run(configuration, hardening: hardening)
            case "check":
                if CheckConfiguration.isWanted(rest) { return try CheckConfiguration.run(rest) }
                let configuration = Configuration.read(arguments: rest, environment: Environment.value)
                try configuration.demandNoErrors()
                return CheckCommand.run(configuration)
            case "keygen":
                return try KeygenCommand.run(rest)
            case "verify":
                return try VerifyCommand.run(rest)
            case .some:
                throw UsageError(text: "unknown command; it is serve, check, keygen or verify")
            }
        } catch {
            Console.failure(error.text)
            return 2
        }
    }
}
