// TLS as the operator asked for it: where certificates come from, and how they are read anew.
import Kernel
import SecureMemory
import TLS

/// Where the server's certificates come from.
struct TLSSettings {
    /// One is made at the start, in memory.
    var isSelfSigned = false
    /// Files in PEM form, the first pair for those who ask for no name or one that no certificate has.
    var files: [(certificate: String, key: String)] = []
    /// More hosts for the certificate that is made, with or without a port: those that links point to.
    var hosts: [String] = []
    /// For how many seconds browsers shall come by TLS only; nil decides by the kind of certificate.
    var strictTransportSeconds: Int?

    var isOn: Bool { isSelfSigned || !files.isEmpty }

    /// A browser that knows a host by HSTS lets nobody accept a certificate that is made anew at each start.
    var effectiveStrictTransportSeconds: Int { strictTransportSeconds ?? (isSelfSigned ? 0 : 31_536_000) }

    /// Reads the files. Each is waited for so many milliseconds, if it is a pipe.
    func identities(patience: Int) throws(TLSError) -> TLSIdentities {
        var identities = TLSIdentities()
        for file in files {
            identities.append(try .read(certificatePath: file.certificate, keyPath: file.key, patience: patience))
        }
        return identities
    }

    /// Makes a certificate for every name and address of this machine.
    func selfSigned(listeningOn address: SocketAddress) throws(TLSError) -> TLSIdentity {
        var names = ["localhost"]
        if let host = HostNames.hostName() { names.append(host) }
        var addresses: [[UInt8]] = []
        for address in [SocketAddress("127.0.0.1:0"), SocketAddress("[::1]:0"), address].compactMap(\.self)
            + HostNames.addresses() where !address.isUnspecified
        {
            let bytes = (address.isIPv4 ? 12..<16 : 0..<16).map { address.bytes[$0] }
            if !addresses.contains(bytes) { addresses.append(bytes) }
        }
        for host in hosts.map(Self.withoutPort) {
            if let address = SocketAddress(host + ":0") {
                addresses.append((address.isIPv4 ? 12..<16 : 0..<16).map { address.bytes[$0] })
            } else if !names.contains(host) {
                names.append(host)
            }
        }
        return try .selfSigned(for: names, addresses: addresses)
    }

    /// A host without the port that may stand behind it.
    static func withoutPort(_ host: String) -> String {
        if let bracket = host.firstIndex(of: "]") { return String(host[...bracket]) }
        return String(host.prefix { $0 != ":" })
    }
}

extension TLSError {
    /// What the operator can do about it.
    var advice: String {
        switch self {
        case .libraryFailure: "OpenSSL failed to set up TLS"
        case .badCertificate(let path, let reason): "--tls: \(path) " + Self.wrong(reason, "certificate in PEM form")
        case .badAuthorities(let path, let reason):
            "--ca-file: \(path) " + Self.wrong(reason, "certificate of an authority in PEM form")
        case .badKey(let path, let reason):
            "--tls: \(path) " + Self.wrong(reason, "private key in PEM form without a passphrase")
        case .keyOfAnotherCertificate(let path): "--tls: the key in \(path) belongs to another certificate"
        case .arenaFull: "there is not enough protected memory for TLS; raise --locked-memory"
        }
    }

    private static func wrong(_ reason: Errno?, _ wanted: String) -> String {
        reason.map { "cannot be read: \($0)" } ?? "holds no \(wanted)"
    }
}
