// What only some events have to tell, and how it is written.

/// What only some events have to tell.
public enum AuditDetail {
    /// Nothing more.
    case none
    /// Free words for rare events, such as settings: `message`, up to ``AuditLog/messageBound`` bytes of it.
    case message(String)
    /// Settings that were changed and are not in force before the server is started anew: `onetime.needs_restart`, as long as a message.
    case needsRestart(String)
    /// The API key that something was done to, by the id that ``AuditEvent/userID`` has: `user.target.id` and `user.target.name`; and the
    /// id of the one that takes its place, where one does: `user.changes.id`.
    case key(id: UInt64, name: String, successor: UInt64?)
    /// The burning of many that it belongs to: `onetime.burn`, and by what its secrets were chosen, where that is told:
    /// `onetime.burned_by`.
    case burning(UInt32, by: BurnCriteria?)
}

/// By what the secrets were chosen that are burned at one time; never which key, label or moment it was.
public struct BurnCriteria: OptionSet, Sendable {
    /// A bit for each.
    public let rawValue: UInt8

    /// Criteria by their bits; none of them is all secrets.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The key that they were created with.
    public static let key = BurnCriteria(rawValue: 1)
    /// Their label.
    public static let label = BurnCriteria(rawValue: 2)
    /// When they were created.
    public static let time = BurnCriteria(rawValue: 4)
    /// Their receipts.
    public static let receipt = BurnCriteria(rawValue: 8)
}

extension LineBuffer {
    /// Appends what only some events have: at least a comma less than a line has room for.
    @inline(__always)
    mutating func append(_ detail: AuditDetail) {
        if case .none = detail { return }
        write(detail)
    }

    @inline(never)
    private mutating func write(_ detail: AuditDetail) {
        switch detail {
        case .none: break
        case .message(let text): append(#","message":""#, escaping: text, bound: AuditLog.messageBound)
        case .needsRestart(let text):
            append(#","onetime.needs_restart":""#, escaping: text, bound: AuditLog.messageBound)
        case .key(let id, let name, let successor):
            append(#","user.target.name":""#, escaping: name, bound: AuditLog.nameBound)
            append(#","user.target.id":""#, keyID: id)
            if let successor { append(#","user.changes.id":""#, keyID: successor) }
        case .burning(let number, let criteria):
            append(#","onetime.burn":"#)
            append(decimal: UInt64(number))
            if let criteria { append(criteria) }
        }
    }

    private mutating func append(_ criteria: BurnCriteria) {
        append(criteria.isEmpty ? #","onetime.burned_by":["all""# : #","onetime.burned_by":["#)
        var isFirst = true
        for (criterion, name) in Self.names where criteria.contains(criterion) {
            if !isFirst { append(0x2C) }
            isFirst = false
            append(name)
        }
        append(0x5D)
    }

    private static let names: [(BurnCriteria, StaticString)] = [
        (.key, #""key""#), (.label, #""label""#), (.time, #""time""#), (.receipt, #""receipt""#),
    ]

    /// Appends a field with a text, escaped and cut before it takes more than so many bytes.
    private mutating func append(_ field: StaticString, escaping text: String, bound: Int) {
        append(field)
        append(escaping: text, bound: bound)
        append(0x22)
    }

    /// Appends a field with the id of a key, as ``AuditEvent/userID`` has it.
    mutating func append(_ field: StaticString, keyID id: UInt64) {
        append(field)
        if id == 0 {
            append("environment")
        } else {
            for shift in stride(from: UInt64(56), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: id >> shift)) }
        }
        append(0x22)
    }
}
