// What `--help` says.

enum Help {
    static let version: StaticString = "0.1.0"

    static var text: String {
        var text = """
            onetime-lite \(version): hands over a secret once, and leaves nothing behind.

            Usage:
              onetime-lite [serve] [OPTIONS]   serve the page and the API until SIGTERM
              onetime-lite check [OPTIONS]     exit 0 if a server answers there, 1 if not
              onetime-lite check --config [FILE] [--json] [OPTIONS]
                                               print all settings and their origins; 2 and all mistakes
              onetime-lite keygen --help       make an API key
              onetime-lite verify [FILE...] [--certificate FILE] [--public-key KEY]... [--sink NAME] [--partial]
                                               check an audit log (standard input if no FILE) or certificates;
                                               exit 0: whole; 1: tampered with; 2: unreadable; 3: events are
                                               missing, and the log says so, or something is not vouched for
              onetime-lite --help | --version

            SIGTERM, SIGINT and SIGQUIT finish what is in flight, wipe everything and exit 0;
            a second one does not wait.
            SIGUSR1 wipes everything and goes on. SIGUSR2 locks down, or unlocks. SIGHUP reads configuration,
            keys, countries, brands and certificates anew.

            Each option is an environment variable too (in brackets), and a line of the configuration file; the
            option is stronger than the variable, and that is stronger than the line.
            ONETIME_USER and ONETIME_APITOKEN together set an API key; they are taken out of the environment,
            as WEBHOOK_SECRET is.


            """
        for option in Configuration.options {
            let name = "  --\(option.flag)\(option.value.map { " \($0)" } ?? "")"
            // A long name has its line alone.
            text += name.count < indent ? name : name + "\n"
            text += String(repeating: " ", count: name.count < indent ? indent - name.count : indent)
            text += wrapped("\(option.help) [\(option.variable)]") + "\n"
        }
        return text
    }

    private static let indent = 32
    private static let width = 100

    /// A text in lines that fit beside the names of options.
    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + word.count >= width - indent {
                lines.append("")
            }
            if !lines[lines.count - 1].isEmpty { lines[lines.count - 1] += " " }
            lines[lines.count - 1] += word
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
