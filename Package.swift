// swift-tools-version: 6.2
import Foundation
import PackageDescription

// scripts/fuzz builds one executable more, and every room so that libFuzzer sees its way through it; nothing else sets this.
let fuzzed = ProcessInfo.processInfo.environment["ONETIME_FUZZ"] == "1"
let fuzzing: [SwiftSetting] = fuzzed ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : []

// Strictness that every Swift target shares.
let settings: [SwiftSetting] =
    fuzzing + [
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableExperimentalFeature("Lifetimes"),
        .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]

// The forensic suite proves that it can see by looking at a build in which nothing is wiped; nothing else sets this.
let ablated = ProcessInfo.processInfo.environment["ONETIME_ABLATE_WIPING"] == "1"
let cSettings: [CSetting] =
    [.unsafeFlags(["-std=c23"])] + (ablated ? [.define("ONETIME_ABLATE_WIPING")] : [])

// A sanitizer brings an allocator of its own, which no other one may stand in front of; scripts/sanitize alone sets this.
let sanitized = ProcessInfo.processInfo.environment["ONETIME_SANITIZED"] == "1"

// Puts the wiping allocator of CLinux in front of glibc's.
let wrapped = sanitized ? [] : ["free", "realloc", "reallocarray"].flatMap { ["-Xlinker", "--wrap=\($0)"] }
let wipingAllocator: [LinkerSetting] = [
    .unsafeFlags(wrapped + ["-Xlinker", "--gc-sections", "-Xlinker", "--icf=safe"])
]

// For what runs seldom: small rather than fast.
let small = settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], isSmall: Bool = false
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: isSmall ? small : settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
        swiftSettings: settings)
}

let fuzz = Target.executableTarget(
    name: "Fuzz",
    dependencies: [
        "Audit", "HTTPServer", "HTTPWire", "Kernel", "Outbound", "Pages", "Rules", "Sealing", "SecureMemory", "Service",
    ],
    path: "Tests/Fuzz",
    exclude: ["Corpus", "Words", "corpus.py"],
    swiftSettings: settings + [.enableExperimentalFeature("Extern")],
    linkerSettings: [.unsafeFlags(["-sanitize=address"])])

let package = Package(
    name: "onetime-lite",
    targets: [
        // Floor 0: what Swift cannot import by itself.
        .target(name: "CLinux", cSettings: cSettings),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // Floor 1
        room("Kernel", ["CLinux"]),
        room("SecureMemory", ["CLinux"]),
        room("TimerWheel"),
        room("QRCode"),
        room("FingerprintWords"),
        // Floor 2
        room("Sealing", ["COpenSSL", "SecureMemory"]),
        room("HTTPWire"),
        room("Log", ["Kernel"], isSmall: true),
        room("TLS", ["CLinux", "COpenSSL", "Kernel", "SecureMemory"]),
        room("HTTPServer", ["HTTPWire", "Kernel", "SecureMemory", "TLS", "TimerWheel"]),
        // Floor 3
        room("Outbound", ["HTTPWire", "Kernel", "Sealing", "SecureMemory", "TLS"], isSmall: true),
        room("Vault", ["Kernel", "Sealing", "SecureMemory", "TimerWheel"]),
        room("Rules", ["HTTPWire", "Kernel"], isSmall: true),
        room("Audit", ["HTTPWire", "Kernel", "Sealing", "SecureMemory"]),
        // Floor 4
        room(
            "Pages", ["CLinux", "HTTPServer", "HTTPWire", "QRCode", "SecureMemory"], exclude: ["Assets"],
            isSmall: true),
        room(
            "Service",
            ["Audit", "HTTPServer", "HTTPWire", "Kernel", "Log", "Pages", "Rules", "Sealing", "SecureMemory", "Vault"]),
        // Floor 5
        .executableTarget(
            name: "onetime-lite",
            dependencies: [
                "Audit", "FingerprintWords", "HTTPServer", "HTTPWire", "Kernel", "Log", "Outbound", "Pages", "QRCode",
                "Rules", "Sealing",
                "SecureMemory",
                "Service", "TLS", "Vault",
            ],
            swiftSettings: settings, linkerSettings: wipingAllocator),
        // Figures of the lower rooms, printed by scripts/bench-rooms; no part of the product.
        .executableTarget(
            name: "bench-rooms", dependencies: ["Audit", "Kernel", "Sealing", "SecureMemory", "TimerWheel", "Vault"],
            path: "Tests/Bench/Rooms", swiftSettings: settings, linkerSettings: wipingAllocator),
        // What tests of several rooms share.
        .target(name: "TestRandomness", path: "Tests/Randomness", swiftSettings: settings),
        tests(of: "Kernel"),
        tests(of: "SecureMemory", ["TestRandomness"]),
        tests(of: "TimerWheel", ["TestRandomness"]),
        tests(of: "QRCode", exclude: ["Vectors"]),
        .executableTarget(name: "print-qr", dependencies: ["QRCode"], path: "Tests/PrintQR", swiftSettings: settings),
        tests(of: "FingerprintWords", exclude: ["Vectors"]),
        tests(of: "Sealing", ["SecureMemory", "TestRandomness"]),
        tests(of: "HTTPWire", ["TestRandomness"], exclude: ["Vectors"]),
        tests(of: "Log", ["Kernel"]),
        tests(of: "HTTPServer", ["Kernel", "SecureMemory"]),
        tests(of: "TLS", ["Kernel", "SecureMemory"]),
        // The outgoing ways by themselves, for the suite that plays their receivers; no part of the product.
        .executableTarget(
            name: "send-lines", dependencies: ["Kernel", "Outbound", "SecureMemory", "TLS"], path: "Tests/SendLines",
            swiftSettings: settings),
        tests(of: "Outbound", ["HTTPWire", "Kernel", "Sealing", "SecureMemory", "TestRandomness", "TLS"]),
        tests(of: "Vault", ["Kernel", "Sealing", "SecureMemory", "TestRandomness"]),
        tests(of: "Rules", ["HTTPWire", "Kernel", "TestRandomness"], exclude: ["Vectors"]),
        tests(of: "Audit", ["Kernel", "Sealing", "SecureMemory", "TestRandomness"], exclude: ["ecs-fields.txt"]),
        tests(of: "Pages", ["HTTPServer", "HTTPWire", "SecureMemory"]),
        tests(of: "Service", ["Kernel", "Pages", "Rules", "TestRandomness", "Vault"]),
    ] + (fuzzed ? [fuzz] : []),
    swiftLanguageModes: [.v6]
)
