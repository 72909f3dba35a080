// Everything that can be set, with its default, and what follows from it.
import Audit
import HTTPServer
import Kernel
import Log
import Service
import Vault

/// For how many milliseconds a file is waited for that is a pipe, or a device: what writes to it may have just begun, or never come.
enum FilePatience {
    static let atStart = 10_000
    /// Nobody is served meanwhile.
    static let atReload = 200
}

/// What the operator decided. Flags are stronger than the environment, and that is stronger than the configuration file.
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
    var keys = KeySettings()
    /// The path of a file of countries.
    var countryFile: String?
    var audit = AuditOptions()
    var outbound = OutboundSettings()
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

    /// What was said of options, by their flags, and where. Nothing of those that have their defaults.
    var given: [String: Given] = [:]
    /// What is to be known of values, by their options' flags: why they are others than was said.
    var notes: [String: String] = [:]
    /// What is allowed, and hardly what anybody means, a line each.
    var warnings: [String] = []
    /// What is wrong, a line each.
    var errors: [String] = []
    /// For how many milliseconds each file is waited for that is a pipe.
    var filePatience = FilePatience.atStart
    /// The flags, to read them again at SIGHUP.
    var arguments: [String] = []

    /// Settles what depends on several settings, and on the machine.
    mutating func settle() {
        if let address = listen, let port {
            listen = SocketAddress(bytes: address.bytes, port: UInt16(port), isIPv4: address.isIPv4)
            note("listen", "with port")
        }
        settleLinks()
        settleLifetimes()
        if tls.isSelfSigned && !tls.files.isEmpty {
            errors.append("--tls is either self-signed or files")
        }
        let publicHosts = [service.publicURL.map { String($0.drop { $0 != "/" }.dropFirst(2)) }, publicHost]
        tls.hosts = publicHosts.compactMap(\.self) + service.allowedHosts
        if tls.isOn {
            server.strictTransportSeconds = tls.effectiveStrictTransportSeconds
        } else if tls.effectiveStrictTransportSeconds > 0 && given["hsts"] != nil {
            note("hsts", "not without tls")
        }
        if let locale = brand.locale { service.locale = locale }
        settlePlaces()
        settleObservation()
        settleMemory(limit: MemoryLimit.bytes())
        vault.passphraseAttempts = UInt8(attempts)
        service.passphraseAttempts = attempts
        vault.lockedShares = lockedMemory / 4 / 32
        server.headTimeout = UInt64(headTimeout) * 1000
        server.bodyTimeout = UInt64(bodyTimeout) * 1000
        server.idleTimeout = UInt64(idleTimeout) * 1000
        server.dormantTimeout = UInt64(followTimeout) * 1000
        server.writeTimeout = UInt64(writeTimeout) * 1000
        server.bodyRate = UInt64(bodyRate)
        server.writeRate = UInt64(writeRate)
        server.drainTimeout = UInt64(drainTimeout) * 1000
        settleConnections()
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
