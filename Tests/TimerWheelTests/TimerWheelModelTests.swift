// Random histories of small and large wheels, each step compared with a model.

import TestRandomness
import Testing

@testable import TimerWheel

@Suite struct TimerWheelModelTests {
    /// A shape of wheel, with deadlines that suit it.
    struct Shape: CustomTestStringConvertible, Sendable {
        let geometry: WheelGeometry
        let reach: UInt32
        let seeds: Int

        init(bits: UInt32, levels: UInt32, reach: UInt32, seeds: Int) {
            geometry = WheelGeometry(bitsPerLevel: bits, levels: levels)
            self.reach = reach
            self.seeds = seeds
        }

        /// Whether a few turns of the wheel are all ticks that there are.
        var isLarge: Bool { geometry.bitsPerLevel * geometry.levels >= 30 }

        var testDescription: String { "\(1 << geometry.bitsPerLevel) slots x \(geometry.levels), reach \(reach)" }
    }

    static let day: UInt32 = 86_400

    /// Reaches below, at and beyond the range of each shape.
    static let shapes = [
        Shape(bits: 6, levels: 5, reach: 60 * day, seeds: 80),
        Shape(bits: 6, levels: 5, reach: 3 << 30, seeds: 80),
        Shape(bits: 6, levels: 2, reach: 20_000, seeds: 80),
        Shape(bits: 2, levels: 3, reach: 300, seeds: 160),
        Shape(bits: 3, levels: 2, reach: 100, seeds: 160),
        Shape(bits: 1, levels: 4, reach: 40, seeds: 160),
        Shape(bits: 2, levels: 1, reach: 20, seeds: 160),
        Shape(bits: 6, levels: 6, reach: 3 << 30, seeds: 40),
    ]

    @Test("a wheel does what a list of deadlines does", arguments: shapes)
    func matchesModel(_ shape: Shape) {
        for seed in 0..<UInt64(shape.seeds) {
            do {
                try Self.runRandomHistory(of: shape, seed: seed)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
    }

    static func runRandomHistory(of shape: Shape, seed: UInt64) throws(BrokenPromise) {
        var random = SeededGenerator(seed: seed)
        let capacity: UInt32 = 40
        let starts = [0, UInt32.random(in: 0...shape.reach, using: &random), .max - shape.reach]
        let start = starts[Int(seed % 3)]
        var model = WheelModel(capacity: capacity, now: start, geometry: shape.geometry)
        for step in 0..<200 {
            let index = UInt32.random(in: 0..<capacity, using: &random)
            switch UInt8.random(in: 0..<20, using: &random) {
            case 0..<11: model.schedule(index, at: deadline(near: model.now, shape, &random))
            case 11..<14: try model.cancel(index)
            default: try letTimePass(&model, shape, &random)
            }
            if step % 4 == 0 { try model.check() }
        }
        // However it went, every timer that is left fires in the end.
        var budget = Int.max
        while try model.next(upTo: .max, budget: &budget) != nil {}
        try model.check()
        if model.wheel.count != 0 { throw .wrongCount(model.wheel.count, expected: 0) }
    }

    static func letTimePass(
        _ model: inout WheelModel, _ shape: Shape, _ random: inout SeededGenerator
    ) throws(BrokenPromise) {
        let time = instant(after: model.now, shape, &random)
        var budget = Bool.random(using: &random) ? Int.max : Int.random(in: 0..<12, using: &random)
        let interferes = Bool.random(using: &random)
        while try model.next(upTo: time, budget: &budget) != nil {
            guard interferes, Bool.random(using: &random) else { continue }
            let other = UInt32.random(in: 0..<40, using: &random)
            if Bool.random(using: &random) {
                try model.cancel(other)
            } else {
                // Also behind the cursor and at it, but mostly ahead, so that the loop comes to an end.
                model.schedule(other, at: deadline(near: model.wheel.cursor, shape, &random))
            }
            try model.check()
        }
    }

    static func deadline(near now: UInt32, _ shape: Shape, _ random: inout SeededGenerator) -> UInt32 {
        switch UInt8.random(in: 0..<10, using: &random) {
        case 0: return now - UInt32.random(in: 0...min(now, 5), using: &random)
        case 1..<5: return saturating(now, UInt32.random(in: 0...min(70, shape.reach), using: &random))
        // Not for small wheels, which would have to turn a thousand million times.
        case 5 where shape.isLarge: return saturating(now, 1 << UInt32.random(in: 0..<32, using: &random))
        case 6 where shape.isLarge: return .max - UInt32.random(in: 0..<3, using: &random)
        default: return saturating(now, UInt32.random(in: 0...shape.reach, using: &random))
        }
    }

    /// Steps of zero, backwards, of a tick, of 30 days, and past the whole range.
    ///
    /// A small wheel jumps less far, or else timers that are armed while it catches up would be parked for ages.
    static func instant(after now: UInt32, _ shape: Shape, _ random: inout SeededGenerator) -> UInt32 {
        switch UInt8.random(in: 0..<24, using: &random) {
        case 0: return now
        case 1: return now - UInt32.random(in: 0...now, using: &random)
        case 2..<8: return saturating(now, 1)
        case 8..<14: return saturating(now, UInt32.random(in: 0...20, using: &random))
        case 14: return saturating(now, shape.isLarge ? 30 * day : 8 * shape.reach)
        case 15 where shape.isLarge: return saturating(now, (1 << 30) + 1)
        default: return saturating(now, UInt32.random(in: 0...shape.reach / 4, using: &random))
        }
    }

    static func saturating(_ tick: UInt32, _ distance: UInt32) -> UInt32 {
        let (sum, overflow) = tick.addingReportingOverflow(distance)
        return overflow ? .max : sum
    }

    @Test("a budget of one gives the same firings, in the same order, as no limit", arguments: shapes)
    func budgetDoesNotChangeFirings(_ shape: Shape) {
        for seed in 0..<UInt64(shape.seeds / 4) {
            let unlimited = Self.firings(shape, seed: seed, budget: .max)
            let single = Self.firings(shape, seed: seed, budget: 1)
            let several = Self.firings(shape, seed: seed, budget: 7)
            if unlimited.isEmpty || single != unlimited || several != unlimited {
                Issue.record("seed \(seed)")
                return
            }
        }
    }

    /// What fires when the same timers and the same clock are worked off with `budget` for each call.
    static func firings(_ shape: Shape, seed: UInt64, budget limit: Int) -> [UInt32] {
        var random = SeededGenerator(seed: seed)
        var wheel = TimerWheel(capacity: 128, now: 0, geometry: shape.geometry)
        var fired: [UInt32] = []
        for _ in 0..<40 {
            for _ in 0..<6 {
                let index = UInt32.random(in: 0..<128, using: &random)
                wheel.schedule(index, at: deadline(near: wheel.now, shape, &random))
            }
            let time = instant(after: wheel.now, shape, &random)
            repeat {
                var budget = limit
                while let index = wheel.next(upTo: time, budget: &budget) { fired.append(index) }
            } while wheel.hasWorkLeft
        }
        return fired
    }
}
