// The options of the command line, the environment and the configuration file: one table for all, for help and for errors.
import Pages

/// A mistake in how the program was called. Its text says in one line what is allowed; of several mistakes each has its line.
struct UsageError: Error, Equatable {
    let text: String
}

/// One setting, by flag, by environment variable, and by a line of the configuration file that is called like the flag.
struct Option {
    /// Without its two dashes.
    let flag: String
    let variable: String
    /// What its value is called in the help; nil for a switch.
    let value: String?
    let help: String
    let kind: Kind
    /// Whether SIGHUP sets it anew.
    var isReloadable = false
    /// What stands between values where it may be given several times; nil where the last one counts.
    var separator: String?
    /// Whether its value is a secret or may have one in it, as the path of a URL: nobody is told it, wrong or right.
    var isSecret = false

    typealias Apply = (String, inout Configuration) throws(Refused) -> Void
    typealias Show = (Configuration) -> String

    /// What its values are, and where they go.
    enum Kind {
        /// A whole number within bounds.
        case number(ClosedRange<Int>, WritableKeyPath<Configuration, Int>)
        /// A time in seconds, or with a unit: `90`, `15m`, `12h`, `7d`.
        case time(ClosedRange<Int>, WritableKeyPath<Configuration, Int>)
        /// A size in bytes, or with a unit: `65536`, `64k`, `16M`, `1G`.
        case size(ClosedRange<Int>, WritableKeyPath<Configuration, Int>)
        /// A flag without value, a variable with true or false. Some flags switch off: `to` is what a flag writes.
        case toggle(to: Bool, WritableKeyPath<Configuration, Bool>)
        /// Something else. Without `show` its effective value is what was said, and nothing where nobody said anything.
        case other(apply: Apply, show: Show?)
    }

    /// What is allowed instead.
    struct Refused: Error {
        let allowed: String
    }

    /// An option that judges its value itself.
    init(
        flag: String, variable: String, value: String, help: String, separator: String? = nil, show: Show? = nil,
        apply: @escaping Apply
    ) {
        self.init(flag, variable, value, help, .other(apply: apply, show: show))
        self.separator = separator
    }

    private init(_ flag: String, _ variable: String, _ value: String?, _ help: String, _ kind: Kind) {
        (self.flag, self.variable, self.value, self.help, self.kind) = (flag, variable, value, help, kind)
    }

    static func number(
        _ flag: String, _ variable: String, _ value: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        Option(flag, variable, value, help, .number(range, path))
    }

    static func time(
        _ flag: String, _ variable: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        Option(flag, variable, "TIME", help, .time(range, path))
    }

    static func size(
        _ flag: String, _ variable: String, _ range: ClosedRange<Int>, _ help: String,
        _ path: WritableKeyPath<Configuration, Int>
    ) -> Option {
        Option(flag, variable, "SIZE", help, .size(range, path))
    }

    static func toggle(
        _ flag: String, _ variable: String, to target: Bool = true, _ help: String,
        _ path: WritableKeyPath<Configuration, Bool>
    ) -> Option {
        Option(flag, variable, nil, help, .toggle(to: target, path))
    }

    /// Takes a value.
    ///
    /// - Parameter byFlag: it stands for the flag, so a flag that switches off is to be turned round.
    func apply(_ text: String, byFlag: Bool, to configuration: inout Configuration) throws(Refused) {
        switch kind {
        case .number(let range, let path):
            configuration[keyPath: path] = try Self.number(
                text, [], range, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        case .time(let range, let path):
            configuration[keyPath: path] = try Self.number(
                text, Self.times, range,
                "a time from \(range.lowerBound) to \(range.upperBound) seconds, such as 90, 15m, 12h or 7d")
        case .size(let range, let path):
            configuration[keyPath: path] = try Self.number(
                text, Self.sizes, range,
                "a size from \(range.lowerBound) to \(range.upperBound) bytes, such as 65536, 64k, 16M or 1G")
        case .toggle(let target, let path):
            switch text {
            case "true", "1", "yes", "on": configuration[keyPath: path] = !byFlag || target
            case "false", "0", "no", "off": configuration[keyPath: path] = byFlag && !target
            default: throw Refused(allowed: "true or false")
            }
        case .other(let apply, _): try apply(text, &configuration)
        }
    }

    /// The value that is in force, as it could be given by a flag.
    func describe(_ configuration: Configuration) -> String {
        switch kind {
        case .number(_, let path): "\(configuration[keyPath: path])"
        case .time(_, let path): Self.text(configuration[keyPath: path], Self.times)
        case .size(_, let path): Self.text(configuration[keyPath: path], Self.sizes)
        case .toggle(let target, let path): configuration[keyPath: path] == target ? "true" : "false"
        case .other(_, let show): show?(configuration) ?? configuration.given[flag]?.text ?? ""
        }
    }

    /// The value that is in force as anybody may be told it.
    func tell(_ configuration: Configuration) -> String {
        let text = describe(configuration)
        return isSecret && !text.isEmpty ? Self.mask : text
    }

    /// What stands for a secret wherever settings are told.
    static let mask = "***"

    private typealias Units = [(letter: Character, factor: Int)]
    private static let times: Units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    private static let sizes: Units = [("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)]

    private static func number(
        _ text: String, _ units: Units, _ range: ClosedRange<Int>, _ allowed: String
    ) throws(Refused) -> Int {
        let unit = text.last.flatMap { last in units.first { $0.letter == last } }
        guard let number = Int(unit == nil ? text[...] : text.dropLast()) else { throw Refused(allowed: allowed) }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit?.factor ?? 1)
        guard !overflow, range.contains(product) else { throw Refused(allowed: allowed) }
        return product
    }

    private static func text(_ number: Int, _ units: Units) -> String {
        guard number > 0, let unit = units.first(where: { number.isMultiple(of: $0.factor) && $0.factor > 1 }) else {
            return "\(number)"
        }
        return "\(number / unit.factor)\(unit.letter)"
    }
}

extension Option {
    /// The same option, with a value that nobody is told.
    var secret: Option {
        var option = self
        option.isSecret = true
        return option
    }
}

extension [Option] {
    /// The same options, set anew by SIGHUP.
    var reloadable: [Option] {
        map {
            var option = $0
            option.isReloadable = true
            return option
        }
    }
}
