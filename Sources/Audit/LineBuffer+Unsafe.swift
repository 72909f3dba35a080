// One line while it is written, behind the hash of the line before; or several that are complete.
internal import HTTPWire

/// Room for one line. Its first 32 bytes are the hash of the line before, so that what is hashed lies together.
@safe
struct LineBuffer: ~Copyable {
    static let hashSize = 32

    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var count = LineBuffer.hashSize

    /// Room for a line of so many bytes behind 32 zeroes.
    init(lineCapacity: Int) {
        capacity = Self.hashSize + lineCapacity
        unsafe base = .allocate(capacity: capacity)
        unsafe base.initialize(repeating: 0, count: capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// The hash and what was written since.
    var hashed: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// What was written.
    var line: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let span = unsafe Span(_unsafeStart: base + Self.hashSize, count: count - Self.hashSize)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// How many bytes more there is room for.
    var freeCapacity: Int { capacity - count }

    /// Begins a line, behind the hash that is there.
    mutating func begin() { count = Self.hashSize }

    /// Sets the hash that is before the line, and leaves the line.
    mutating func setHash(_ hash: [32 of UInt8]) {
        let bytes = unsafe hash.span.bytes
        for place in stride(from: 0, to: Self.hashSize, by: 8) {
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
            unsafe UnsafeMutableRawPointer(base + place).storeBytes(of: word, as: UInt64.self)
        }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        precondition(size <= capacity - count)
        // A literal's bytes live as long as the process.
        unsafe (base + count).update(from: text.utf8Start, count: size)
        count += size
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < capacity)
        unsafe base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= capacity - count)
        // Spans of different length cannot be copied without pointers.
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + count).update(from: start, count: source.count)
        }
        count += bytes.count
    }

    /// Appends a number of exactly so many digits.
    @inline(__always)
    mutating func append(_ number: UInt64, digits: Int) {
        precondition(digits <= capacity - count)
        var rest = number
        for place in stride(from: digits - 1, through: 0, by: -1) {
            unsafe base[count + place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func append(decimal number: UInt64) {
        let digits = DecimalDigits(number)
        append(digits.span)
    }

    @inline(__always)
    mutating func append(hexadecimal byte: UInt8) {
        precondition(capacity - count >= 2)
        unsafe UnsafeMutableRawPointer(base + count).storeBytes(of: Self.digits(byte).littleEndian, as: UInt16.self)
        count += 2
    }

    /// Appends an IPv4 address.
    mutating func append(ipv4 first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        precondition(capacity - count >= 16)
        var place = count
        unsafe write(octet: first, at: &place)
        unsafe write(octet: second, at: &place)
        unsafe write(octet: third, at: &place)
        unsafe write(octet: fourth, at: &place)
        // Behind the last octet there is no dot.
        count = place - 1
    }

    /// Writes an octet and a dot, where there is room for four bytes.
    @unsafe @inline(__always)
    private func write(octet: UInt8, at place: inout Int) {
        let number = UInt32(octet)
        let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10)
        let digits = (0x30 + hundreds) | (0x30 + tens) << 8 | (0x30 + ones) << 16 | 0x2E00_0000
        let leading: UInt32 = number >= 100 ? 0 : number >= 10 ? 1 : 2
        unsafe UnsafeMutableRawPointer(base + place)
            .storeBytes(of: (digits >> (leading * 8)).littleEndian, as: UInt32.self)
        place += 4 - Int(leading)
    }

    /// Appends 16 digits.
    mutating func append(hexadecimal number: UInt64) {
        precondition(capacity - count >= 16)
        unsafe write(UInt32(number >> 32), at: count)
        unsafe write(UInt32(truncatingIfNeeded: number), at: count + 8)
        count += 16
    }

    mutating func append(hexadecimal hash: [32 of UInt8]) {
        precondition(capacity - count >= 64)
        let bytes = unsafe hash.span.bytes
        for index in 0..<8 {
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            unsafe write(UInt32(bigEndian: word), at: count + 8 * index)
        }
        count += 64
    }

    /// Writes the eight digits of four bytes where there is room for them, all at once and without a branch.
    @unsafe @inline(__always)
    private func write(_ bytes: UInt32, at place: Int) {
        var digits = UInt64(bytes)
        digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 in each byte whose digit is a letter.
        let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        digits += 0x3030_3030_3030_3030 + letters * 0x27
        unsafe UnsafeMutableRawPointer(base + place).storeBytes(of: digits.bigEndian, as: UInt64.self)
    }

    mutating func append(base64 bytes: Span<UInt8>) {
        let size = Base64.encodedCount(of: bytes.count)
        precondition(size <= capacity - count)
        let room = unsafe UnsafeMutableBufferPointer(start: base + count, count: size)
        var output = unsafe OutputSpan(buffer: room, initializedCount: 0)
        Base64.encode(bytes, into: &output)
        count += unsafe output.finalize(for: room)
    }

    /// Appends a text as the content of a JSON string: escaped (RFC 8259, section 7), and cut before it takes more than so many
    /// bytes, never within a character.
    mutating func append(escaping text: String, bound: Int) {
        let bytes = text.utf8Span.span
        let end = count + bound
        var index = 0
        while index < bytes.count {
            var next = index + 1
            while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
            let character = bytes.extracting(index..<next)
            let size = Self.size(of: character)
            guard count + size <= end else { return }
            if size == 6 {
                append(#"\u00"#)
                append(hexadecimal: character[0])
            } else {
                if size == 2 && character.count == 1 { append(0x5C) }
                append(character)
            }
            index = next
        }
    }

    /// How many bytes a character takes in a text of JSON. Bytes that end lines elsewhere, or move a terminal's cursor, are written as
    /// escapes, too.
    static func size(of character: Span<UInt8>) -> Int {
        if character[0] < 0x20 || character[0] == 0x7F { return 6 }
        return character[0] == 0x22 || character[0] == 0x5C ? 2 : character.count
    }

    /// The two digits of a byte, the first one in the low half: both at once, without a branch.
    @inline(__always)
    private static func digits(_ byte: UInt8) -> UInt16 {
        let nibbles = UInt16(byte >> 4) | UInt16(byte & 15) << 8
        // 1 in each half whose digit is a letter.
        let letters = (nibbles + 0x0606) >> 4 & 0x0101
        return nibbles + 0x3030 + letters * 0x27
    }
}
