// By what right a request creates a secret, and what an administrator's says.
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory

/// By what right a secret is created.
enum CreationRight {
    /// Everybody's.
    case open
    case key(APIKey)
    case link(CreationLinkID, CreationLink)
}

/// Who sent a draft, and what it says about keys and creation links. A draft has it only where keys are in use: what is not
/// configured costs nothing.
final class Rights {
    /// Who is asking, as far as is known: judged when the request came, and again when something is done.
    var caller: Caller
    /// When the request came.
    let began: Moment
    /// By what right a secret is created, once that was judged.
    fileprivate(set) var right = CreationRight.open
    /// The longest TTL, in seconds, and the largest content, in bytes, that this right has.
    fileprivate(set) var (timeToLiveLimit, contentLimit) = (Int.max, Int.max)
    /// Whether a link came after the content, which was not taken in.
    var hasLateLink = false
    /// The token of the creation link that the form was opened by.
    private var link: SecureBytes?
    private var linkBlock: SecureBytes?
    /// What an administrator says of a key.
    private(set) var keyName: String?
    private(set) var keyID: KeyID?
    private(set) var grace: Int?
    /// What the maker of a creation link says of it.
    private(set) var linkTimeToLive: Int?
    private(set) var linkContent: Int?

    init(caller: Caller, began: Moment) {
        self.caller = caller
        self.began = began
    }

    // MARK: Fields

    /// Takes the memory for a link that may yet come.
    func takeMemory(_ arena: SecureArena) -> Bool {
        linkBlock = arena.allocate(Token.size)
        return linkBlock != nil
    }

    /// Begins the token of a creation link, or returns false when there is no memory.
    func beginLink(_ arena: SecureArena) -> Bool {
        link = linkBlock.take() ?? arena.allocate(Token.size)
        return link != nil
    }

    /// Appends to the token of a creation link; false when it becomes too long for one.
    func appendToLink(_ piece: Span<UInt8>) -> Bool { link?.append(piece) == true }

    /// Gives up the token, for the form that is shown again.
    func takeLink() -> SecureBytes? { link.take() }

    /// Takes a short field. A limit that is not understood must not be none, so it is refused.
    func set(_ field: Draft.Field, _ value: [UInt8]) -> Refusal? {
        if field == .keyName {
            keyName = String(decoding: value, as: UTF8.self)
            return nil
        }
        if field == .keyID {
            keyID = KeyID(value.span)
            return keyID == nil ? .key(.noSuchKey) : nil
        }
        guard let number = Draft.number(value) else { return .key(.malformedField) }
        switch field {
        case .grace: grace = number
        case .maximumTimeToLive: linkTimeToLive = number
        default: linkContent = number
        }
        return nil
    }

    /// Forgets a field of the query that the body replaces.
    func forget(_ field: Draft.Field) {
        switch field {
        case .keyName: keyName = nil
        case .keyID: keyID = nil
        case .grace: grace = nil
        case .maximumTimeToLive: linkTimeToLive = nil
        default: linkContent = nil
        }
    }

    /// Whether the form came with the token of a creation link.
    var hasLink: Bool {
        switch link {
        case .some: true
        case .none: false
        }
    }

    fileprivate func linkID(_ context: ServiceContext) -> CreationLinkID? {
        switch link {
        case .some(let link): context.creationLinkID(link.span)
        case .none: nil
        }
    }
}

extension Draft {
    /// Who is asking.
    var caller: Caller { rights?.caller ?? .anonymous }

    /// By what right a secret is created, once that was judged.
    var right: CreationRight { rights?.right ?? .open }

    /// The number of the name of the key that the secret is created by, itself or by a link of its bearer's: those who burn by a name
    /// mean both. 0 without one.
    var owner: UInt16 {
        switch rights?.right {
        case .key(let key): key.owner
        case .link(_, let link): link.maker.owner
        case .open, nil: 0
        }
    }

    /// The key that the secret belongs to.
    var creator: APIKey? {
        if case .key(let key) = rights?.right { key } else { nil }
    }

    /// Why no secret may be created, or nil. Settles by what right one is, and the limits of that. May be called again, and has to be
    /// immediately before the secret is there.
    ///
    /// - Parameter now: nil for the moment when the request came.
    func refusalToCreate(_ now: Moment? = nil) -> Refusal? {
        guard let rights else { return nil }
        return refusalToCreate(rights, now ?? rights.began)
    }

    private func refusalToCreate(_ rights: Rights, _ now: Moment) -> Refusal? {
        // Whatever right there was when this was asked before may have ended meanwhile.
        rights.right = .open
        (rights.timeToLiveLimit, rights.contentLimit) = (.max, .max)
        if rights.hasLink { return refusalOfLink(rights, now) }
        let isBound = route.isInAPI || context.settings.requiresKey
        switch rights.caller {
        case .anonymous:
            guard context.settings.requiresKey else { return nil }
            return rights.hasLateLink ? .malformedBody(.refusedBySink) : .key(.required)
        case .refused(let refusal): return isBound ? refusal : nil
        case .key(let key):
            if let refusal = key.refusal(now: now.wallSeconds) ?? key.refusalToCreate {
                // A browser shows a key to every page, also where everybody may create.
                return isBound ? .key(refusal) : nil
            }
            rights.right = .key(key)
            return refusalByLimits(rights, key.caps.maximumTimeToLive, key.caps.maximumContent)
        }
    }

    /// Whether what came is more than the right allows.
    func exceedsCap(_ rights: Rights) -> Bool {
        let cap = rights.contentLimit
        guard cap != .max else { return false }
        // Whatever names and types say is said in the content's place.
        return heldCount > ServiceSettings.limit(of: kind, cap: cap)
            || kind == .files && contentCount + namesCount > cap
    }

    private func refusalOfLink(_ rights: Rights, _ now: Moment) -> Refusal? {
        guard let id = rights.linkID(context), let found = context.links.find(id, now: now) else {
            return .key(.linkGone)
        }
        rights.right = .link(id, found)
        return refusalByLimits(rights, found.maximumTimeToLive, found.maximumContent)
    }

    private func refusalByLimits(_ rights: Rights, _ longest: Int?, _ largest: Int?) -> Refusal? {
        rights.timeToLiveLimit = longest ?? .max
        rights.contentLimit = largest ?? .max
        // The page's form has no way to say it, and its receipt tells the TTL; so there it is lowered.
        if route.isInAPI, let longest, let asked = timeToLive, asked > longest {
            return .key(.timeToLive(limit: longest))
        }
        return exceedsCap(rights) ? .key(.content(limit: rights.contentLimit)) : nil
    }
}
