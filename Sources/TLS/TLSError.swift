// Why TLS cannot be set up.

/// Why a certificate, a key or a context cannot be used.
public enum TLSError: Error, Equatable, Sendable {
    /// libssl refused: no memory, no randomness, or it lacks an algorithm.
    case libraryFailure
    /// The file cannot be read, or holds no certificate in PEM form.
    case badCertificate(path: String)
    /// The file cannot be read, holds no private key in PEM form, or one that wants a passphrase.
    case badKey(path: String)
    /// The private key is not the certificate's.
    case keyOfAnotherCertificate(path: String)
    /// The file cannot be read, or holds no certificate of an authority in PEM form.
    case badAuthorities(path: String)
    /// The arena has no room for the keys of session tickets.
    case arenaFull
}
