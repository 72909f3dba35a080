// Prints its input as a QR code, so that readers of QR codes can be tried on it from outside.

import QRCode

/// `print-qr terminal|svg|modules low|medium`: encodes the first line of its input.
@main
enum PrintQR {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let text = readLine() else { fatalError("print-qr FORM LEVEL, and a line of text") }
        let level: ErrorCorrection = arguments[2] == "low" ? .low : .medium
        var memory = [UInt8](repeating: 0, count: QRCode.memorySize)
        let bytes = Array(text.utf8)
        let code = try QRCode(bytes.span, correction: level, in: memory.mutableSpan)
        switch arguments[1] {
        case "terminal": show(code.terminalBound) { code.writeTerminal(to: &$0) }
        case "svg": show(code.svgBound) { code.writeSVG(to: &$0) }
        case "modules":
            for row in 0..<code.size {
                for column in 0..<code.size {
                    print(code.isDark(column: column, row: row) ? "#" : ".", terminator: "")
                }
                print()
            }
        default: fatalError("there is no form \(arguments[1])")
        }
    }

    static func show(_ room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        print(String(decoding: [UInt8](capacity: room, initializingWith: write), as: UTF8.self), terminator: "")
    }
}
