// What writing and checking a chain agree on besides ECS: where fields stand.

enum AuditFormat {
    /// Before the time, which has ``timeSize`` characters.
    static let opening: StaticString = #"{"@timestamp":""#
    static let timeSize = 24
    /// How many of these the times of certificates have, too: all to the second.
    static let secondSize = 19
    /// Behind the time, and before the number of the line. No other line on the same stream has it there.
    static let marker: StaticString = #"","event.dataset":"onetime.audit","event.sequence":"#
    /// Where the number stands, counted from the beginning of the line.
    static let sequencePlace = UInt64(opening.utf8CodeUnitCount + timeSize + marker.utf8CodeUnitCount)
    /// Behind the number of the line, and before what its action settles.
    static let middle: StaticString = #","ecs.version":"8.17.0","service.name":"onetime-lite","event.kind":"event","#
    /// Before the 64 digits of the hash; the comma is the first byte that is not hashed.
    static let hashField: StaticString = #","event.hash":""#
    /// In a line that tells of lines that are missing before it: how many, and the hash of the last one of them.
    static let missingField: StaticString = #","onetime.audit.missing":"#
    static let previousField: StaticString = #","onetime.audit.previous_hash":""#
    static let sinkField: StaticString = #"","onetime.audit.sink":""#
    static let keyField: StaticString = #","onetime.public_key":""#
}
