// Which path means what.
internal import HTTPServer
internal import HTTPWire
internal import Pages
internal import Rules
internal import Sealing

/// What a request asks for; a key is where it stands in the request's head.
enum Route {
    case health
    /// Figures, where they may be seen.
    case metrics
    case status(version: Int)
    case authcheck
    case create
    case generate
    case reveal(ByteRange)
    case receipt(ByteRange)
    case burn(ByteRange)
    case recent
    case listKeys
    case rotateKey
    case revokeKey
    case makeLink
    /// The log of what happened, and a signed statement of it.
    case audit
    case certificate
    case burnMany
    case lockDown
    case state
    case report
    /// What an operator sees.
    case operatorPage
    case homePage
    /// The form of somebody who has a creation link.
    case linkPage(ByteRange)
    /// What the page's script sends: a secret, a claim to one, and that the claim has done its work.
    case conceal
    case claim(ByteRange)
    case commit(ByteRange)
    case secretPage(ByteRange)
    case destroyPage(ByteRange)
    case receiptPage(ByteRange)
    case receiptEvents(ByteRange)
    case burnPage(ByteRange)
    case asset(Asset)
    /// A file of a brand; the range is the digest that names its state.
    case brandPart(Brand.Part, ByteRange)
    case unknownInAPI
    case unknown

    /// The methods that the route knows besides OPTIONS.
    var methods: StaticString {
        switch self {
        case .create, .generate, .reveal, .burn, .conceal, .claim, .commit, .rotateKey, .revokeKey, .makeLink,
            .certificate, .burnMany, .lockDown:
            "POST, OPTIONS"
        case .receipt, .homePage, .secretPage, .destroyPage, .receiptPage, .burnPage, .operatorPage:
            "GET, HEAD, POST, OPTIONS"
        default: "GET, HEAD, OPTIONS"
        }
    }

    func allows(_ method: RequestMethod) -> Bool {
        switch (self, method) {
        case (.create, .get), (.generate, .get), (.reveal, .get), (.burn, .get): false
        case (.create, .head), (.generate, .head), (.reveal, .head), (.burn, .head): false
        case (.conceal, .get), (.claim, .get), (.commit, .get): false
        case (.conceal, .head), (.claim, .head), (.commit, .head): false
        case (.rotateKey, _), (.revokeKey, _), (.makeLink, _), (.certificate, _), (.burnMany, _), (.lockDown, _):
            method == .post
        case (_, .get), (_, .head): true
        case (.create, .post), (.generate, .post), (.reveal, .post), (.burn, .post), (.receipt, .post): true
        case (.homePage, .post), (.secretPage, .post), (.receiptPage, .post), (.burnPage, .post): true
        case (.operatorPage, .post): true
        case (.conceal, .post), (.claim, .post), (.commit, .post), (.destroyPage, .post): true
        default: false
        }
    }

    /// Whether there is nothing under the path.
    var isUnknown: Bool {
        switch self {
        case .unknown, .unknownInAPI: true
        default: false
        }
    }

    /// Whether the port for figures has it too.
    var isForWatchers: Bool {
        switch self {
        case .health, .metrics: true
        default: false
        }
    }

    /// Whether it is for probes, which name any host.
    var isHealth: Bool {
        if case .health = self { return true }
        return false
    }

    var isInAPI: Bool {
        switch self {
        case .status, .authcheck, .create, .generate, .reveal, .receipt, .burn, .recent, .listKeys, .rotateKey,
            .revokeKey, .makeLink, .audit, .certificate, .burnMany, .lockDown, .state, .report, .unknownInAPI:
            true
        default: false
        }
    }

    /// Whether it names a secret, a receipt or a creation link by its token, which somebody may try to guess.
    var takesToken: Bool {
        switch self {
        case .reveal, .receipt, .burn, .claim, .commit, .secretPage, .destroyPage, .receiptPage, .receiptEvents,
            .burnPage, .linkPage:
            true
        default: false
        }
    }

    /// Whether upstream's clients know the route, and expect its errors as upstream writes them.
    var isUpstream: Bool {
        switch self {
        case .listKeys, .rotateKey, .revokeKey, .makeLink, .audit, .certificate, .burnMany, .lockDown, .state, .report:
            false
        default: true
        }
    }

    /// Whether a key that is shown is looked at. Recipients' and senders' pages mind none: a browser shows one to every page.
    var looksAtKeys: Bool {
        switch self {
        case .homePage, .conceal, .operatorPage: true
        default: isInAPI
        }
    }

    /// What a key has to be allowed for the route, where one is presented.
    var scope: KeyScopes {
        switch self {
        case .create, .generate: .create
        case .reveal: .reveal
        case .burn: .burn
        case .receipt: .receipt
        case .recent: .recent
        case .listKeys, .rotateKey, .revokeKey, .burnMany, .lockDown, .state, .report, .operatorPage: .admin
        case .audit, .certificate: .audit
        default: []
        }
    }

    /// The route of a path. Keys are not judged here.
    init(_ request: borrowing Request) {
        let segments = PathSegments(request)
        switch segments.count {
        case 0: self = .homePage
        case 1:
            switch true {
            case segments.matches(0, "health"): self = .health
            case segments.matches(0, "icon.svg"), segments.matches(0, "favicon.ico"): self = .asset(.icon)
            case segments.matches(0, "robots.txt"): self = .asset(.robots)
            case segments.matches(0, "secret"): self = .conceal
            case segments.matches(0, "metrics"): self = .metrics
            case segments.matches(0, "operator"): self = .operatorPage
            // The short form, for links that carry a key behind a #.
            case Token.isWellFormed(segments[0].span(in: request.bytes)): self = .secretPage(segments[0])
            default: self = segments.matches(0, "api") ? .unknownInAPI : .unknown
            }
        default:
            if segments.matches(0, "api") {
                self = Self.inAPI(segments)
            } else {
                self = Self.page(segments)
            }
        }
    }

    private static func page(_ segments: borrowing PathSegments) -> Route {
        if segments.matches(0, "secret") {
            if segments.count == 2 { return .secretPage(segments[1]) }
            guard segments.count == 3 else { return .unknown }
            if segments.matches(2, "claim") { return .claim(segments[1]) }
            if segments.matches(2, "commit") { return .commit(segments[1]) }
            return segments.matches(2, "burn") ? .destroyPage(segments[1]) : .unknown
        }
        // What stands between tells one state of the files from another, for caches alone.
        if segments.count == 3, segments.matches(0, "assets") {
            for asset in Asset.allCases where segments.matches(2, asset.name) { return .asset(asset) }
            return .unknown
        }
        if segments.matches(0, "new") { return segments.count == 2 ? .linkPage(segments[1]) : .unknown }
        if segments.count == 3, segments.matches(0, "brand") {
            for part in Brand.Part.allCases where segments.matches(2, part.name) {
                return .brandPart(part, segments[1])
            }
            return .unknown
        }
        guard segments.isReceipt(0) else { return .unknown }
        if segments.count == 2 { return .receiptPage(segments[1]) }
        guard segments.count == 3 else { return .unknown }
        if segments.matches(2, "events") { return .receiptEvents(segments[1]) }
        return segments.matches(2, "burn") ? .burnPage(segments[1]) : .unknown
    }

    private static func inAPI(_ segments: borrowing PathSegments) -> Route {
        // First, as almost all requests are upstream's.
        if segments.matches(1, "v1") { return inV1(segments) }
        if segments.matches(1, "v2") {
            return segments.count == 3 && segments.matches(2, "status") ? .status(version: 2) : .unknownInAPI
        }
        if segments.matches(1, "keys") {
            guard segments.count == 3 else { return segments.count == 2 ? .listKeys : .unknownInAPI }
            if segments.matches(2, "rotate") { return .rotateKey }
            return segments.matches(2, "revoke") ? .revokeKey : .unknownInAPI
        }
        if segments.count == 2, segments.matches(1, "audit") { return .audit }
        if segments.count == 2, segments.matches(1, "certificate") { return .certificate }
        if segments.count == 2 {
            if segments.matches(1, "burn") { return .burnMany }
            if segments.matches(1, "lockdown") { return .lockDown }
            if segments.matches(1, "state") { return .state }
            if segments.matches(1, "report") { return .report }
        }
        if segments.matches(1, "links") { return segments.count == 2 ? .makeLink : .unknownInAPI }
        return .unknownInAPI
    }

    private static func inV1(_ segments: borrowing PathSegments) -> Route {
        switch segments.count {
        case 3:
            switch true {
            case segments.matches(2, "status"): return .status(version: 1)
            case segments.matches(2, "authcheck"): return .authcheck
            case segments.matches(2, "share"), segments.matches(2, "create"): return .create
            case segments.matches(2, "generate"): return .generate
            default: return .unknownInAPI
            }
        case 4:
            if segments.matches(2, "secret") { return .reveal(segments[3]) }
            guard segments.isReceipt(2) else { return .unknownInAPI }
            return segments.matches(3, "recent") ? .recent : .receipt(segments[3])
        case 5 where segments.isReceipt(2) && segments.matches(4, "burn"): return .burn(segments[3])
        default: return .unknownInAPI
        }
    }
}

/// The parts of a path between its slashes; one slash at the end does not count.
private struct PathSegments: ~Escapable {
    private static var limit: Int { 6 }

    private let bytes: Span<UInt8>
    private var ranges: [6 of ByteRange] = .init(repeating: .empty)
    private(set) var count = 0

    @_lifetime(copy request)
    init(_ request: borrowing Request) {
        bytes = request.bytes
        let path = request.path
        let offset = request.head.path.lowerBound
        // What precedes the first slash is nothing.
        var start = 1
        for position in path.indices.dropFirst() where path[position] == UInt8(ascii: "/") {
            // One more than any route has is as good as many more.
            guard count < Self.limit else { return }
            add(offset + start, position - start)
            start = position + 1
        }
        if start < path.count && count < Self.limit { add(offset + start, path.count - start) }
    }

    private mutating func add(_ start: Int, _ length: Int) {
        ranges[count] = ByteRange(offset: UInt32(start), count: UInt32(length))
        count += 1
    }

    subscript(index: Int) -> ByteRange { ranges[index] }

    func matches(_ index: Int, _ text: StaticString) -> Bool {
        ranges[index].span(in: bytes).equals(text)
    }

    /// Whether a part is one of the three words for a receipt.
    func isReceipt(_ index: Int) -> Bool {
        matches(index, "receipt") || matches(index, "private") || matches(index, "metadata")
    }
}

extension Span<UInt8> {
    /// Whether the bytes are exactly this text. For public words only: it stops at the first difference.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices {
            // A StaticString shows its bytes by a pointer that lives as long as the program.
            if unsafe self[index] != text.utf8Start[index] { return false }
        }
        return true
    }
}
