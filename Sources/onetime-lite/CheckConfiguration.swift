// `onetime-lite check --config`: is everything right that was said, and what is in force then?
import HTTPServer
import Kernel
import Pages
import Rules
import SecureMemory
import Service
import TLS

enum CheckConfiguration {
    /// Whether the command asks for this, and not for a server's health.
    static func isWanted(_ arguments: [String]) -> Bool {
        arguments.contains { $0 == "--config" || $0.hasPrefix("--config=") }
    }

    /// Prints all settings and where each came from, or throws all that is wrong. Returns 0.
    static func run(_ arguments: [String]) throws(UsageError) -> Int32 {
        let isJSON = arguments.contains("--json")
        var arguments = arguments.filter { $0 != "--json" }
        // Without a file: what flags and environment say alone.
        if let index = arguments.firstIndex(of: "--config"),
            index + 1 == arguments.count || arguments[index + 1].hasPrefix("--")
        {
            arguments.remove(at: index)
        }
        var configuration = Configuration.read(arguments: arguments, environment: Environment.value)
        configuration.readFiles()
        configuration.judgeDescriptors()
        // Before the webhook's key is taken out of the environment.
        let rows = rows(configuration)
        configuration.errors += configuration.certificateFaults()
        configuration.errors += Outgoing.faults(configuration.outbound)
        try configuration.demandNoErrors()
        for warning in configuration.warnings { Console.failure("warning: \(warning)") }
        Console.write(isJSON ? json(rows) : table(rows), to: Console.standardOutput)
        return 0
    }

    private typealias Row = (name: String, value: String, origin: String, note: String?)

    private static func rows(_ configuration: Configuration) -> [Row] {
        var rows = Configuration.options.map { option -> Row in
            let origin = configuration.given[option.flag]?.origin ?? "default"
            return (option.flag, option.tell(configuration), origin, configuration.notes[option.flag])
        }
        for name in ["ONETIME_USER", Configuration.keyVariable] + Configuration.secretVariables
        where Environment.size(of: name) > 0 {
            let value = name == "ONETIME_USER" ? Environment.value(name) ?? "" : Option.mask
            rows.append((name, value, "variable \(name)", configuration.notes[name]))
        }
        return rows
    }

    private static func table(_ rows: [Row]) -> String {
        let widths = (rows.map(\.name.count).max() ?? 0, min(rows.map(\.value.count).max() ?? 0, 40))
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(width - text.count, 0) + 2)
        }
        return rows.reduce(into: "") { text, row in
            let value = SettingLines.singleLine(row.value)
            text += padded(row.name, widths.0) + padded(value.isEmpty ? "-" : value, widths.1)
            text += SettingLines.singleLine(row.origin + (row.note.map { "; " + $0 } ?? "")) + "\n"
        }
    }

    private static func json(_ rows: [Row]) -> String {
        let lines = rows.map { row in
            let fields = [("value", row.value), ("from", row.origin)] + (row.note.map { [("note", $0)] } ?? [])
            let texts = fields.map { "\"\($0.0)\":\"\(Console.escaped($0.1))\"" }
            return "\"\(Console.escaped(row.name))\":{" + texts.joined(separator: ",") + "}"
        }
        return "{" + lines.joined(separator: ",\n ") + "}\n"
    }
}

extension Configuration {
    /// What is wrong with certificates and keys: each pair for itself, and then names of the server that no certificate is for.
    fileprivate func certificateFaults() -> [String] {
        var faults: [String] = []
        var names = namesToProve
        for file in tls.files {
            do throws(TLSError) {
                let identity = try TLSIdentity.read(
                    certificatePath: file.certificate, keyPath: file.key, patience: filePatience)
                names.removeAll { identity.isFor($0) }
            } catch {
                faults.append(error.advice)
            }
        }
        guard faults.isEmpty, !tls.files.isEmpty else { return faults }
        return names.map { "no certificate of --tls is for \($0), which is a name of the server" }
    }

    /// The names and addresses under which browsers come. None where proxies come in their place, who show certificates of their own;
    /// nor those of containers and of this machine, which no authority certifies.
    private var namesToProve: [String] {
        let isBehindProxies = !service.clients.trustedProxies.isEmpty && !server.expectsProxyHeader
        var names: [String] = []
        for host in isBehindProxies ? [] : tls.hosts {
            let name = TLSSettings.withoutPort(host).lowercased()
            let address = SocketAddress(name + ":0")
            let plain = address.map { "\($0.host)" } ?? name
            guard address?.isLoopback != true, address != nil || name.contains("."), !name.hasSuffix(".localhost"),
                !names.contains(plain)
            else { continue }
            names.append(plain)
        }
        return names
    }
}
