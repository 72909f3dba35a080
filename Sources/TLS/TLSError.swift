// Why TLS cannot be set up.
public import Kernel

/// Why a certificate, a key or a context cannot be used.
public enum TLSError: Error, Equatable, Sendable {
    /// libssl refused: no memory, no randomness, or it lacks an algorithm.
    case libraryFailure
    /// The file cannot be read, for a reason, or holds no certificate in PEM form.
    case badCertificate(path: String, Errno? = nil)
    /// The file cannot be read, for a reason, holds no private key in PEM form, or one that wants a passphrase.
    case badKey(path: String, Errno? = nil)
    /// The private key is not the certificate's.
    case keyOfAnotherCertificate(path: String)
    /// The file cannot be read, for a reason, or holds no certificate of an authority in PEM form.
    case badAuthorities(path: String, Errno? = nil)
    /// The arena has no room for the keys of session tickets.
    case arenaFull
}
