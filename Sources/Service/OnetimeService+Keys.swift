// What a caller may do: the one place where routes ask for it, and where the use of keys is noted.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory

/// Something that happened to keys and creation links.
enum KeyEvent {
    /// Something was done with a key.
    case used(APIKey)
    /// Credentials were no key's.
    case failed
    case rotated(APIKey, to: APIKey)
    case revoked(APIKey)
    case linkMade(APIKey)
    case linkUsed(CreationLink)
}

extension OnetimeService {
    /// Why a request may not do what takes a key with some scopes, or nil if it may.
    func refusal(requiring scopes: KeyScopes, _ request: borrowing Request, _ now: Moment) -> Refusal? {
        refusal(of: context.caller(request, now), requiring: scopes)
    }

    /// Why a caller may not do what takes a key with some scopes, or nil if he may.
    func refusal(of caller: Caller, requiring scopes: KeyScopes) -> Refusal? {
        if case .anonymous = caller { return .key(.required) }
        return refusal(of: caller, for: scopes)
    }

    /// Why a caller may not do what everybody may who has no key at all: recipients and holders of receipts are free, but who shows
    /// a key has to show a good one.
    func refusal(of caller: Caller, for scopes: KeyScopes) -> Refusal? {
        switch caller {
        case .anonymous: nil
        case .refused(let refusal): refusal
        case .key(let key): key.scopes.isSuperset(of: scopes) ? nil : .key(.outOfScope)
        }
    }

    /// Notes that what a caller asked for was done. To be called once for each request that takes a key, and not where it was refused.
    func used(_ caller: Caller, _ request: borrowing Request) {
        guard let key = caller.key else { return }
        key.use()
        note(.used(key), request)
    }

    /// Notes that a secret was created: the key has one use less, or the link is gone.
    func created(_ draft: Draft, _ request: borrowing Request) {
        switch draft.right {
        case .open: break
        case .key(let key):
            key.use(isCreation: true)
            note(.used(key), request)
        case .link(let id, let link):
            context.links.remove(id)
            note(.linkUsed(link), request)
        }
    }

    /// Everything that happens to keys and creation links comes by here, once.
    func note(_ event: KeyEvent, _ request: borrowing Request) {
        switch event {
        case .failed: context.failedKeys += 1
        case .used, .rotated, .revoked, .linkMade, .linkUsed: break
        }
    }
}

/// By what right a secret is created.
enum CreationRight {
    /// Everybody's.
    case open
    case key(APIKey)
    case link(CreationLinkID, CreationLink)
}

extension Draft {
    /// The key that the secret belongs to.
    var creator: APIKey? {
        if case .key(let key) = right { key } else { nil }
    }

    /// Why no secret may be created, or nil. Settles by what right one is, and the limits of that. May be called again, and has to be
    /// immediately before the secret is there.
    func refusalToCreate(_ now: Moment) -> Refusal? {
        if hasLink { return refusalOfLink(now) }
        guard context.keys.isInUse || context.settings.requiresKey else { return nil }
        let isBound = route.isInAPI || context.settings.requiresKey
        switch caller {
        case .anonymous: return context.settings.requiresKey ? .key(.required) : nil
        case .refused(let refusal): return isBound ? refusal : nil
        case .key(let key):
            if let refusal = key.refusal(now: now.wallSeconds) ?? key.refusalToCreate {
                right = .open
                // A browser shows a key to every page, also where everybody may create.
                return isBound ? .key(refusal) : nil
            }
            right = .key(key)
            return refusalByLimits(key.caps.maximumTimeToLive, key.caps.maximumContent)
        }
    }

    private func refusalOfLink(_ now: Moment) -> Refusal? {
        guard let id = linkID, let found = context.links.find(id, now: now.milliseconds) else { return .key(.linkGone) }
        right = .link(id, found)
        return refusalByLimits(found.maximumTimeToLive, found.maximumContent)
    }

    private func refusalByLimits(_ longest: Int?, _ largest: Int?) -> Refusal? {
        timeToLiveLimit = longest ?? .max
        contentLimit = largest ?? .max
        // The page's form has no way to say it, and its receipt tells the TTL; so there it is lowered.
        if route.isInAPI, let longest, let asked = timeToLive, asked > longest {
            return .key(.timeToLive(limit: longest))
        }
        if let largest, heldCount > ServiceSettings.limit(of: kind, maximumContent: largest) {
            return .key(.content(limit: largest))
        }
        return nil
    }

    private var hasLink: Bool {
        switch link {
        case .some: true
        case .none: false
        }
    }

    private var linkID: CreationLinkID? {
        switch link {
        case .some(let link): context.creationLinkID(link.span)
        case .none: nil
        }
    }
}

extension ServiceContext {
    /// The id of the creation link that has a token, or nil where it is no token.
    func creationLinkID(_ token: Span<UInt8>) -> CreationLinkID? {
        guard Token.isWellFormed(token), let id = try? suite.creationLinkID(of: token) else { return nil }
        return CreationLinkID(high: id.high, low: id.low)
    }
}
