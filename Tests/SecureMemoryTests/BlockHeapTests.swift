// The heap of ciphertexts and records: blocks, what goes back, what is left in them.
import TestRandomness
import Testing

@testable import SecureMemory

@Suite struct BlockHeapTests {
    /// A block that a test holds, filled with its own number.
    private struct Held {
        let address: UInt
        let count: Int
        let mark: UInt8
    }

    private func fill(_ held: Held) {
        guard let start = unsafe UnsafeMutablePointer<UInt8>(bitPattern: held.address) else { return }
        unsafe start.update(repeating: held.mark, count: held.count)
    }

    private func isIntact(_ held: Held) -> Bool {
        let bytes = unsafe UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: held.address), count: held.count)
        return unsafe bytes.allSatisfy { $0 == held.mark }
    }

    private func allocate(_ heap: BlockHeap, _ count: Int) throws -> UInt {
        let block = unsafe heap.allocate(count).map { UInt(bitPattern: $0) }
        return try #require(block)
    }

    private func free(_ heap: BlockHeap, _ held: Held) throws {
        let block = try unsafe #require(UnsafeMutableRawPointer(bitPattern: held.address))
        unsafe heap.free(block, held.count)
    }

    @Test func `a size holds what it is for, wastes little, and has a number of its own`() {
        var numbers: [Int: Int] = [:]
        for count in 1...BlockSize.largest {
            let size = BlockSize(for: count)
            #expect(size.bytes >= count && size.bytes % 16 == 0)
            #expect(size.bytes - count < max(16, count / 15))
            #expect(size.number < BlockSize.count)
            #expect(numbers[size.number, default: size.bytes] == size.bytes)
            numbers[size.number] = size.bytes
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `blocks are aligned and nobody writes into another's`(_ seed: UInt64) throws {
        let heap = BlockHeap()
        var random = SeededGenerator(seed: seed)
        var held: [Held] = []
        for step in 0..<6000 {
            let grows = Int.random(in: 0..<10, using: &random) < (step / 1500 % 2 == 0 ? 7 : 3)
            if grows || held.isEmpty {
                let largest = [64, 600, 16_384, 40_000].randomElement(using: &random) ?? 64
                let count = Int.random(in: 1...largest, using: &random)
                let block = Held(
                    address: try allocate(heap, count), count: count, mark: UInt8.random(in: 1...255, using: &random))
                #expect(block.address % 16 == 0)
                fill(block)
                held.append(block)
            } else {
                held.swapAt(Int.random(in: 0..<held.count, using: &random), held.count - 1)
                let last = held.removeLast()
                #expect(isIntact(last), "seed \(seed), step \(step)")
                try free(heap, last)
            }
        }
        for block in held {
            #expect(isIntact(block), "seed \(seed)")
            try free(heap, block)
        }
    }

    @Test func `what is given back is wiped`() throws {
        let heap = BlockHeap()
        // The second one keeps their page.
        let first = Held(address: try allocate(heap, 100), count: 100, mark: 0x5a)
        let second = Held(address: try allocate(heap, 100), count: 100, mark: 0x5b)
        fill(first)
        fill(second)
        try free(heap, first)
        let left = unsafe UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: first.address), count: 100)
        #expect(unsafe !left.contains(0x5a))
        #expect(isIntact(second))
        try free(heap, second)
    }

    @Test func `memory goes back with the last block of each page, and is told`() throws {
        let heap = BlockHeap()
        let blocks = try (0..<20_000).map { number in
            Held(address: try allocate(heap, 300), count: 300, mark: UInt8(truncatingIfNeeded: number) | 1)
        }
        for block in blocks { fill(block) }
        #expect(heap.givenBack == 0)
        // Every other one: no page is free.
        for number in stride(from: 0, to: blocks.count, by: 2) { try free(heap, blocks[number]) }
        #expect(heap.givenBack == 0)
        for number in stride(from: 1, to: blocks.count, by: 2) {
            #expect(isIntact(blocks[number]))
            try free(heap, blocks[number])
        }
        // All but the few pages that are kept for the next block.
        #expect(heap.givenBack > blocks.count * 300 - 128 * 1024)
        #expect(blocks.count { isResident($0.address) } < 128 * 1024 / 300)
    }

    @Test func `a block that is larger than a segment is a mapping of its own`() throws {
        let heap = BlockHeap()
        let large = Held(address: try allocate(heap, 1_000_000), count: 1_000_000, mark: 7)
        fill(large)
        #expect(isResident(large.address) && large.address % 4096 == 0)
        try free(heap, large)
        #expect(!isResident(large.address))
        #expect(heap.givenBack == 1_003_520)
    }

    @Test func `more than there is address space for is refused, not a crash`() {
        let isRefused = unsafe BlockHeap().allocate(1 << 60) == nil
        #expect(isRefused)
    }
}
