// API keys as the operator gives them: a file, lines in the environment, and the key of ONETIME_USER.
import Kernel
import Rules
import SecureMemory
import Service

/// Where the server's keys come from. Their lines hold nothing secret.
struct KeySettings {
    /// A file of lines, read again at SIGHUP.
    var file: String?
    /// What `API_KEYS` says.
    var lines: [KeyLine] = []
    /// All of them, once the file was read: a pipe says only once what it says.
    var all: [KeyLine] = []

    /// Whether `ONETIME_USER` has one.
    var hasOwner = false

    /// Whether keys may come, even if there are none yet.
    var isInUse: Bool { file != nil || !lines.isEmpty }

    /// How many keys there are, in words.
    static func count(_ lines: ArraySlice<KeyLine>) -> String { lines.count == 1 ? "1 key" : "\(lines.count) keys" }

    /// Takes the lines of the environment and of the file as it is now.
    mutating func read(patience: Int) throws(UsageError) {
        all = lines
        guard let file else { return }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(file, limit: KeyFile.maximumSize, patience: patience)
        } catch {
            throw UsageError(text: "the key file \(file) cannot be read: \(error)")
        }
        do throws(KeyFileFault) {
            all = try KeyFile.join(lines, KeyFile.parse(bytes))
        } catch {
            throw UsageError(text: "the key file \(file), \(error.text)")
        }
    }
}

extension Configuration {
    static var keys: [Option] {
        [
            Option(
                flag: "key-file", variable: "API_KEY_FILE", value: "FILE",
                help:
                    "lines that keygen printed, one for each API key; SIGHUP reads it anew. API_KEYS holds such lines itself"
            ) { (text, configuration) throws(Option.Refused) in
                configuration.keys.file = text
            },
            .toggle(
                "auth-required", "AUTH_REQUIRED", "only bearers of API keys and creation links create secrets",
                \.service.requiresKey),
            .number(
                "max-creation-links", "MAX_CREATION_LINKS", "N", 0...100_000, "creation links at a time (1024)",
                \.service.maximumCreationLinks),
        ]
    }

    /// The variable that holds lines of keys.
    static let keyVariable = "API_KEYS"

    /// Reads the key file, and looks at what all keys together may do.
    mutating func readKeys() throws(UsageError) {
        try keys.read(patience: filePatience)
        let lines = keys.all
        if keys.file != nil { notes["key-file"] = KeySettings.count(lines.dropFirst(keys.lines.count)) }
        // A key of an administrator makes links to create by.
        let now = WallClock.seconds()
        let mayCreate = lines.contains {
            !$0.scopes.isDisjoint(with: [.create, .admin]) && $0.expires.map { $0 > now } ?? true
        }
        if service.requiresKey && keys.isInUse && !keys.hasOwner && !mayCreate {
            warnings.append("--auth-required, and no API key may create: nobody can, until SIGHUP reads one that may")
        }
    }

    /// Takes the lines that the environment has.
    mutating func takeKeys(_ environment: (String) -> String?) {
        if let text = environment(Self.keyVariable) {
            do throws(KeyFileFault) {
                keys.lines = try KeyFile.parse(Array(text.utf8))
                notes[Self.keyVariable] = KeySettings.count(keys.lines[...])
            } catch {
                errors.append("\(Self.keyVariable), \(error.text)")
            }
        }
        keys.hasOwner = !(environment("ONETIME_USER") ?? "").isEmpty
        if service.requiresKey && !keys.isInUse && !keys.hasOwner {
            errors.append("--auth-required takes a key: --key-file, API_KEYS, or ONETIME_USER and ONETIME_APITOKEN")
        }
    }
}
