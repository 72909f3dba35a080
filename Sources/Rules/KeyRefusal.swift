// Why a key, or a request without one, is refused.
public import HTTPWire

/// What is wrong with a key, with what it asks for, or with the lack of one. None of them consumes anything.
public enum KeyRefusal: Error, Equatable, Sendable {
    /// It takes a key, and there is none.
    case required
    /// There is no such key (any more).
    case unknown
    /// Its time is over.
    case expired
    /// All its uses are.
    case usedUp
    /// It is good for other networks only.
    case outOfNetwork
    /// It may not do this.
    case outOfScope
    /// It may keep secrets for so many seconds only.
    case timeToLive(limit: Int)
    /// It may share so many bytes only.
    case content(limit: Int)
    /// It has created as many secrets as it may.
    case creationsUsedUp
    /// The creation link was used, has expired or never existed.
    case linkGone
    /// The key that a request names is not there.
    case noSuchKey
    /// There is no room for another key or creation link.
    case tooMany
    /// A field of the request says nothing sensible.
    case malformedField

    /// The status that says so.
    public var status: ResponseStatus {
        switch self {
        case .required, .unknown, .expired: .unauthorized
        case .usedUp, .outOfNetwork, .outOfScope, .creationsUsedUp: .forbidden
        case .timeToLive, .malformedField: .unprocessableContent
        case .content: .contentTooLarge
        case .linkGone, .noSuchKey: .notFound
        case .tooMany: .insufficientStorage
        }
    }

    /// What it says to a client: text, then the number that is the limit if there is one, then text.
    public var message: (before: StaticString, number: Int?, after: StaticString) {
        switch self {
        // One answer, in upstream's words, whether there is no key or a wrong one.
        case .required, .unknown: ("Not authorized", nil, "")
        case .expired: ("The API key has expired", nil, "")
        case .usedUp: ("The API key has no uses left", nil, "")
        case .outOfNetwork: ("The API key is not valid from this network", nil, "")
        case .outOfScope: ("The API key may not do this", nil, "")
        case .timeToLive(let limit): ("The API key allows a TTL of at most ", limit, " seconds")
        case .content(let limit): ("Secret value exceeds the maximum size of ", limit, " bytes")
        case .creationsUsedUp: ("The API key has created as many secrets as it may", nil, "")
        case .linkGone: ("This link was used or has expired", nil, "")
        case .noSuchKey: ("There is no such API key", nil, "")
        case .tooMany: ("There is no room for more of them", nil, "")
        case .malformedField: ("A field has a value that is not allowed", nil, "")
        }
    }
}
