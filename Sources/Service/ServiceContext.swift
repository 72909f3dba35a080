// What every part of the service works with.
internal import Audit
internal import HTTPServer
internal import Rules
internal import Sealing
internal import SecureMemory

/// The things that all requests share: settings, primitives, memory, workers.
final class ServiceContext {
    /// Replaced between two calls, at SIGHUP.
    var settings: ServiceSettings {
        didSet {
            servesEveryHost = settings.ownNames.isEmpty
            hours = settings.hours.map { HoursClock($0) }
            places = Places(settings.clients.places)
        }
    }
    /// The server's hours, which remember what they answered; nil where it has none.
    var hours: HoursClock?
    /// What the zones of secrets' hours answered of late.
    var zones = ZoneClock()
    /// From where anything may be done at all; nil where there is no rule.
    private(set) var places: Places?
    /// Whether the server knows no names of its own.
    private(set) var servesEveryHost: Bool
    let arena: SecureArena
    let suite: CipherSuite
    let workers: WorkerPool
    /// The value of the hidden field that tells this server's forms from others': everybody may have it.
    let formToken: String
    /// Makes what stands in its place in forms that act with a key.
    let formProof: FormProof
    /// The hash of the environment's own key, if there is one.
    let credential: CredentialHash?
    let keys: KeyBook
    /// Who did how much of late.
    var rates: RateTable
    /// What happened, where it is written down.
    let audit: AuditLog?
    /// How many lines it had when somebody was last told of his looking at it, and his key.
    var lookCount: UInt64 = 0
    var lookKey: KeyID?
    /// Who ordered the burnings that are under way, where it is written down.
    var burnings: [BurningOrder] = []
    var links: CreationLinks
    /// How many credentials were no key's.
    var failedKeys = 0
    /// What the operator has stopped.
    var lockDown: LockDown = []
    /// Marks labels, so that one who knows a label can burn what has it.
    let labels: WordMarker
    /// Bytes of content, sealed, that requests under way hold: those that the vault does not have yet, and those that are on their
    /// way to a reader.
    var uploadBytes = 0
    /// Takes up to two chunks of content on their way to their reader; empty between two calls.
    var plaintext: SecureBytes
    /// Bytes that the vault had room for when the last upload began.
    var freeBytes = Int.max

    init(
        settings: ServiceSettings, arena: SecureArena, suite: CipherSuite, workers: WorkerPool,
        credential: consuming CredentialHash?, keys: KeyBook, audit: AuditLog?
    ) throws(SealingError) {
        self.settings = settings
        servesEveryHost = settings.ownNames.isEmpty
        hours = settings.hours.map { HoursClock($0) }
        places = Places(settings.clients.places)
        self.arena = arena
        self.suite = suite
        self.workers = workers
        self.credential = credential
        self.keys = keys
        rates = RateTable(settings.rates)
        self.audit = audit
        links = CreationLinks(limit: settings.maximumCreationLinks)
        labels = try WordMarker(arena: arena)
        formProof = try FormProof(arena: arena)
        guard let block = arena.allocate(2 * ContentOpener.chunkSize) else { throw .arenaFull }
        plaintext = block
        formToken = String(try Randomness.number(), radix: 36) + String(try Randomness.number(), radix: 36)
    }
}
