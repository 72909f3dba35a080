// What a reader of the audit log wants of the lines in memory.
internal import HTTPWire
internal import Kernel

extension LineRing {
    /// The decimal number at a place; nil where there is none.
    func number(at place: UInt64) -> UInt64? {
        var number: UInt64 = 0
        var place = place
        while place < end {
            let digit = byte(at: place)
            guard digit >= 0x30, digit <= 0x39 else { return digit == 0x2C ? number : nil }
            number = number &* 10 &+ UInt64(digit - 0x30)
            place += 1
        }
        return nil
    }

    /// Appends to `output` as many whole lines from a place on as fit, and returns where the next one begins.
    @_lifetime(output: copy output)
    func copyLines(from place: UInt64, into output: inout OutputSpan<UInt8>) -> UInt64 {
        let behind = placeAfterLines(from: place, bytes: output.freeCapacity)
        forEachPiece(from: place, to: behind) { output.append(copying: $0) }
        return behind
    }
}
