// A code as a picture for a page: one path, a stroke for each run of dark modules.

extension QRCode {
    /// At most how many bytes ``writeSVG(to:)`` appends: below 15 KiB, and commonly half of it.
    public var svgBound: Int {
        // A row begins with `M4 72`. A run takes most for its modules if it is one and the gap is one, `m1 0h1`: three
        // bytes a module.
        256 + size * (6 + 3 * (size + 1))
    }

    /// Appends the code with its quiet zone as an `svg` element, black on white, for use in a page or as a file.
    ///
    /// A module is one unit of its coordinates; the page says how large it is. There is no style attribute and no
    /// element that a policy for content would have to allow.
    ///
    /// Stops the process if `output` has too little room: see ``svgBound``.
    @_lifetime(output: copy output)
    public func writeSVG(to output: inout OutputSpan<UInt8>) {
        let side = size + 2 * Self.quietZone
        // A stroke is as wide above its line as below it: half a unit up, and a row is where its number says.
        output.append(literal: "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 -.5 ")
        output.append(decimal: side)
        output.append(literal: " ")
        output.append(decimal: side)
        output.append(literal: "\" shape-rendering=\"crispEdges\"><rect y=\"-.5\" width=\"")
        output.append(decimal: side)
        output.append(literal: "\" height=\"")
        output.append(decimal: side)
        output.append(literal: "\" fill=\"#fff\"/><path stroke=\"#000\" d=\"")
        for row in 0..<size { writeRuns(ofRow: row, to: &output) }
        output.append(literal: "\"/></svg>")
    }

    @_lifetime(output: copy output)
    private func writeRuns(ofRow row: Int, to output: inout OutputSpan<UInt8>) {
        var (column, end) = (0, 0)
        var isFirst = true
        while column < size {
            let start = column
            while isDark(column: column, row: row) { column += 1 }
            if column > start {
                if isFirst {
                    output.append(literal: "M")
                    output.append(decimal: Self.quietZone + start)
                    output.append(literal: " ")
                    output.append(decimal: Self.quietZone + row)
                } else {
                    output.append(literal: "m")
                    output.append(decimal: start - end)
                    output.append(literal: " 0")
                }
                output.append(literal: "h")
                output.append(decimal: column - start)
                (end, isFirst) = (column, false)
            }
            column += 1
        }
    }
}
