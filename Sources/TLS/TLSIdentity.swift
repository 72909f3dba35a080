// Who the server is: a certificate with its key, as a context that handshakes use.
internal import COpenSSL
private import Kernel
private import SecureMemory

/// A certificate chain with its private key. It belongs to one thread.
@safe
public struct TLSIdentity: ~Copyable {
    let context: OpaquePointer

    private init(_ context: OpaquePointer) {
        unsafe self.context = context
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// Hands the context over to whoever frees it.
    consuming func takeContext() -> OpaquePointer {
        let context = unsafe context
        discard self
        return unsafe context
    }

    /// How much a file of certificates may hold, and one of a private key, in bytes.
    static let (maximumCertificates, maximumKey) = (4 << 20, 128 << 10)

    /// Reads a certificate chain, the server's own first, and its private key from PEM files.
    ///
    /// - Parameter patience: for how many milliseconds a pipe is waited for, each.
    public static func read(
        certificatePath: String, keyPath: String, patience: Int = 0
    ) throws(TLSError) -> TLSIdentity {
        guard let context = unsafe onetime_tls_server_context() else { throw .libraryFailure }
        let identity = unsafe TLSIdentity(context)
        ERR_clear_error()
        // OpenSSL itself would wait for a pipe without end, and read a device that has none.
        let chain: [UInt8]
        do throws(Errno) {
            chain = try File.read(certificatePath, limit: maximumCertificates, patience: patience)
        } catch {
            throw .badCertificate(path: certificatePath, error)
        }
        let hasChain = unsafe chain.withUnsafeBytes {
            unsafe onetime_tls_take_chain(context, $0.baseAddress, Int32($0.count)) == 1
        }
        guard hasChain else { throw .badCertificate(path: certificatePath) }
        // Its text lies in memory of its own that goes, wiped, at the end of this.
        guard let arena = try? SecureArena(capacity: maximumKey, allowsSecretMemory: false),
            var key = arena.allocate(maximumKey)
        else { throw .libraryFailure }
        do throws(Errno) {
            var room = key.freeSpan
            key.commit(try File.read(keyPath, into: &room, patience: patience))
        } catch {
            throw .badKey(path: keyPath, error)
        }
        guard key.freeCapacity > 0 else { throw .badKey(path: keyPath, .fileTooLarge) }
        let hasKey = unsafe key.span.withUnsafeBytes {
            unsafe onetime_tls_take_key(context, $0.baseAddress, Int32($0.count)) == 1
        }
        guard hasKey else {
            let reason = ERR_peek_last_error() & 0xfff
            let isAnother = reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH
            throw isAnother ? .keyOfAnotherCertificate(path: keyPath) : .badKey(path: keyPath)
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else { throw .keyOfAnotherCertificate(path: keyPath) }
        return identity
    }

    /// Makes a key on P-256 and a certificate that it signs itself, in memory alone, good for 90 days.
    ///
    /// - Parameters:
    ///   - names: the DNS names that the certificate is for; those that no certificate can hold are left out.
    ///   - addresses: the addresses it is for, of 4 or 16 bytes each.
    public static func selfSigned(for names: [String], addresses: [[UInt8]]) throws(TLSError) -> TLSIdentity {
        guard let context = unsafe onetime_tls_server_context() else { throw .libraryFailure }
        let identity = unsafe TLSIdentity(context)
        guard let key = unsafe onetime_new_p256_key() else { throw .libraryFailure }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw .libraryFailure }
        defer { unsafe X509_free(certificate) }
        guard unsafe fill(certificate, key, names, addresses),
            unsafe X509_sign(certificate, key, EVP_sha256()) > 0,
            unsafe SSL_CTX_use_certificate(context, certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key) == 1
        else { throw .libraryFailure }
        return identity
    }

    private static func fill(
        _ certificate: OpaquePointer, _ key: OpaquePointer, _ names: [String], _ addresses: [[UInt8]]
    ) -> Bool {
        // 19 bytes: always positive, and within the 20 that RFC 5280, section 4.1.2.2, allows.
        var serial: [19 of UInt8] = .init(repeating: 0)
        var bytes = serial.mutableSpan
        let isRandom = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe RAND_bytes($0.baseAddress, Int32($0.count)) == 1
        }
        guard isRandom,
            let number = unsafe serial.span.withUnsafeBufferPointer({ unsafe BN_bin2bn($0.baseAddress, 19, nil) })
        else { return false }
        defer { unsafe BN_free(number) }
        let subject = unsafe X509_get_subject_name(certificate)
        return unsafe X509_set_version(certificate, 2) == 1
            && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
            // Clocks differ: one that is an hour behind takes it too.
            && X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil
            && X509_gmtime_adj(X509_getm_notAfter(certificate), 90 * 86400) != nil
            && X509_set_pubkey(certificate, key) == 1
            && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, "onetime-lite", -1, -1, 0) == 1
            && X509_set_issuer_name(certificate, subject) == 1
            && onetime_add_usages(certificate) == 1
            && add(names, addresses, to: certificate)
    }

    private static func add(_ names: [String], _ addresses: [[UInt8]], to certificate: OpaquePointer) -> Bool {
        guard let list = unsafe OPENSSL_sk_new_null() else { return false }
        defer { unsafe GENERAL_NAMES_free(list) }
        for name in names where isName(name) {
            let isAdded = unsafe name.utf8Span.span.withUnsafeBufferPointer {
                unsafe onetime_add_name(list, 0, $0.baseAddress, Int32($0.count)) == 1
            }
            guard isAdded else { return false }
        }
        for address in addresses where address.count == 4 || address.count == 16 {
            let isAdded = unsafe address.span.withUnsafeBufferPointer {
                unsafe onetime_add_name(list, 1, $0.baseAddress, Int32($0.count)) == 1
            }
            guard isAdded else { return false }
        }
        return unsafe X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(list), 0, 0) == 1
    }

    private static func isName(_ name: String) -> Bool {
        (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0)
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "*")
            }
    }

    /// Whether the server's own certificate is for a host, as browsers judge: by its alternative names, never by its subject.
    ///
    /// - Parameter host: a DNS name, or an address without brackets.
    public func isFor(_ host: String) -> Bool {
        let certificate = unsafe SSL_CTX_get0_certificate(context)
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        return unsafe X509_check_host(certificate, host, 0, flags, nil) == 1
            || X509_check_ip_asc(certificate, host, flags) == 1
    }

    /// The SHA-256 fingerprint of the server's own certificate: 32 bytes, as browsers and `openssl x509 -fingerprint` show.
    public func fingerprint() throws(TLSError) -> [32 of UInt8] {
        var digest: [32 of UInt8] = .init(repeating: 0)
        var bytes = digest.mutableSpan
        var count: UInt32 = 0
        let isDone = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe X509_digest(SSL_CTX_get0_certificate(context), EVP_sha256(), $0.baseAddress, &count) == 1
        }
        guard isDone, count == 32 else { throw .libraryFailure }
        return digest
    }
}
