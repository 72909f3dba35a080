// What an operator has stopped, and what he did.
internal import Audit
internal import Kernel
public import Rules
internal import Sealing
internal import Vault

/// What is refused until an operator lets it go on. Burning never is.
public struct LockDown: OptionSet, Sendable {
    /// One bit for each thing that may be stopped.
    public let rawValue: UInt8

    /// A lock-down by its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// No secret is created.
    public static let creation = LockDown(rawValue: 1)
    /// No secret is revealed.
    public static let reveal = LockDown(rawValue: 2)
    /// Neither.
    public static let all: LockDown = [.creation, .reveal]

    /// The lock-down that the field `mode` of a request names, or nil.
    init?(_ name: Span<UInt8>) {
        switch true {
        case name.equals("none"): self = []
        case name.equals("creation"): self = .creation
        case name.equals("reveal"): self = .reveal
        case name.equals("all"): self = .all
        default: return nil
        }
    }

    /// Its name in requests, answers and events.
    public var name: StaticString {
        switch self {
        case .creation: "creation"
        case .reveal: "reveal"
        case .all: "all"
        default: "none"
        }
    }
}

/// Something that an operator did about an incident, with his key; nil for a signal.
public enum IncidentEvent {
    /// What is stopped from now on.
    case lockedDown(LockDown, by: APIKey?)
    /// Secrets were burned: the number of the burning, how many so far, and whether that is all. One that goes on is told of once
    /// more when it is done.
    case burned(number: UInt32, count: Int, isFinished: Bool, by: APIKey?)
    /// Somebody looked at what there is, or was.
    case surveyed(by: APIKey?)
}

/// Who burned many secrets, for the audit log, until the last of them is destroyed.
struct BurningOrder {
    let number: UInt32
    /// From where it was asked for.
    let origin: AuditEvent
    let key: APIKey?
    let criteria: BurnCriteria

    /// The event that all of it tells, so many secrets.
    func summary(_ count: Int) -> AuditEvent {
        var event = origin
        event.count = UInt64(count)
        return event
    }

    /// The event that one of its secrets was burned.
    func burn(_ ids: EndedSecret) -> AuditEvent {
        var event = origin
        event.action = .burn
        (event.secret, event.receipt) = (ids.secret, ids.receipt)
        return event
    }
}

extension BurnSelection {
    /// By what it selects.
    var criteria: BurnCriteria {
        var criteria: BurnCriteria = []
        if owner != nil { criteria.insert(.key) }
        if labelMark != nil { criteria.insert(.label) }
        if created != nil { criteria.insert(.time) }
        if !receipts.isEmpty { criteria.insert(.receipt) }
        return criteria
    }
}

extension ServiceContext {
    /// Whether the page of a route leads to nothing but what is stopped.
    func isStopped(_ route: Route) -> Bool {
        if lockDown.isEmpty { return false }
        switch route {
        case .homePage, .linkPage: return lockDown.contains(.creation)
        case .secretPage: return lockDown.contains(.reveal)
        default: return false
        }
    }
}
