// Links by which somebody without a key creates one secret. Belongs to one thread.
public import Kernel

/// One-way from the token of a creation link.
public struct CreationLinkID: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// An id from its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What a creation link lets its bearer do, once.
public struct CreationLink {
    /// Whose link it is. One whose key has ended is void.
    public let maker: APIKey
    /// When it is over, in milliseconds of the monotonic clock.
    public let deadline: UInt64
    /// The longest TTL of what is created, in seconds.
    public let maximumTimeToLive: Int?
    /// The largest content, in bytes.
    public let maximumContent: Int?

    /// A link with the limits that are asked for, or those of its maker where these are tighter.
    public init(maker: APIKey, deadline: UInt64, maximumTimeToLive: Int?, maximumContent: Int?) {
        self.maker = maker
        self.deadline = deadline
        self.maximumTimeToLive = tighter(maximumTimeToLive, maker.caps.maximumTimeToLive)
        self.maximumContent = tighter(maximumContent, maker.caps.maximumContent)
    }

    fileprivate func isGood(_ now: Moment) -> Bool {
        deadline > now.milliseconds && !maker.hasEnded(now: now.wallSeconds)
    }
}

/// The smaller of two limits that may be missing.
public func tighter(_ one: Int?, _ other: Int?) -> Int? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}

/// The links that were made and not used yet.
public struct CreationLinks {
    /// How many there may be. Where it is lowered those that there are stay.
    public var limit: Int
    private var links: [CreationLinkID: CreationLink] = [:]

    /// No links yet.
    public init(limit: Int) { self.limit = limit }

    /// Whether there ever was one. From then on a form that names a link is refused when there is none.
    public private(set) var isInUse = false
    /// How many there are; those that are over count until there is need of their room.
    public var count: Int { links.count }

    /// Takes a link in.
    public mutating func insert(_ link: CreationLink, id: CreationLinkID, now: Moment) throws(KeyRefusal) {
        if links.count >= limit { links = links.filter { $0.value.isGood(now) } }
        guard links.count < limit else { throw .tooMany }
        links[id] = link
        isInUse = true
    }

    /// The link with an id, if it is still good. Changes nothing.
    public func find(_ id: CreationLinkID, now: Moment) -> CreationLink? {
        guard let link = links[id], link.isGood(now) else { return nil }
        return link
    }

    /// Uses a link up.
    public mutating func remove(_ id: CreationLinkID) {
        links[id] = nil
    }
}
