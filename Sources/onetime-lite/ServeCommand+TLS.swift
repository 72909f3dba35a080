// TLS at the start, at SIGHUP, and what the operator is told of it.
import Kernel
import Rules
import SecureMemory
import TLS

extension ServeCommand {
    /// TLS as it was asked for, with the fingerprint of a certificate that was made for it; two nils without.
    static func secure(
        _ settings: TLSSettings, _ address: SocketAddress, _ arena: SecureArena
    ) throws(TLSError) -> (TLSServer?, [32 of UInt8]?) {
        guard settings.isOn else { return (nil, nil) }
        let now = BootClock.milliseconds()
        guard settings.isSelfSigned else {
            var identities = try settings.identities(patience: FilePatience.atStart)
            return (try TLSServer(&identities, arena: arena, now: now), nil)
        }
        let identity = try settings.selfSigned(listeningOn: address)
        let fingerprint = try identity.fingerprint()
        var identities = TLSIdentities()
        identities.append(identity)
        return (try TLSServer(&identities, arena: arena, now: now), fingerprint)
    }

    /// Protected memory for what libssl decrypts and encrypts, and for private keys. Before any other use of OpenSSL.
    static func protectRecords(_ configuration: Configuration) throws(SecureMemoryError) -> LockedRegion? {
        guard configuration.tls.isOn else { return nil }
        let region = try LockedRegion(
            byteCount: RecordMemory.byteCount(records: RecordMemory.maximumCount),
            allowsSecretMemory: configuration.usesSecretMemory)
        guard RecordMemory.use(region) else { return nil }
        // A system that locks no more memory keeps the key in the heap, which nothing else of ours can read either.
        _ = RecordMemory.lockPrivateKeys()
        return region
    }
}
