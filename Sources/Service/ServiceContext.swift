// What every part of the service works with.
internal import HTTPServer
internal import Sealing
internal import SecureMemory

/// The things that all requests share: settings, primitives, memory, workers.
final class ServiceContext {
    let settings: ServiceSettings
    let arena: SecureArena
    let suite: CipherSuite
    let workers: WorkerPool
    /// The value of the hidden field that tells this server's forms from others'.
    let formToken: String
    let credential: CredentialHash?
    /// Bytes of content that requests under way have sealed and that the vault does not hold yet.
    var uploadBytes = 0
    /// Bytes that the vault had room for when the last upload began.
    var freeBytes = Int.max
    /// Whether there is an API key.
    let hasCredential: Bool

    init(
        settings: ServiceSettings, arena: SecureArena, suite: CipherSuite, workers: WorkerPool,
        credential: consuming CredentialHash?
    ) throws(SealingError) {
        self.settings = settings
        self.arena = arena
        self.suite = suite
        self.workers = workers
        switch credential {
        case .some: hasCredential = true
        case .none: hasCredential = false
        }
        self.credential = credential
        formToken = String(try Randomness.number(), radix: 36) + String(try Randomness.number(), radix: 36)
    }
}
