// Everything that can be set, with its default, and how flags and environment set it.
import HTTPServer
import Kernel
import Log
import SecureMemory
import Service
import Vault

/// What the operator decided. Flags are stronger than the environment.
struct Configuration {
    var listen = SocketAddress("127.0.0.1:7143")
    var port: Int?
    var publicHost: String?
    var publicHostIsSecure = false
    var service = ServiceSettings()
    var vault = VaultLimits()
    var server = ServerLimits()
    var tls = TLSSettings()
    var brand = BrandSettings()
    var metrics = MetricsSettings()
    var log = LogSettings()
    /// Bytes of protected memory, for requests in flight and for shares. The default leaves most of the 8 MiB that containers
    /// may lock.
    var lockedMemory = 2 << 20
    var usesSecretMemory = true
    /// How many passphrases are stretched at the same time; 0 lets the memory decide.
    var workers = 0
    var workerQueue = 16
    /// The vault's budget in bytes; 0 lets the memory decide.
    var vaultBytes = 0
    var attempts = 5
    var headTimeout = 10
    var bodyTimeout = 20
    var idleTimeout = 60
    var followTimeout = 45
    var writeTimeout = 30
    var drainTimeout = 5
    /// Below 0: a quarter of all.
    var connectionsPerAddress = -1
    var bodyRate = 8192
    var writeRate = 1024

    /// Reads flags and environment, or says in one line what is wrong.
    static func read(
        arguments: [String], environment: (String) -> String?
    ) throws(UsageError) -> Configuration {
        var configuration = Configuration()
        for option in options {
            guard let value = environment(option.variable), !value.isEmpty else { continue }
            try apply(option, value, named: option.variable, &configuration)
        }
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw UsageError(text: "unexpected argument '\(argument)'") }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = options.first(where: { $0.flag == parts[0] }) else {
                throw UsageError(text: "unknown option '--\(parts[0])'; --help lists them")
            }
            let name = "--\(option.flag)"
            if option.value == nil {
                guard parts.count == 1 else { throw UsageError(text: "\(name) takes no value") }
                try apply(option, option.switchesTo ? "true" : "false", named: name, &configuration)
            } else if parts.count == 2 {
                try apply(option, String(parts[1]), named: name, &configuration)
            } else {
                guard let value = rest.popFirst() else { throw UsageError(text: "\(name) needs a value") }
                try apply(option, value, named: name, &configuration)
            }
        }
        try checkKey(environment)
        try configuration.settle()
        return configuration
    }

    /// Half a key would leave the server open to everybody, and nobody would notice.
    private static func checkKey(_ environment: (String) -> String?) throws(UsageError) {
        let name = environment("ONETIME_USER")?.utf8.count ?? 0
        let token = Environment.size(of: "ONETIME_APITOKEN")
        guard (name == 0) == (token == 0) else {
            throw UsageError(text: "ONETIME_USER and ONETIME_APITOKEN have to be set together, or neither")
        }
        guard name + token <= 700 else {
            throw UsageError(text: "ONETIME_USER and ONETIME_APITOKEN have to be at most 700 bytes together")
        }
    }

    private static func apply(
        _ option: Option, _ value: String, named name: String, _ configuration: inout Configuration
    ) throws(UsageError) {
        do throws(Option.Refused) {
            try option.apply(value, &configuration)
        } catch {
            throw UsageError(text: "\(name) is '\(value)', but has to be \(error.allowed)")
        }
    }

    /// Settles what depends on several settings, and on the machine.
    private mutating func settle() throws(UsageError) {
        guard let address = listen else { throw UsageError(text: "there is no address to listen on") }
        if let port { listen = SocketAddress(bytes: address.bytes, port: UInt16(port), isIPv4: address.isIPv4) }
        if service.publicURL == nil, let publicHost {
            service.publicURL = (publicHostIsSecure ? "https://" : "http://") + publicHost
        }
        if service.minimumTimeToLive > service.maximumTimeToLive {
            throw UsageError(text: "--min-ttl has to be at most --max-ttl")
        }
        let longest = service.maximumTimeToLive
        service.defaultTimeToLive = min(max(service.defaultTimeToLive, service.minimumTimeToLive), longest)
        if service.minimumPassphrase > service.maximumPassphrase {
            throw UsageError(text: "--passphrase-min-length has to be at most \(service.maximumPassphrase)")
        }
        if tls.isSelfSigned && !tls.files.isEmpty {
            throw UsageError(text: "--tls is either self-signed or files")
        }
        let publicHosts = [service.publicURL.map { String($0.drop { $0 != "/" }.dropFirst(2)) }, publicHost]
        tls.hosts = publicHosts.compactMap(\.self) + service.allowedHosts
        if tls.isOn { server.strictTransportSeconds = tls.effectiveStrictTransportSeconds }
        if let locale = brand.locale { service.locale = locale }
        settleMemory(limit: MemoryLimit.bytes())
        vault.passphraseAttempts = UInt8(attempts)
        service.passphraseAttempts = attempts
        if log.hasSource && !log.hasRequests { throw UsageError(text: "--log-source needs --log-requests") }
        vault.lockedShares = lockedMemory / 4 / 32
        server.headTimeout = UInt64(headTimeout) * 1000
        server.bodyTimeout = UInt64(bodyTimeout) * 1000
        server.idleTimeout = UInt64(idleTimeout) * 1000
        server.dormantTimeout = UInt64(followTimeout) * 1000
        server.writeTimeout = UInt64(writeTimeout) * 1000
        server.bodyRate = UInt64(bodyRate)
        server.writeRate = UInt64(writeRate)
        server.drainTimeout = UInt64(drainTimeout) * 1000
        // Some descriptors are the server's own.
        server.connections = min(server.connections, max(Process.raiseOpenFileLimit() - 32, 16))
        server.sparesLoopback = connectionsPerAddress < 0
        server.connectionsPerAddress =
            connectionsPerAddress < 0 ? max(server.connections / 4, 1) : connectionsPerAddress
    }

    /// A container that outgrows its limit is killed with all its secrets; so the vault's budget is what the limit leaves
    /// after the executable, the protected memory and the passphrases that are stretched at the same time.
    private mutating func settleMemory(limit: Int) {
        let stretching = 33 << 20
        if workers == 0 { workers = limit >= 512 << 20 ? 2 : 1 }
        if vaultBytes == 0 {
            let left = limit - (16 << 20) - lockedMemory - workers * stretching
            vaultBytes = min(max(left / 10 * 8, 4 << 20), 1 << 30)
        }
        vault.bytes = vaultBytes
    }
}
