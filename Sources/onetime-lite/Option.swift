// The options of the command line and the variables of the environment: one table for both, for help and for errors.

/// A mistake in how the program was called. Its text is one line that says what is allowed.
struct UsageError: Error, Equatable {
    let text: String
}

/// One setting, by flag and by environment variable.
struct Option {
    /// Without its two dashes.
    let flag: String
    let variable: String
    /// What its value is called in the help; nil for a switch.
    let value: String?
    let help: String
    /// What a switch writes when its flag is given: some flags switch off.
    var switchesTo = true
    let apply: (String, inout Configuration) throws(Refused) -> Void

    /// What is allowed instead.
    struct Refused: Error {
        let allowed: String
    }

    /// A whole number within bounds.
    static func number(
        _ flag: String, _ variable: String, _ value: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        Option(flag: flag, variable: variable, value: value, help: help) { (text, configuration) throws(Refused) in
            guard let number = Int(text), range.contains(number) else {
                throw Refused(allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            configuration[keyPath: path] = number
        }
    }

    /// A time in seconds, or with a unit: `90`, `15m`, `12h`, `7d`.
    static func time(
        _ flag: String, _ variable: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        scaled(
            flag, variable, "TIME", ["s": 1, "m": 60, "h": 3600, "d": 86400], range,
            "a time from \(range.lowerBound) to \(range.upperBound) seconds, such as 90, 15m, 12h or 7d", help, path)
    }

    /// A size in bytes, or with a unit: `65536`, `64k`, `16M`, `1G`.
    static func size(
        _ flag: String, _ variable: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        scaled(
            flag, variable, "SIZE", ["k": 1 << 10, "M": 1 << 20, "G": 1 << 30], range,
            "a size from \(range.lowerBound) to \(range.upperBound) bytes, such as 65536, 64k, 16M or 1G", help, path)
    }

    private static func scaled(
        _ flag: String, _ variable: String, _ value: String, _ units: [Character: Int], _ range: ClosedRange<Int>,
        _ allowed: String, _ help: String, _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        Option(flag: flag, variable: variable, value: value, help: help) { (text, configuration) throws(Refused) in
            let unit = text.last.flatMap { units[$0] }
            guard let number = Int(unit == nil ? text[...] : text.dropLast()) else { throw Refused(allowed: allowed) }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
            guard !overflow, range.contains(product) else { throw Refused(allowed: allowed) }
            configuration[keyPath: path] = product
        }
    }

    /// A switch: a flag without value, a variable with true or false.
    static func toggle(
        _ flag: String, _ variable: String, to target: Bool = true, _ help: String,
        _ path: WritableKeyPath<Configuration, Bool>
    ) -> Option {
        Option(flag: flag, variable: variable, value: nil, help: help, switchesTo: target) {
            (text, configuration) throws(Refused) in
            switch text {
            case "true", "1", "yes", "on": configuration[keyPath: path] = true
            case "false", "0", "no", "off": configuration[keyPath: path] = false
            default: throw Refused(allowed: "true or false")
            }
        }
    }
}
