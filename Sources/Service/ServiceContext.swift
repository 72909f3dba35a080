// What every part of the service works with.
internal import HTTPServer
internal import Sealing
internal import SecureMemory

/// The things that all requests share: settings, primitives, memory, workers.
final class ServiceContext {
    /// Replaced between two calls, at SIGHUP.
    var settings: ServiceSettings {
        didSet { servesEveryHost = settings.ownNames.isEmpty }
    }
    /// Whether the server knows no names of its own.
    private(set) var servesEveryHost: Bool
    let arena: SecureArena
    let suite: CipherSuite
    let workers: WorkerPool
    /// The value of the hidden field that tells this server's forms from others'.
    let formToken: String
    let credential: CredentialHash?
    /// Bytes of content, sealed, that requests under way hold: those that the vault does not have yet, and those that are on their
    /// way to a reader.
    var uploadBytes = 0
    /// Takes up to two chunks of content on their way to their reader; empty between two calls.
    var plaintext: SecureBytes
    /// Bytes that the vault had room for when the last upload began.
    var freeBytes = Int.max
    /// Whether there is an API key.
    let hasCredential: Bool

    init(
        settings: ServiceSettings, arena: SecureArena, suite: CipherSuite, workers: WorkerPool,
        credential: consuming CredentialHash?
    ) throws(SealingError) {
        self.settings = settings
        servesEveryHost = settings.ownNames.isEmpty
        self.arena = arena
        self.suite = suite
        self.workers = workers
        switch credential {
        case .some: hasCredential = true
        case .none: hasCredential = false
        }
        self.credential = credential
        guard let block = arena.allocate(2 * ContentOpener.chunkSize) else { throw .arenaFull }
        plaintext = block
        formToken = String(try Randomness.number(), radix: 36) + String(try Randomness.number(), radix: 36)
    }
}
