// The masks that keep a code from looking like its own patterns, and the choice among them.

/// One of the eight rules by which modules of the data are inverted. ISO/IEC 18004:2015, table 10.
struct Mask: Equatable {
    /// 0 to 7.
    let number: Int

    func inverts(column: Int, row: Int) -> Bool {
        switch number {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }
}

extension QRCode {
    /// Inverts what a mask inverts; once more undoes it.
    @_lifetime(self: copy self)
    mutating func toggle(_ mask: Mask) {
        for row in 0..<size {
            for column in 0..<size where memory[row * size + column] & Self.pattern == 0 {
                if mask.inverts(column: column, row: row) { memory[row * size + column] ^= Self.dark }
            }
        }
    }

    /// The mask under which the whole symbol, format information included, has the least penalty; of equal ones the first.
    @_lifetime(self: copy self)
    mutating func bestMask() -> Mask {
        var (best, least) = (Mask(number: 0), Int.max)
        for number in 0..<8 {
            let mask = Mask(number: number)
            toggle(mask)
            drawFormat(of: mask)
            let penalty = penalty
            if penalty < least { (best, least) = (mask, penalty) }
            toggle(mask)
        }
        return best
    }

    /// How hard the symbol is to read. ISO/IEC 18004:2015, 7.8.3.1.
    var penalty: Int {
        var total = 0
        for line in 0..<size {
            total += linePenalty(start: line * size, step: 1) + linePenalty(start: line, step: size)
        }
        return total + blockPenalty + balancePenalty
    }

    /// Rules 1 and 3 along a row or column: five or more alike in a row, and what looks like a finder beside a light area.
    /// Outside of the symbol all is light.
    private func linePenalty(start: Int, step: Int) -> Int {
        var (total, run, before) = (0, 0, UInt8.max)
        // The last 15 modules: a finder's seven with four before and four behind.
        var window: UInt32 = 0
        for index in 0..<size + 4 {
            let module = index < size ? memory[start + index * step] & Self.dark : 0
            window = (window << 1 | UInt32(module)) & 0x7FFF
            if window >> 4 & 0x7F == 0b1011101 && (window & 0xF == 0 || window >> 11 == 0) { total += 40 }
            guard index < size else { continue }
            run = module == before ? run + 1 : 1
            before = module
            if run == 5 { total += 3 } else if run > 5 { total += 1 }
        }
        return total
    }

    /// Rule 2: squares of four alike, overlapping ones too.
    private var blockPenalty: Int {
        var total = 0
        for row in 1..<size {
            for index in row * size + 1..<(row + 1) * size {
                let sum =
                    memory[index] & Self.dark + memory[index - 1] & Self.dark + memory[index - size] & Self.dark
                    + memory[index - size - 1] & Self.dark
                if sum % 4 == 0 { total += 3 }
            }
        }
        return total
    }

    /// Rule 4: for each full 5 % by which the share of dark modules is off one half.
    private var balancePenalty: Int {
        var darkCount = 0
        for index in 0..<version.moduleCount { darkCount += Int(memory[index] & Self.dark) }
        return abs(20 * darkCount - 10 * version.moduleCount) / version.moduleCount * 10
    }
}
