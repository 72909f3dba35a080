// What `--help` says.

enum Help {
    static let version = "0.1.0"

    static var text: String {
        var text = """
            onetime-lite \(version): hands over a secret once, and leaves nothing behind.

            Usage:
              onetime-lite [serve] [OPTIONS]   serve the page and the API until SIGTERM
              onetime-lite check [OPTIONS]     exit 0 if a server answers there, 1 if not
              onetime-lite keygen --help       make an API key
              onetime-lite --help | --version

            SIGTERM and SIGINT finish what is in flight, wipe everything and exit 0; a second one does not wait.
            SIGUSR1 wipes everything and goes on. SIGUSR2 locks down, or unlocks.

            Each option is an environment variable too (in brackets); the option is stronger.
            ONETIME_USER and ONETIME_APITOKEN together set an API key; they are taken out of the environment.


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
