// Where the bits of the codewords go: up and down in columns of two, from the lower right corner.

/// The way through a symbol's modules, patterns included.
struct ModulePath {
    private let size: Int
    private var rightColumn: Int
    private var row: Int
    private var isAtRight = true
    private var goesUp = true

    init(size: Int) {
        self.size = size
        rightColumn = size - 1
        row = size - 1
    }

    /// The place of the next module, counted row by row.
    mutating func next() -> Int {
        if isAtRight {
            isAtRight = false
            return row * size + rightColumn
        }
        let place = row * size + rightColumn - 1
        isAtRight = true
        row += goesUp ? -1 : 1
        if row < 0 || row == size {
            row = goesUp ? 0 : size - 1
            goesUp.toggle()
            // The column of the timing pattern is left out as a whole.
            rightColumn -= rightColumn == 8 ? 3 : 2
        }
        return place
    }
}

extension QRCode {
    /// Places the codewords: the first of each block, the second of each block, and so on; then error correction likewise.
    @_lifetime(self: copy self)
    mutating func placeCodewords() {
        var path = ModulePath(size: size)
        let blocks = version.blockCount(correction)
        let longest = version.dataRange(ofBlock: blocks - 1, correction).count
        for index in 0..<longest {
            for block in 0..<blocks {
                let range = version.dataRange(ofBlock: block, correction)
                if index < range.count { place(range.lowerBound + index, along: &path) }
            }
        }
        let count = version.correctionCount(correction)
        for index in 0..<count {
            for block in 0..<blocks {
                place(version.dataCount(correction) + block * count + index, along: &path)
            }
        }
    }

    /// Places the eight bits of one codeword.
    @_lifetime(self: copy self)
    private mutating func place(_ codeword: Int, along path: inout ModulePath) {
        var bits = memory[version.moduleCount + codeword]
        for _ in 0..<8 {
            var module = path.next()
            while memory[module] & Self.pattern != 0 { module = path.next() }
            memory[module] = bits >> 7
            bits <<= 1
        }
    }
}
