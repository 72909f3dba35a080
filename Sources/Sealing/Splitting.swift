// Splitting of a secret into n parts of which any k give it back, and fewer tell nothing of it but its length.
public import SecureMemory

/// Why a secret could not be split, or parts not be joined.
public enum SplittingError: Error, Equatable, Sendable {
    /// Not 2 <= k <= n <= 255.
    case numbers
    /// There is nothing to split.
    case empty

    /// A part is shorter than its head and one value, or its head makes no sense.
    case malformedPart
    /// Not all parts are of one secret.
    case strangers
    /// There are fewer parts than needed.
    case few
    /// A part is there twice.
    case repeated

    /// OpenSSL has no randomness.
    case libraryFailure
    /// The arena has no block left, or the output no room.
    case arenaFull
}

/// Splits a secret, piece by piece: Shamir's scheme ("How to share a secret", CACM 22, 1979) over GF(2^8).
///
/// Each byte is the value at 0 of a polynomial of degree k - 1 whose other coefficients are random, and part x has its value
/// at x. Secret and coefficients lie in protected memory and steer neither branches nor addresses.
public struct SecretSplitter: ~Copyable {
    /// How many parts are needed.
    public let needed: Int
    /// How many parts there are.
    public let total: Int
    /// How many bytes of the secret are split at a time.
    public let pieceSize: Int

    private let set: UInt128
    /// The piece, then the coefficients of degree 1 of all its bytes, then those of degree 2 and so on.
    private var rows: SecureBytes
    private var pieceCount = 0

    /// A splitter for one secret, with a random number for the set of its parts.
    public init(needed: Int, total: Int, arena: SecureArena) throws(SplittingError) {
        let set: UInt128
        do throws(SealingError) {
            set = UInt128(try Randomness.number()) << 64 | UInt128(try Randomness.number())
        } catch {
            throw .libraryFailure
        }
        try self.init(needed: needed, total: total, set: set, arena: arena)
    }

    init(needed: Int, total: Int, set: UInt128, arena: SecureArena) throws(SplittingError) {
        guard needed >= 2, needed <= total, total <= 255 else { throw .numbers }
        let size = min(16384, SecureArena.maximumBlock / needed)
        guard let rows = arena.allocate(needed * size) else { throw .arenaFull }
        self.rows = rows
        pieceSize = size
        self.set = set
        self.needed = needed
        self.total = total
    }

    /// Appends what a part begins with, before the values of all pieces.
    public func writeHead(of number: Int, into output: inout SecureBytes) throws(SplittingError) {
        precondition(number >= 1 && number <= total)
        guard output.freeCapacity >= PartHead.size else { throw .arenaFull }
        for index in 0..<16 { output.append(UInt8(truncatingIfNeeded: set >> UInt128(120 - 8 * index))) }
        for byte in [needed, total, number] { output.append(UInt8(byte)) }
    }

    /// Takes the next bytes of the secret, 1 to ``pieceSize``, draws their coefficients and forgets those before.
    public mutating func take(_ piece: Span<UInt8>) throws(SplittingError) {
        try take(piece) { (_, rows) throws(SealingError) in try Randomness.append(piece.count, to: &rows) }
    }

    /// - Parameter fill: appends the coefficients of a degree to rows.
    mutating func take(
        _ piece: Span<UInt8>, _ fill: (_ degree: Int, _ rows: inout SecureBytes) throws(SealingError) -> Void
    ) throws(SplittingError) {
        guard !piece.isEmpty else { throw .empty }
        precondition(piece.count <= pieceSize)
        rows.wipe()
        rows.append(piece)
        pieceCount = piece.count
        do throws(SealingError) {
            for degree in 1..<needed { try fill(degree, &rows) }
        } catch {
            // The rows have room for them all.
            throw .libraryFailure
        }
        precondition(rows.count == needed * pieceCount)
    }

    /// Appends a part's values for the piece that was taken last, as many as that has bytes.
    public func writeValues(of number: Int, into output: inout SecureBytes) throws(SplittingError) {
        precondition(number >= 1 && number <= total)
        guard output.freeCapacity >= pieceCount else { throw .arenaFull }
        let coefficients = rows.span
        var values = output.freeSpan
        var power: UInt8 = 1
        for degree in 0..<needed {
            let row = coefficients.extracting(degree * pieceCount..<(degree + 1) * pieceCount)
            GaloisField.add(row, times: power, to: &values)
            power = GaloisField.times(power, UInt8(number))
        }
        output.commit(pieceCount)
    }
}

/// What a part says of itself, before its values.
public struct PartHead: Sendable, Equatable {
    /// The size in bytes.
    public static let size = 19

    /// The random number that the parts of one secret share.
    public let set: UInt128
    /// How many parts are needed.
    public let needed: Int
    /// How many parts there are.
    public let total: Int
    /// Which of them this is, from 1.
    public let number: Int
    /// How many values it has, which is the size of the secret.
    public let valueCount: Int

    /// Reads the head at the beginning of a part that has so many bytes in all.
    public init(_ part: Span<UInt8>, of count: Int) throws(SplittingError) {
        precondition(part.count <= count)
        guard part.count >= Self.size, count > Self.size else { throw .malformedPart }
        set = (0..<16).reduce(0) { $0 << 8 | UInt128(part[$1]) }
        needed = Int(part[16])
        total = Int(part[17])
        number = Int(part[18])
        valueCount = count - Self.size
        guard needed >= 2, needed <= total, (1...total).contains(number) else { throw .malformedPart }
    }

    fileprivate func isOfOneSecret(with other: PartHead) -> Bool {
        set == other.set && needed == other.needed && total == other.total && valueCount == other.valueCount
    }
}

/// Joins parts of a secret, piece by piece.
public struct PartJoiner: Sendable {
    /// By what the values of each part count: Lagrange's polynomials at 0.
    private let factors: [UInt8]

    /// How many parts are joined: the first ones, as many as are needed.
    public var needed: Int { factors.count }

    /// A joiner for parts in this order. There may be more of them than needed, but each only once, and none of another secret.
    public init(_ heads: [PartHead]) throws(SplittingError) {
        guard let first = heads.first else { throw .few }
        guard heads.allSatisfy(first.isOfOneSecret) else { throw .strangers }
        guard Set(heads.map(\.number)).count == heads.count else { throw .repeated }
        guard heads.count >= first.needed else { throw .few }
        let places = heads.prefix(first.needed).map { UInt8($0.number) }
        factors = places.map { place in
            var (above, below): (UInt8, UInt8) = (1, 1)
            for other in places where other != place {
                above = GaloisField.times(above, other)
                below = GaloisField.times(below, other ^ place)
            }
            return GaloisField.times(above, GaloisField.inverse(below))
        }
    }

    /// Adds a piece of a part's values to a sum that begins with zeroes. The same piece of the first ``needed`` parts together
    /// gives that piece of the secret.
    ///
    /// - Parameter index: which of the parts it is, in the order of the heads.
    public func add(_ values: Span<UInt8>, ofPart index: Int, to sum: inout MutableSpan<UInt8>) {
        GaloisField.add(values, times: factors[index], to: &sum)
    }
}
