// How lines leave the queue of those that wait to be sent.
internal import HTTPWire
internal import Kernel

extension LineRing {
    /// Drops the oldest lines until at least so many bytes are gone, or all. Returns how many lines that were.
    mutating func drop(bytes wanted: Int) -> UInt64 {
        var (place, lines) = (start, 0 as UInt64)
        while place < end, Int(place - start) < wanted {
            place = placeAfterLine(at: place)
            lines += 1
        }
        removeAll(before: place)
        return lines
    }

    /// Moves the oldest line behind what is in the bytes, without its line feed.
    mutating func takeLine(into bytes: inout [UInt8]) {
        guard count > 0 else { return }
        let behind = placeAfterLine(at: start)
        copy(to: behind - 1, into: &bytes)
        removeAll(before: behind)
    }

    /// Moves the oldest lines behind what is in the bytes, each with its line feed: as many as have so many bytes together, but one at
    /// least.
    mutating func takeLines(_ most: Int, into bytes: inout [UInt8]) {
        guard count > 0 else { return }
        var behind = placeAfterLines(from: start, bytes: most)
        if behind == start { behind = placeAfterLine(at: start) }
        copy(to: behind, into: &bytes)
        removeAll(before: behind)
    }

    private func copy(to behind: UInt64, into bytes: inout [UInt8]) {
        bytes.append(addingCapacity: Int(behind - start)) { output in
            forEachPiece(from: start, to: behind) { output.append(copying: $0) }
        }
    }
}
