// The vault's own containers, compared with those of the language.

import Sealing
import TestRandomness
import Testing

@testable import Vault

@Suite struct StorageTests {
    /// Counts how many of them live.
    private final class Token {
        let number: Int
        let died: (Int) -> Void

        init(_ number: Int, _ died: @escaping (Int) -> Void) {
            self.number = number
            self.died = died
        }

        deinit { died(number) }
    }

    @Test func `the lowest free number is taken, and the whole range is used`() {
        for capacity in [0, 1, 63, 64, 65, 4095, 4096, 4097, 5000] {
            var numbers = SlotNumbers(capacity: capacity)
            for expected in 0..<capacity { #expect(numbers.take() == expected, "\(capacity)") }
            #expect(numbers.take() == nil)
            #expect(numbers.used == capacity)
            for number in stride(from: capacity - 1, through: 0, by: -1) {
                numbers.giveBack(number)
                #expect(numbers.used == number)
            }
            #expect(numbers.take() == (capacity == 0 ? nil : 0))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `numbers are handed out as from a sorted set`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = [70, 300, 5000][Int(seed % 3)]
        var numbers = SlotNumbers(capacity: capacity)
        var taken: [Int] = []
        var isTaken = [Bool](repeating: false, count: capacity)
        for step in 0..<3000 {
            if Int.random(in: 0..<(step / 700 % 2 == 0 ? 4 : 2), using: &random) == 0, !taken.isEmpty {
                let number = taken.remove(at: Int.random(in: 0..<taken.count, using: &random))
                numbers.giveBack(number)
                isTaken[number] = false
            } else {
                let expected = isTaken.firstIndex(of: false)
                let number = numbers.take()
                #expect(number == expected, "seed \(seed), step \(step)")
                guard let number else { continue }
                isTaken[number] = true
                taken.append(number)
            }
            #expect(numbers.used == taken.count, "seed \(seed), step \(step)")
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `a slab does what a dictionary does, and ends every element once`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var deaths = [Int](repeating: 0, count: 4000)
        var born = 0
        do {
            var slab = Slab<Token>(capacity: 10_000)
            var model: [Int: Int] = [:]
            for step in 0..<4000 {
                let index = Int.random(in: 0..<10_000, using: &random)
                let near = Bool.random(using: &random) ? slab.nextIndex(from: index) : nil
                if let near {
                    let token = slab.remove(near)
                    #expect(token.number == model.removeValue(forKey: near), "seed \(seed), step \(step)")
                } else if model[index] == nil {
                    slab.insert(Token(born) { deaths[$0] += 1 }, at: index)
                    model[index] = born
                    born += 1
                }
                #expect(slab.contains(index) == (model[index] != nil), "seed \(seed), step \(step)")
            }
            #expect(slab.count == model.count)
            var found: [Int] = []
            var next = slab.nextIndex(from: 0)
            while let index = next {
                found.append(index)
                #expect(slab[index].number == model[index], "seed \(seed)")
                next = slab.nextIndex(from: index + 1)
            }
            #expect(found == model.keys.sorted(), "seed \(seed)")
            #expect(deaths.reduce(0, +) == born - model.count, "seed \(seed)")
        }
        #expect(deaths.prefix(born).allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    @Test func `a place is wiped when its element moves out`() {
        var slab = Slab<UInt64>(capacity: 100)
        slab.insert(1, at: 0)
        slab.insert(0x1122_3344_5566_7788, at: 1)
        // The neighbour keeps the segment; the place beside it is looked at through its address.
        let place = unsafe withUnsafePointer(to: &slab[0]) { UInt(bitPattern: $0) } + 8
        #expect(unsafe UnsafePointer<UInt64>(bitPattern: place)?.pointee == 0x1122_3344_5566_7788)
        #expect(slab.remove(1) == 0x1122_3344_5566_7788)
        #expect(unsafe UnsafePointer<UInt64>(bitPattern: place)?.pointee == 0)
    }

    @Test func `an element can be changed in place`() {
        var slab = Slab<[Int]>(capacity: 5000)
        slab.insert([1], at: 4999)
        slab[4999].append(2)
        #expect(slab[4999] == [1, 2])
        #expect(slab.nextIndex(from: 0) == 4999)
        #expect(slab.nextIndex(from: 5000) == nil)
    }

    private func id(_ number: UInt64, _ seed: UInt64 = 0) -> RecordID {
        var generator = SeededGenerator(seed: number &* 2 &+ seed << 40)
        return RecordID(high: generator.next(), low: generator.next())
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `an index does what a dictionary does`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = 3000
        var index = IDIndex(capacity: capacity)
        var numbers = SlotNumbers(capacity: capacity)
        var slots: [Int: RecordID] = [:]
        var filed: [(slot: Int, id: RecordID)] = []
        for step in 0..<12_000 {
            // It grows for a while and shrinks for a while.
            let grows = Int.random(in: 0..<10, using: &random) < (step / 2500 % 2 == 0 ? 7 : 2)
            if grows, let slot = numbers.take() {
                // Some ids differ in one word only.
                let id =
                    Int.random(in: 0..<5, using: &random) == 0
                    ? RecordID(high: UInt64(step), low: seed) : id(UInt64(step), seed)
                index.insert(id, slot: slot)
                slots[slot] = id
                filed.append((slot, id))
            } else if !filed.isEmpty {
                filed.swapAt(Int.random(in: 0..<filed.count, using: &random), filed.count - 1)
                let (slot, id) = filed.removeLast()
                index.remove(slot: slot)
                numbers.giveBack(slot)
                slots[slot] = nil
                #expect(index.find(id) == nil, "seed \(seed), step \(step)")
            }
            #expect(index.count == filed.count, "seed \(seed), step \(step)")
            if let some = filed.randomElement(using: &random) {
                #expect(index.find(some.id) == some.slot, "seed \(seed), step \(step)")
                #expect(index.id(of: some.slot) == some.id, "seed \(seed), step \(step)")
            }
            if step % 2000 == 1999 {
                for (slot, id) in slots { #expect(index.find(id) == slot, "seed \(seed), step \(step)") }
            }
            #expect(index.find(RecordID(high: .max, low: UInt64(step))) == nil, "seed \(seed), step \(step)")
        }
    }

    @Test func `an index grows to 100 000 and gives all of its memory back on the way down`() {
        let count = 100_000
        var index = IDIndex(capacity: count)
        let ids = (0..<count).map { id(UInt64($0), 77) }
        for slot in 0..<count { index.insert(ids[slot], slot: slot) }
        #expect(index.count == count)
        #expect((0..<count).allSatisfy { index.find(ids[$0]) == $0 })
        let most = index.segmentsInUse
        #expect(most >= count / 4096 + count / 4 / 4096)
        for slot in stride(from: count - 1, through: 0, by: -1) {
            index.remove(slot: slot)
            if slot % 20_000 == 0 {
                #expect((0..<slot).allSatisfy { index.find(ids[$0]) == $0 })
                // There is at least one id for two buckets' worth of load.
                #expect(index.segmentsInUse <= slot / 4096 + slot / 2 / 4096 + 4)
            }
        }
        #expect(index.count == 0)
        // One segment holds the buckets that always are.
        #expect(index.segmentsInUse == 1)
    }

    @Test func `an index is taken apart a segment at a time, and nothing of it is left`() {
        let count = 20_000
        var index = IDIndex(capacity: count)
        for slot in 0..<count { index.insert(id(UInt64(slot), 78), slot: slot) }
        let most = index.segmentsInUse
        var position: Int? = 0
        var steps = 0
        while let next = position {
            position = index.takeApart(at: next)
            steps += 1
        }
        #expect(steps >= most / 2)
        #expect(index.segmentsInUse == 0 && index.count == 0)
    }
}
