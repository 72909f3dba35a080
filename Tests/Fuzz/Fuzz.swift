// The fuzzing executable: every target in one program, which runs the one that it is called by the name of.

import Glibc

/// Runs libFuzzer with this process's arguments (compiler-rt, FuzzerInterface.h).
@_extern(c, "LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

@main
enum Fuzz {
    /// What is fuzzed, by name. Each gets any bytes at all and ends the process where a promise does not hold.
    static let targets: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
        ("head", fuzzHead),
        ("chunked", fuzzChunked),
        ("form", fuzzForm),
        ("percent", fuzzPercent),
        ("multipart", fuzzMultipart),
        ("json", fuzzJSON),
        ("text", fuzzText),
        ("media", fuzzMediaType),
        ("language", fuzzLanguage),
        ("route", fuzzRoute),
        ("networks", fuzzNetworks),
        ("forwarded", fuzzForwarded),
        ("proxy", fuzzProxy),
        ("database", fuzzDatabase),
        ("key-file", fuzzKeyFile),
        ("hours", fuzzHours),
        ("moment", fuzzMoment),
        ("authorization", fuzzAuthorization),
        ("chain", fuzzChain),
        ("certificate", fuzzCertificate),
        ("dns", fuzzDNS),
        ("answer", fuzzAnswer),
        ("target", fuzzTarget),
        ("syslog", fuzzSyslog),
        ("settings", fuzzSettings),
    ]

    /// The target that this process was started for.
    private static let chosen: @Sendable ([UInt8]) -> Void = {
        let name = CommandLine.arguments[0].split(separator: "/").last ?? ""
        guard let target = targets.first(where: { $0.name == name }) else {
            for target in targets { print(target.name) }
            exit(name == "list" ? 0 : 2)
        }
        return target.run
    }()

    static func main() {
        _ = chosen
        var (count, arguments) = unsafe (CommandLine.argc, CommandLine.unsafeArgv)
        // Unsafe: hands over the process's own arguments; the input is copied before anything else looks at it.
        let status = unsafe runDriver(&count, &arguments) { bytes, count in
            unsafe Fuzz.chosen([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
            return 0
        }
        exit(status)
    }
}

/// Ends the process: a promise does not hold. libFuzzer keeps the input.
func finding(_ promise: String, _ details: String...) -> Never {
    fatalError(([promise] + details).joined(separator: "\n    "))
}

/// Ends the process where something that is promised is not so.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String, _ details: @autoclosure () -> String = "") {
    if !holds { finding(promise(), details()) }
}

/// Bytes as text that shows each of them.
func printable(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { $0 >= 0x20 && $0 < 0x7F ? String(Unicode.Scalar($0)) : "<" + String($0, radix: 16) + ">" }.joined()
}
