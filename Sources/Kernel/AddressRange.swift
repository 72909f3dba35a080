// Ranges of Internet addresses (CIDR), one and in a list.

/// All addresses that begin with the same bits (RFC 4632, section 3.1; RFC 4291, section 2.3).
///
/// A range is of IPv4 or of IPv6 addresses, never of both: `::/0` has no IPv4 address in it. A mapped range is the IPv4 one, so
/// `::ffff:10.0.0.0/104` equals `10.0.0.0/8`.
public struct AddressRange: BitwiseCopyable, Equatable, Sendable {
    /// The lowest address of the range.
    public let first: InternetAddress
    /// How many of the 128 bits all addresses share; an IPv4 range shares 96 more than its text says.
    public let sharedBits: UInt8

    /// The range of all addresses that share so many of 128 bits with one; nil where that one has bits beyond.
    public init?(_ first: InternetAddress, sharedBits: Int) {
        guard (0...128).contains(sharedBits) else { return nil }
        let mask = Self.mask(sharedBits)
        guard first.high & ~mask.high == 0, first.low & ~mask.low == 0 else { return nil }
        self.first = first
        self.sharedBits = UInt8(sharedBits)
    }

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; nil for anything else, and where bits beyond the prefix are set: who
    /// writes `10.1.2.3/8` may have meant another range than would be taken. O(text), no allocation.
    public init?(_ text: Span<UInt8>) {
        var slash = text.count
        for index in text.indices where text[index] == 0x2f {
            slash = index
            break
        }
        guard let first = InternetAddress(text.extracting(first: slash)) else { return nil }
        guard slash < text.count else {
            self.init(first, sharedBits: 128)
            return
        }
        let digits = text.extracting(droppingFirst: slash + 1)
        guard (1...3).contains(digits.count), digits[0] != 0x30 || digits.count == 1 else { return nil }
        var length = 0
        for index in digits.indices {
            guard digits[index] &- 0x30 < 10 else { return nil }
            length = length * 10 + Int(digits[index] - 0x30)
        }
        var hasDotsAlone = true
        for index in 0..<slash where text[index] == 0x3a { hasDotsAlone = false }
        guard length <= (hasDotsAlone ? 32 : 128) else { return nil }
        self.init(first, sharedBits: hasDotsAlone ? length + 96 : length)
    }

    /// Reads a range as ``init(_:)-(Span<UInt8>)`` does.
    public init?(_ text: String) {
        let text = text
        self.init(text.utf8Span.span)
    }

    /// Whether an address is in the range. O(1).
    public func contains(_ address: InternetAddress) -> Bool {
        let mask = Self.mask(Int(sharedBits))
        guard (address.high ^ first.high) & mask.high == 0, (address.low ^ first.low) & mask.low == 0 else {
            return false
        }
        return address.isIPv4 == first.isIPv4
    }

    private static func mask(_ bits: Int) -> (high: UInt64, low: UInt64) {
        // A shift by 64 or more leaves nothing.
        (~(UInt64.max >> UInt64(min(bits, 64))), ~(UInt64.max >> UInt64(max(bits - 64, 0))))
    }
}

extension AddressRange: CustomStringConvertible {
    /// As it is read; the prefix is always told.
    public var description: String { "\(first)/\(first.isIPv4 ? Int(sharedBits) - 96 : Int(sharedBits))" }
}

extension [AddressRange] {
    /// Whether an address is in one of the ranges. O(ranges), no allocation.
    public func cover(_ address: InternetAddress) -> Bool {
        for range in self where range.contains(address) { return true }
        return false
    }

    /// Reads ranges with commas or blanks between them; an empty text is an empty list.
    ///
    /// - Throws: what is no range, or that there are more than `limit`.
    public init(ranges text: Span<UInt8>, limit: Int) throws(ListFault) {
        self = []
        var words = ListWords()
        while let word = words.next(text) {
            let bytes = text.extracting(word)
            guard let range = AddressRange(bytes) else {
                throw ListFault(
                    text: "'\(ListWords.text(bytes))' is no address or range, or has bits set beyond its prefix")
            }
            guard count < limit else { throw ListFault(text: "there are more than \(limit)") }
            append(range)
        }
    }
}

/// Walks over the words of a text that has commas or blanks between them.
public struct ListWords {
    private var position = 0

    /// At the beginning.
    public init() {}

    /// Where the next word stands; nil at the end.
    public mutating func next(_ text: Span<UInt8>) -> Range<Int>? {
        while position < text.count, Self.separates(text[position]) { position += 1 }
        let start = position
        while position < text.count, !Self.separates(text[position]) { position += 1 }
        return start < position ? start..<position : nil
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte == 0x2c || byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    /// The beginning of a word, for a message.
    public static func text(_ word: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        for index in 0..<Swift.min(word.count, 60) { bytes.append(word[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a text is no list, as a clause.
public struct ListFault: Error, Equatable {
    /// What is wrong with it.
    public let text: String

    /// A fault in words.
    public init(text: String) {
        self.text = text
    }
}
