// Random bytes drawn ahead of need, because each call of OpenSSL's generator has its price.
internal import SecureMemory

/// Random bytes that wait in protected memory, each of which is wiped as it is handed out.
///
/// A call of the generator takes 0.6 us for 100 bytes and 1.0 us for 4096. What waits here tells somebody who reads the
/// process' memory the values that come next, none that were handed out before. The generator tells him as much: its state,
/// from which all of its future follows until it is seeded again, lies on the ordinary heap, while this reserve lies where
/// not even root can read it, if the kernel has such memory. A copy of the whole machine would repeat both.
struct RandomReserve: ~Copyable {
    private static let size = 4096
    /// What is left is thrown away when it is less than this: enough for two tokens and a share, drawn again at times.
    private static let minimum = 128

    private var bytes: SecureBytes

    /// A reserve without bytes.
    init(_ arena: SecureArena) throws(SealingError) {
        guard let block = arena.allocate(Self.size) else { throw .arenaFull }
        bytes = block
    }

    /// Makes sure that there are some bytes. Call it before anything is drawn.
    mutating func prepare() throws(SealingError) {
        if bytes.count < Self.minimum { try refill() }
        guard !bytes.endsInZeroes else { throw .libraryFailure }
    }

    /// Appends random bytes.
    mutating func append(_ count: Int, to output: inout SecureBytes) throws(SealingError) {
        guard output.freeCapacity >= count else { throw .arenaFull }
        var rest = count
        while rest > 0 {
            if bytes.isEmpty { try refill() }
            rest -= bytes.moveFirst(rest, to: &output)
        }
    }

    /// Appends characters of an alphabet, each drawn uniformly and independently.
    mutating func append(
        _ count: Int, from alphabet: StaticString, to output: inout SecureBytes
    ) throws(SealingError) {
        guard output.freeCapacity >= count else { throw .arenaFull }
        var rest = count
        while rest > 0 {
            if bytes.isEmpty { try refill() }
            rest -= bytes.spell(rest, alphabet, to: &output)
        }
    }

    /// A uniform number below a bound of at most 256. Bytes that would favour some numbers are drawn again.
    mutating func number(below bound: Int) throws(SealingError) -> Int {
        precondition(bound > 0 && bound <= 256)
        // The largest multiple of the bound that a byte can count to.
        let accepted = 256 / bound * bound
        while true {
            if bytes.isEmpty { try refill() }
            let byte = Int(bytes.span[0])
            bytes.removeFirst(1)
            if byte < accepted { return byte % bound }
        }
    }

    private mutating func refill() throws(SealingError) {
        bytes.wipe()
        try Randomness.append(Self.size, to: &bytes)
    }
}

extension SecureBytes {
    /// Whether the last 16 bytes are zero: so they are once the arena was wiped as a whole, at the end of the process, and
    /// never by chance. Zeroes are no randomness.
    fileprivate var endsInZeroes: Bool {
        let tail = span.extracting(last: 16)
        return tail.indices.allSatisfy { tail[$0] == 0 }
    }

    /// Moves bytes from the front to the end of others, at most so many. Returns how many.
    fileprivate mutating func moveFirst(_ wanted: Int, to output: inout SecureBytes) -> Int {
        let moved = min(wanted, count)
        output.append(span.extracting(first: moved))
        removeFirst(moved)
        return moved
    }

    /// Uses up bytes from the front for characters of an alphabet, at most so many. Returns how many were spelt.
    fileprivate mutating func spell(_ wanted: Int, _ alphabet: StaticString, to output: inout SecureBytes) -> Int {
        let size = UInt32(alphabet.utf8CodeUnitCount)
        precondition(size > 0 && size <= 256 && wanted <= output.freeCapacity)
        // So many bytes stand for each character; those that would favour some are left out.
        let share = 256 / size
        // byte / share == byte * reciprocal / 2^16 for all bytes: the reciprocal is too large by at most 1.
        let reciprocal = 65536 / share + 1
        var spelt = 0
        var used = 0
        do {
            let bytes = span
            var room = output.freeSpan
            while spelt < wanted, used < bytes.count {
                let byte = UInt32(bytes[used])
                used += 1
                if byte < share * size {
                    room[spelt] = unsafe alphabet.utf8Start[Int((byte * reciprocal) >> 16)]
                    spelt += 1
                }
            }
        }
        output.commit(spelt)
        removeFirst(used)
        return spelt
    }
}
