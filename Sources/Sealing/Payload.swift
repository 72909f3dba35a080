// Texts and files in one: what an envelope's content is. README.md ("Sealed end to end") has the format.
public import SecureMemory

/// Which rule of payloads is broken.
public enum PayloadError: Error, Equatable, Sendable {
    /// There are not 1 to 1000 items.
    case count
    /// An item is no text, no file and no part.
    case unknownKind
    /// A text or a part has a name or a type.
    case notAFile
    /// A name is not UTF-8, or too long to be written.
    case name
    /// A type is not printable ASCII, or too long to be written.
    case type
    /// An item other than the last one has all that follows.
    case size

    /// It ends before its heads or its contents do.
    case cut
    /// Something is behind the last content.
    case surplus
    /// More of its beginning is needed to know its heads.
    case incomplete
    /// The output has no room for what is to be written.
    case full
}

/// What an item of a payload is.
public enum PayloadKind: UInt8, Sendable {
    /// UTF-8 text, without a name.
    case text = 0
    /// A file, with a name and perhaps a media type.
    case file = 1
    /// One of n parts of which k give a payload: see ``PartHead``.
    case part = 2
}

/// Where the parts of one item lie in a payload.
public struct PayloadItem: Sendable, Equatable {
    /// What it is.
    public let kind: PayloadKind
    /// Its name, UTF-8 of any characters: nothing that may be used as a path.
    public let name: Range<Int>
    /// Its media type, printable ASCII, as its sender says.
    public let type: Range<Int>
    /// Its content.
    public let content: Range<Int>
}

/// Reads and writes the heads of payloads. Contents are neither looked at nor copied.
public enum Payload {
    /// How many items there may be.
    public static let counts = 1...1000
    /// The longest name that is written, in bytes.
    public static let nameLimit = 1024
    /// The longest type that is written, in bytes.
    public static let typeLimit = 255

    /// What stands before the content of a payload of one text: the number of items, and a head without name and type.
    public static let leastHead = 2 + 13

    /// The size that stands for all that follows.
    private static let rest = UInt64.max

    /// Appends the number of items, which comes before their heads.
    public static func write(count: Int, into output: inout SecureBytes) throws(PayloadError) {
        guard counts.contains(count) else { throw .count }
        guard output.freeCapacity >= 2 else { throw .full }
        append(UInt64(count), bytes: 2, to: &output)
    }

    /// Appends the head of one item. The contents come behind the heads of all, in the same order.
    ///
    /// - Parameters:
    ///   - name: UTF-8; empty for what is no file.
    ///   - type: printable ASCII; empty for what is no file.
    ///   - size: the number of bytes of content.
    public static func write(
        _ kind: PayloadKind, name: Span<UInt8> = Span(), type: Span<UInt8> = Span(), size: Int,
        into output: inout SecureBytes
    ) throws(PayloadError) {
        precondition(size >= 0)
        try check(kind, name: name, type: type)
        guard name.count <= nameLimit else { throw .name }
        guard type.count <= typeLimit else { throw .type }
        guard output.freeCapacity >= 13 + name.count + type.count else { throw .full }
        output.append(kind.rawValue)
        append(UInt64(name.count), bytes: 2, to: &output)
        output.append(name)
        append(UInt64(type.count), bytes: 2, to: &output)
        output.append(type)
        append(UInt64(size), bytes: 8, to: &output)
    }

    /// Finds the items of a payload.
    ///
    /// - Parameters:
    ///   - beginning: its first bytes, at least all heads, else `incomplete` is thrown.
    ///   - total: how many bytes it has in all.
    /// - Returns: where they lie, counted from the payload's first byte.
    public static func items(_ beginning: Span<UInt8>, of total: Int) throws(PayloadError) -> [PayloadItem] {
        precondition(beginning.count <= total)
        var place = 0
        func skip(_ count: Int) throws(PayloadError) -> Range<Int> {
            guard count <= total - place else { throw .cut }
            guard count <= beginning.count - place else { throw .incomplete }
            place += count
            return place - count..<place
        }
        func number(_ byteCount: Int) throws(PayloadError) -> UInt64 {
            var value: UInt64 = 0
            for index in try skip(byteCount) { value = value << 8 | UInt64(beginning[index]) }
            return value
        }
        let count = Int(try number(2))
        guard counts.contains(count) else { throw .count }
        var heads: [(kind: PayloadKind, name: Range<Int>, type: Range<Int>, size: UInt64)] = []
        for index in 1...count {
            guard let kind = PayloadKind(rawValue: UInt8(try number(1))) else { throw .unknownKind }
            let name = try skip(Int(try number(2)))
            let type = try skip(Int(try number(2)))
            let size = try number(8)
            try check(kind, name: beginning.extracting(name), type: beginning.extracting(type))
            guard size != rest || index == count else { throw .size }
            heads.append((kind, name, type, size))
        }
        var items: [PayloadItem] = []
        for head in heads {
            guard let size = head.size == rest ? total - place : Int(exactly: head.size), size <= total - place else {
                throw .cut
            }
            items.append(
                PayloadItem(kind: head.kind, name: head.name, type: head.type, content: place..<place + size))
            place += size
        }
        guard place == total else { throw .surplus }
        return items
    }

    private static func check(_ kind: PayloadKind, name: Span<UInt8>, type: Span<UInt8>) throws(PayloadError) {
        guard kind == .file || name.isEmpty && type.isEmpty else { throw .notAFile }
        guard (try? UTF8Span(validating: name)) != nil else { throw .name }
        for index in type.indices where !(0x20...0x7E).contains(type[index]) { throw .type }
    }

    private static func append(_ number: UInt64, bytes: Int, to output: inout SecureBytes) {
        for index in (0..<bytes).reversed() { output.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
    }
}
