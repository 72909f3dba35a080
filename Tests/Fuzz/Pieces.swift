// How an input arrives: cut into pieces, each time in memory of exactly its size.

import HTTPWire

/// Places where an input is cut, each the count of bytes that are there by then; the last one is all of them.
///
/// The first way is all at once, the second byte by byte for short inputs; the others follow from the input's own bytes, so that a
/// finding is reproduced by its file alone.
func cuttings(of raw: [UInt8]) -> [[Int]] {
    var ways = [[raw.count]]
    if raw.count <= 128 { ways.append(Array(0...raw.count)) }
    var random = Splits(raw)
    for longest in [raw.count > 512 ? 64 : 4, 29, max(raw.count, 1)] {
        var (cuts, position) = ([Int](), 0)
        while position < raw.count {
            position = min(raw.count, position + random.next(upTo: longest))
            cuts.append(position)
        }
        // Now and then nothing new comes, at last or in between.
        if random.next(upTo: 2) == 1 { cuts.append(raw.count) }
        ways.append(cuts.isEmpty ? [0] : cuts)
    }
    return ways
}

/// Numbers that follow from an input (FNV-1a, then SplitMix64).
struct Splits {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    init(_ raw: [UInt8]) {
        for byte in raw { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    /// A number from 1 to `limit`.
    mutating func next(upTo limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return 1 + Int((mixed ^ (mixed >> 31)) % UInt64(limit))
    }
}

/// As `inExactMemory`, and puts back what `body` left there.
func withExactMemory(_ bytes: inout [UInt8], _ body: (inout MutableSpan<UInt8>) -> Void) {
    var left: [UInt8] = []
    inExactMemory(bytes) { span in
        body(&span)
        left = [UInt8](capacity: span.count) { output in output.append(copying: span.span) }
    }
    bytes = left
}

/// Runs `body` over a copy of `bytes` in a block of exactly that size, so that the address sanitizer sees a byte too many.
func inExactMemory(_ bytes: some Collection<UInt8>, _ body: (inout MutableSpan<UInt8>) -> Void) {
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { unsafe block.deallocate() }
    _ = unsafe block.initialize(from: bytes)
    // Unsafe: the span ends with this function, before the block does.
    var span = unsafe MutableSpan(_unsafeElements: block)
    body(&span)
}
