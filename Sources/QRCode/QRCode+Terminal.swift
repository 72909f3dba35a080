// A code for a terminal: two rows of modules on a line, by characters that fill the upper or the lower half of a cell.

extension QRCode {
    /// At most how many bytes ``writeTerminal(to:)`` appends: below 10 KiB.
    public var terminalBound: Int {
        let side = size + 2 * Self.quietZone
        return (side + 1) / 2 * (Self.blackOnWhite.utf8CodeUnitCount + 3 * side + Self.lineEnd.utf8CodeUnitCount)
    }

    /// Appends the code with its quiet zone as lines of UTF-8 text, dark on light whatever the terminal's colours are:
    /// `size` + 8 columns, at most 77.
    ///
    /// Stops the process if `output` has too little room: see ``terminalBound``.
    @_lifetime(output: copy output)
    public func writeTerminal(to output: inout OutputSpan<UInt8>) {
        let zone = Self.quietZone
        for row in stride(from: -zone, to: size + zone, by: 2) {
            output.append(literal: Self.blackOnWhite)
            for column in -zone..<size + zone {
                switch (isDark(column: column, row: row), isDark(column: column, row: row + 1)) {
                case (true, true): output.append(literal: "█")
                case (true, false): output.append(literal: "▀")
                case (false, true): output.append(literal: "▄")
                case (false, false): output.append(literal: " ")
                }
            }
            output.append(literal: Self.lineEnd)
        }
    }

    /// Black and white of the colour cube: schemes of colours change the first sixteen, but not these.
    private static var blackOnWhite: StaticString { "\u{1B}[38;5;16;48;5;231m" }
    /// Colours end before the line does, or a terminal fills the rest of the next line with them.
    private static var lineEnd: StaticString { "\u{1B}[0m\n" }
}
