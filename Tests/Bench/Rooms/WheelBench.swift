// The timer wheel alone: arming, and moving what is armed.
import TimerWheel

enum WheelBench {
    /// Times to live are spread over a day of ticks of 0.1 s.
    private static let spread: UInt32 = 864_000

    static func run(rounds: Int) {
        let million = figures(timers: 1_000_000, rounds: rounds)
        Figures.print("wheel_insert_1M", million.insert, "ns", limit: "25")
        Figures.print("wheel_move_1M", million.move, "ns", limit: "200")
        let tenMillion = figures(timers: 10_000_000, rounds: min(rounds, 3))
        Figures.print("wheel_insert_10M", tenMillion.insert, "ns")
        Figures.print("wheel_move_10M", tenMillion.move, "ns", limit: "300, 1.5 times the 200")
        Figures.print("wheel_move_10M_by_1M", tenMillion.move / million.move, "", limit: "1.5")
    }

    private static func figures(timers: UInt32, rounds: Int) -> (insert: Double, move: Double) {
        var inserts: [Double] = []
        var moves: [Double] = []
        let moved = 2_000_000
        for round in 0..<rounds {
            var wheel = TimerWheel(capacity: timers, now: 0)
            var state = UInt32(round) &* 2_654_435_761 | 1
            let start = nanoseconds()
            for index in 0..<timers { wheel.schedule(index, at: 1 + next(&state) % spread) }
            let middle = nanoseconds()
            for _ in 0..<moved {
                let index = next(&state) % timers
                _ = wheel.cancel(index)
                wheel.schedule(index, at: 1 + next(&state) % spread)
            }
            let end = nanoseconds()
            precondition(wheel.count == Int(timers), "a timer was lost")
            inserts.append(Double(middle - start) / Double(timers))
            moves.append(Double(end - middle) / Double(moved))
        }
        return (inserts.median, moves.median)
    }

    /// Xorshift (G. Marsaglia, Journal of Statistical Software 8(14), 2003), which costs next to nothing.
    private static func next(_ state: inout UInt32) -> UInt32 {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        return state
    }
}
