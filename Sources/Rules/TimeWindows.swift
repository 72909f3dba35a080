// The hours in which something is allowed.

/// Up to eight stretches of hours on days of the week, each in a time zone of its own. Open is what any of them is.
///
/// A value of 72 bytes without references. Asking it allocates nothing and takes constant time.
public struct TimeWindows: Sendable {
    /// How many windows there may be.
    public static let maximumCount = 8
    /// How long a text may be that says them all.
    public static let maximumText = 512

    private var windows: [8 of TimeWindow] = .init(repeating: .none)
    /// How many windows there are.
    public private(set) var count = 0

    /// No hours at all.
    init() {}

    /// The windows that were kept as 8 bytes each; nil if there is none or one of them is not one.
    ///
    /// - Parameter kept: what `kept(_:)` gave in this process: another version may have other zones.
    public init?(kept: Span<UInt64>) {
        for index in kept.indices {
            guard let window = TimeWindow(kept: kept[index]), append(window) else { return nil }
        }
        guard count > 0 else { return nil }
    }

    /// The windows that this process kept; nil if there is none. O(windows): nothing is asked of the table of zones.
    public init?(own kept: Span<UInt64>) {
        for index in kept.indices where !append(TimeWindow(bits: kept[index])) { return nil }
        guard count > 0 else { return nil }
    }

    /// Whether a window that this process kept is open at a moment, in seconds since 1970.
    public static func isOpen(own kept: UInt64, at moment: Int64, _ zones: inout ZoneClock) -> Bool {
        TimeWindow(bits: kept).isOpen(at: moment, &zones)
    }

    /// The eight bytes in which a window may be kept.
    ///
    /// - Parameter index: 0 up to `count`.
    public func kept(_ index: Int) -> UInt64 { windows[index].bits }

    /// Whether there is room for another window; it is there then.
    mutating func append(_ window: TimeWindow) -> Bool {
        guard count < Self.maximumCount else { return false }
        windows[count] = window
        count += 1
        return true
    }

    /// Whether it is open at a moment, in seconds since 1970.
    public func isOpen(at moment: Int64) -> Bool { state(at: moment).isOpen }

    /// The first moment from another on at which it is open, in seconds since 1970: the very moment if it is open then. Nil if it
    /// does not open before the clocks were changed 64 times.
    public func nextOpening(after moment: Int64) -> Int64? {
        let state = state(at: moment)
        return state.isOpen ? moment : state.until == .max ? nil : state.until
    }

    /// Whether it is open at a moment, and until when that surely lasts.
    func state(at moment: Int64) -> TimeWindow.State {
        var result = TimeWindow.State(isOpen: false, until: .max)
        for index in 0..<count {
            let state = windows[index].state(at: moment)
            if state.isOpen {
                result = TimeWindow.State(
                    isOpen: true, until: result.isOpen ? max(result.until, state.until) : state.until)
            } else if !result.isOpen {
                result.until = min(result.until, state.until)
            }
        }
        return result
    }
}

extension TimeWindows: Equatable {
    /// Whether they are the same windows in the same order.
    public static func == (one: TimeWindows, other: TimeWindows) -> Bool {
        one.count == other.count && (0..<one.count).allSatisfy { one.windows[$0] == other.windows[$0] }
    }
}

extension TimeWindows: CustomStringConvertible {
    /// As they may be written, each with its zone: `Mon-Fri 09:00-17:00 Europe/Amsterdam; Sat 10:00-12:00 UTC`.
    public var description: String {
        (0..<count).map { windows[$0].description }.joined(separator: "; ")
    }
}

/// Hours that are asked about with every request. It remembers the last answer for as long as that holds, so that asking costs a
/// comparison.
public struct HoursClock: Sendable {
    /// The hours.
    public let windows: TimeWindows
    private var from = Int64.max
    private var until = Int64.min
    private var wasOpen = false

    /// A clock of hours.
    public init(_ windows: TimeWindows) { self.windows = windows }

    /// Whether it is open at a moment, in seconds since 1970; moments may go back.
    public mutating func isOpen(at moment: Int64) -> Bool {
        if moment < from || moment >= until {
            let state = windows.state(at: moment)
            (from, until, wasOpen) = (moment, state.until, state.isOpen)
        }
        return wasOpen
    }
}
