// What the operator decides about secrets, links and pages.
public import Pages
public import Rules
public import Sealing

/// The service's settings; times in seconds, sizes in bytes.
public struct ServiceSettings: Sendable {
    /// Where links point to, such as `https://secrets.example`, without a slash at the end. Nil: the request's host, when it is
    /// loopback, private or allowed.
    public var publicURL: String?
    /// Hosts, with port where they have one, that links may point to without a public URL.
    public var allowedHosts: [String] = []
    /// The only names that are served besides loopback and private addresses, in lower case, without ports; none: every name is.
    public var ownNames: [String] = []
    /// Where links point to when neither is so.
    public var fallbackURL = "http://127.0.0.1:7143"
    /// The TTL of a secret that asks for none.
    public var defaultTimeToLive = 3600
    /// The shortest TTL; shorter ones are raised to it.
    public var minimumTimeToLive = 60
    /// The longest TTL; longer ones are lowered to it.
    public var maximumTimeToLive = 30 * 86400
    /// The longest TTL without an API key.
    public var maximumAnonymousTimeToLive = 7 * 86400
    /// The TTLs that the page offers.
    public var timeToLiveChoices = [300, 1800, 3600, 14400, 43200, 86400, 259_200, 604_800]
    /// The largest content.
    public var maximumContent = 16 << 20
    /// Whether every secret has to have a passphrase.
    public var requiresPassphrase = false
    /// How many wrong passphrases a secret takes at most; its sender may allow fewer.
    public var passphraseAttempts = 5
    /// The shortest passphrase, in characters.
    public var minimumPassphrase = 4
    /// The longest passphrase, in characters.
    public var maximumPassphrase = 128
    /// The length of a generated value that asks for none.
    public var generatedLength = 12
    /// The cost of a guess at a passphrase.
    public var scrypt = ScryptParameters.standard
    /// Whether there are pages.
    public var hasPages = true
    /// Whether there is an API.
    public var hasAPI = true
    /// Whether the first look at a receipt says `new` and later ones `viewed`, as upstream's did.
    public var tellsViewed = false
    /// The largest number of readers of one secret.
    public static let maximumReaders = 100
    /// Whose pages they are.
    public var brand = Brand.standard
    /// Domains with brands of their own. Links may point to them.
    public var domains: [Domain] = []
    /// The tags of all languages that pages speak.
    public static var locales: [String] { Words.all.map(\.tag) }
    /// The language of those who ask for none.
    public var locale = "en"
    /// Whether only bearers of keys and of creation links create secrets.
    public var requiresKey = false
    /// How many creation links there may be at a time.
    public var maximumCreationLinks = 1024
    /// The hours in which secrets may be read; nil for always.
    public var hours: TimeWindows?
    /// How often a client may create, miss and guess.
    public var rates = RateLimits()
    /// Who is believed about clients, and from where requests may come.
    public var clients = ClientSettings()
    /// What `/health` tells besides being well: the version and what protects the memory.
    public var healthReport = ""

    /// A domain and its brand.
    public struct Domain: Sendable {
        /// Its name in lower case, without a port.
        public let name: String
        /// Whose pages those of the domain are.
        public let brand: Brand

        /// A domain by its name in lower case.
        public init(name: String, brand: Brand) {
            self.name = name
            self.brand = brand
        }
    }

    /// The standard settings.
    public init() {}

    /// The largest content of a kind, as it is kept. What a browser sealed is a little larger than what is in it: 16 bytes for
    /// each 64 KiB, and names and types of files, which count where the server puts them together, too.
    static func limit(of kind: ContentKind, maximumContent: Int) -> Int {
        kind == .text ? maximumContent : maximumContent + maximumContent / 1024 + 64 * 1024
    }

    /// The largest content of a kind, as it is kept, where a key or a creation link caps the content: what is sealed around so many bytes
    /// of text, and nothing more. What stands between files that the server puts together is no content; names and types are counted.
    static func limit(of kind: ContentKind, cap: Int) -> Int {
        switch kind {
        case .text: cap
        case .bundle: cap + Payload.leastHead
        case .envelope: Envelope.sealedCount(of: cap + Payload.leastHead)
        case .files: .max
        }
    }

    /// The largest body that can hold the largest content: each byte may be escaped by six in JSON, and there is room for the
    /// other fields.
    static func bodyLimit(maximumContent: Int) -> Int { maximumContent * 6 + 64 * 1024 }
}
