// What a caller may do: the one place where routes ask for it, and where the use of keys is noted.
internal import Audit
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
    /// Something was looked at with a key.
    case looked(APIKey)
    /// Credentials were no key's.
    case failed
    case rotated(APIKey, to: APIKey, by: APIKey)
    case revoked(APIKey, by: APIKey)
    case linkMade(APIKey)
    case linkUsed(CreationLink)
}

extension OnetimeService {
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

    /// Who is asking by a request that is answered at once. Whoever was wrong too often is not heard, right or wrong.
    func judge(_ request: borrowing Request, _ now: Moment) -> Caller {
        guard context.keys.isInUse, request.value(of: .authorization) != nil else { return .anonymous }
        if let limited = rateRefusal(.failedKey, request, now) { return .refused(limited) }
        let caller = context.caller(request, now)
        countFailure(of: caller, request, now)
        return caller
    }

    /// Counts credentials that are no key's, and writes them down: in the turn in which they are judged, for otherwise many that come
    /// at a time would all be heard; and whatever comes of it, for a page that is open to everybody tells a right key from a wrong
    /// one, too.
    func countFailure(of caller: Caller, _ request: borrowing Request, _ now: Moment) {
        guard case .refused(.key(.unknown)) = caller else { return }
        note(.failed, request)
        countRate(.failedKey, request, now)
    }

    /// Judges a draft's caller again, when something is about to be done: his key may have ended or been used up while the body came or
    /// a passphrase was stretched. What is done in the same turn takes the use that was judged here, so no two take one.
    func judgeAgain(_ draft: Draft, _ request: borrowing Request, _ now: Moment) {
        guard let key = draft.caller.key else { return }
        draft.rights?.caller = context.judge(key, request, now)
        countFailure(of: draft.caller, request, now)
    }

    /// Why the key that an action is asked for with is not good for it, or nil. Pages ask for none and mind none.
    func keyRefusal(_ draft: Draft) -> Refusal? {
        draft.route.isInAPI ? refusal(of: draft.caller, for: draft.route.scope) : nil
    }

    /// Notes that what a caller asked for was done. To be called once for each request that takes a key, and not where it was refused.
    func used(_ caller: Caller, _ request: borrowing Request) {
        guard let key = caller.key else { return }
        key.use()
        note(.used(key), request)
    }

    /// The same where nothing was changed: whoever looks again and again has a line a minute.
    func looked(_ caller: Caller, _ request: borrowing Request) {
        guard let key = caller.key else { return }
        key.use()
        note(.looked(key), request)
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
        case .failed:
            context.failedKeys += 1
            guard context.audit != nil else { return }
            // Who shows one that was revoked had it once.
            let key = context.shownKey(request)
            auditRefusal(by: key == nil ? "api-key" : "api-key-revoked", request, as: .keyFailed, key: key)
        case .used(let key): audit(.keyUse, request, .now, key: key)
        case .looked(let key): auditLook(.keyUse, request, .now, key: key)
        case .rotated(let old, let new, let caller):
            audit(
                .keyRotated, request, .now, key: caller,
                detail: .key(id: old.id.packed, name: old.name, successor: new.id.packed))
        case .revoked(let key, let caller):
            audit(
                .keyRevoked, request, .now, key: caller,
                detail: .key(id: key.id.packed, name: key.name, successor: nil))
        case .linkMade(let key): audit(.linkMade, request, .now, key: key)
        case .linkUsed(let link): audit(.keyUse, request, .now, key: link.maker, rule: "creation-link")
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
