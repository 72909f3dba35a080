// Values of a MaxMind DB file, one within the other, wherever they point to.

/// Finds values in a section of values, within a number of steps for all that it is asked. Every place that a file names is checked
/// before it is looked at, and nothing calls itself.
struct RecordReader {
    /// Where the section begins; pointers count from there.
    let base: Int
    /// Where it ends.
    let end: Int
    /// How many values may still be looked at.
    private(set) var steps = CountryDatabase.maximumSteps

    init(base: Int, end: Int) {
        self.base = base
        self.end = end
    }

    private enum Kind: Int {
        case pointer = 1
        case text = 2
        case double = 3
        case bytes = 4
        case uint16 = 5
        case uint32 = 6
        case map = 7
        case int32 = 8
        case uint64 = 9
        case uint128 = 10
        case array = 11
        case boolean = 14
        case float = 15
    }

    private struct Head {
        let kind: Kind
        /// Bytes, entries of an array, pairs of a map, the boolean itself, or where a pointer points to.
        let size: Int
        /// What follows the head.
        let body: Int

        /// How many bytes follow before the next value, which may be one within this.
        var byteCount: Int {
            switch kind {
            case .pointer, .map, .array, .boolean: 0
            default: size
            }
        }

        /// How many values are within this one.
        var innerCount: Int { kind == .map ? 2 * size : kind == .array ? size : 0 }
    }

    /// The value that a key has in the map at a place, or nil where there is no such map, or key.
    mutating func value(of key: StaticString, inMapAt place: Int, _ bytes: Span<UInt8>) -> Int? {
        guard let map = resolved(place, bytes), map.kind == .map else { return nil }
        var next = map.body
        for _ in 0..<map.size {
            guard let name = resolved(next, bytes), name.kind == .text, let value = skip(next, bytes) else {
                return nil
            }
            if Self.equals(bytes.extracting(name.body..<name.body + name.size), key) { return value }
            guard let following = skip(value, bytes) else { return nil }
            next = following
        }
        return nil
    }

    /// The unsigned number at a place, if it has at most 64 bits.
    mutating func number(at place: Int, _ bytes: Span<UInt8>) -> UInt64? {
        guard let head = resolved(place, bytes), head.size <= 8 else { return nil }
        switch head.kind {
        case .uint16, .uint32, .uint64: break
        default: return nil
        }
        var number: UInt64 = 0
        for index in 0..<head.size { number = number << 8 | UInt64(bytes[head.body + index]) }
        return number
    }

    /// Where the bytes of the text at a place are.
    mutating func text(at place: Int, _ bytes: Span<UInt8>) -> Range<Int>? {
        guard let head = resolved(place, bytes), head.kind == .text else { return nil }
        return head.body..<head.body + head.size
    }

    /// What is at a place, or where that points to. A pointer to a pointer is none.
    private mutating func resolved(_ place: Int, _ bytes: Span<UInt8>) -> Head? {
        guard let head = head(at: place, bytes) else { return nil }
        guard head.kind == .pointer else { return head }
        let target = self.head(at: base + head.size, bytes)
        return target?.kind == .pointer ? nil : target
    }

    /// Where the value behind the one at a place begins.
    private mutating func skip(_ place: Int, _ bytes: Span<UInt8>) -> Int? {
        var (place, pending) = (place, 1)
        while pending > 0 {
            guard let head = head(at: place, bytes) else { return nil }
            pending += head.innerCount - 1
            place = head.body + head.byteCount
        }
        return place
    }

    /// What the control bytes at a place say. All bytes of the value itself are in the section.
    private mutating func head(at place: Int, _ bytes: Span<UInt8>) -> Head? {
        guard steps > 0, place >= base, place < end else { return nil }
        steps -= 1
        let control = Int(bytes[place])
        var next = place + 1
        func number(_ count: Int) -> Int? {
            guard next + count <= end else { return nil }
            var number = 0
            for index in 0..<count { number = number << 8 | Int(bytes[next + index]) }
            next += count
            return number
        }
        if control >> 5 == Kind.pointer.rawValue {
            let more = control >> 3 & 3
            guard let low = number(more + 1) else { return nil }
            let high = control & 7
            let target: Int
            switch more {
            case 0: target = high << 8 | low
            case 1: target = (high << 16 | low) + 2048
            case 2: target = (high << 24 | low) + 526_336
            default: target = low
            }
            return Head(kind: .pointer, size: target, body: next)
        }
        var type = control >> 5
        if type == 0 {
            guard let extended = number(1) else { return nil }
            type = extended + 7
        }
        guard type != Kind.pointer.rawValue, let kind = Kind(rawValue: type) else { return nil }
        var size = control & 31
        if size > 28 {
            let count = size - 28
            guard let more = number(count) else { return nil }
            size = more + (count == 1 ? 29 : count == 2 ? 285 : 65_821)
        }
        let head = Head(kind: kind, size: size, body: next)
        return next + head.byteCount <= end ? head : nil
    }

    private static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        // Unsafe: a literal's bytes live as long as the process; the index stays below their count.
        for index in bytes.indices where unsafe bytes[index] != text.utf8Start[index] { return false }
        return true
    }
}
