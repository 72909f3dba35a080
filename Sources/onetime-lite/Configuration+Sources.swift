// How flags, environment and configuration file set options: each is stronger than the next, as a whole.
import Kernel
import Pages
import SecureMemory

extension Configuration {
    /// What was said of an option.
    struct Given {
        var text: String
        /// Where: a flag, a variable, or a line of the file.
        let origin: String
    }

    /// One value, before it is judged.
    private struct Said {
        let option: Option
        let text: String
        /// What errors call the option.
        let name: String
        let origin: String
        var byFlag = true
    }

    /// Variables that hold secrets: never told, taken out of the environment, and neither flags nor lines of a file.
    static let secretVariables = ["ONETIME_APITOKEN", "WEBHOOK_SECRET"]

    /// Reads flags, environment and configuration file. What is wrong is told by ``errors``, all of it.
    ///
    /// - Parameter again: the program runs already, and took the secrets out of the environment.
    static func read(
        arguments: [String], environment: (String) -> String?, again: Bool = false
    ) -> Configuration {
        var configuration = Configuration()
        configuration.arguments = arguments
        if again { configuration.filePatience = FilePatience.atReload }
        let all = options
        let flags = configuration.flags(arguments, all)
        var variables = all.compactMap { option -> Said? in
            guard let text = environment(option.variable), !text.isEmpty else { return nil }
            let name = option.variable
            return Said(option: option, text: text, name: name, origin: "variable \(name)", byFlag: false)
        }
        let path = (flags + variables).filter { $0.option.flag == "config" }
        var lines = (flags.last { $0.option.flag == "config" } ?? path.first).map {
            configuration.lines(of: $0.text, all)
        }
        var stronger = Set(flags.map(\.option.flag))
        variables.removeAll { stronger.contains($0.option.flag) }
        stronger.formUnion(variables.map(\.option.flag))
        lines?.removeAll { stronger.contains($0.option.flag) }
        for said in (lines ?? []) + variables + flags { configuration.apply(said) }
        if !again { configuration.checkKey(environment) }
        configuration.takeKeys(environment)
        configuration.settleOutbound(hasSecret: again || Environment.size(of: "WEBHOOK_SECRET") > 0)
        configuration.settle()
        return configuration
    }

    private mutating func apply(_ said: Said) {
        let option = said.option
        do throws(Option.Refused) {
            try option.apply(said.text, byFlag: said.byFlag, to: &self)
        } catch {
            let text = option.isSecret ? Option.mask : SettingLines.printable(said.text)
            return errors.append("\(said.name) is '\(text)', but has to be \(error.allowed)")
        }
        if let separator = option.separator, let before = given[option.flag] {
            given[option.flag] = Given(text: before.text + separator + said.text, origin: before.origin)
        } else {
            given[option.flag] = Given(text: said.text, origin: said.origin)
        }
    }

    private mutating func flags(_ arguments: [String], _ all: [Option]) -> [Said] {
        var result: [Said] = []
        var rest = arguments[...]
        var before: String?
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                // What stands there may be a secret.
                errors.append("unexpected argument \(before.map { "after --\($0)" } ?? "before all options")")
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = "--" + parts[0]
            guard let option = all.first(where: { $0.flag == parts[0] }) else {
                errors.append("unknown option '\(SettingLines.printable(name))'; --help lists them")
                continue
            }
            before = option.flag
            var text: String?
            if option.value == nil {
                guard parts.count == 1 else {
                    errors.append("\(name) takes no value")
                    continue
                }
                text = "true"
            } else {
                text = parts.count == 2 ? String(parts[1]) : rest.popFirst()
            }
            // An empty one is a variable of a shell that nobody set: a rule that somebody wants, and does not get.
            guard let text, !text.isEmpty else {
                errors.append("\(name) needs a value")
                continue
            }
            result.append(Said(option: option, text: text, name: name, origin: "flag"))
        }
        return result
    }

    private mutating func lines(of path: String, _ all: [Option]) -> [Said] {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(path, limit: SettingLines.maximumSize, patience: filePatience)
        } catch {
            errors.append("the configuration file \(SettingLines.printable(path)) cannot be read: \(error)")
            return []
        }
        guard let file = SettingLines(bytes) else {
            errors.append("\(path): the file is not UTF-8 text")
            return []
        }
        var result: [Said] = []
        for line in file.lines {
            let place = "\(path), line \(line.number): "
            // What is no option may be a secret that somebody thought to be one: only what stands before = is told.
            guard let text = line.value else {
                errors.append(place + "a line has to be name = value, or begin with #")
                continue
            }
            guard let option = all.first(where: { $0.flag == line.name && $0.flag != "config" }) else {
                errors.append(place + "unknown option '\(SettingLines.printable(line.name))'; --help lists them")
                continue
            }
            if option.separator == nil, result.contains(where: { $0.option.flag == line.name }) {
                errors.append(place + "\(line.name) is there twice")
            } else if text.isEmpty || !SettingLines.isPrintable(text) {
                errors.append(place + "\(line.name) needs a value in one line")
            } else {
                result.append(
                    Said(option: option, text: text, name: place + line.name, origin: "\(path):\(line.number)"))
            }
        }
        return result
    }

    /// Half a key would leave the server open to everybody, and nobody would notice.
    private mutating func checkKey(_ environment: (String) -> String?) {
        let name = environment("ONETIME_USER")?.utf8.count ?? 0
        let token = Environment.size(of: "ONETIME_APITOKEN")
        if (name == 0) != (token == 0) {
            errors.append("ONETIME_USER and ONETIME_APITOKEN have to be set together, or neither")
        }
        if name + token > 700 {
            errors.append("ONETIME_USER and ONETIME_APITOKEN have to be at most 700 bytes together")
        }
        if (1..<16).contains(token) {
            warnings.append("ONETIME_APITOKEN has less than 16 bytes, and so few can be guessed")
        }
    }

    /// Goes on only if nothing is wrong.
    func demandNoErrors() throws(UsageError) {
        guard errors.isEmpty else { throw UsageError(text: errors.joined(separator: "\n")) }
    }
}
