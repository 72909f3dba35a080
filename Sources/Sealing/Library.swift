// OpenSSL as a whole.
internal import COpenSSL

/// OpenSSL's start.
public enum Library {
    /// Readies OpenSSL without its configuration file, so that nothing on the machine changes what it does, and without its
    /// table of error texts. Call it before anything else of this module.
    public static func prepare() {
        let settings = UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS)
        OPENSSL_init_crypto(settings, nil)
    }
}
