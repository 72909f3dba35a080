// `onetime-lite keygen`: makes an API key.
import Kernel
import Rules
import Sealing
import SecureMemory

enum KeygenCommand {
    /// Options, each with the word that it is in the line.
    private static let options = ["name", "scopes", "max-ttl", "max-size", "max-count", "networks", "uses", "expires"]

    static let help = """
        onetime-lite keygen --name NAME [OPTIONS]

        Prints a new API key, which is shown this once, and below it the line for --key-file or API_KEYS.

          --name NAME         what lists and logs call it; several keys may have one name
          --scopes SCOPES     some of \(KeyScopes.allNames), with commas
                              (\(KeyScopes.standard.names.joined(separator: ",")))
          --max-ttl TIME      the longest life of what it creates, such as 12h
          --max-size SIZE     the largest secret that it creates, such as 64k
          --max-count N       how many secrets it creates
          --networks RANGES   from where it may be used, such as 10.0.0.0/8,2001:db8::/32
          --uses N            how many times it does anything, looks and authcheck included
          --expires WHEN      a moment such as 2027-01-31T12:00:00Z, or a time from now on such as 90d

        What it has used up is counted from the start of the server.

        """

    /// Makes a key and prints it. Returns the exit status.
    static func run(_ arguments: [String]) throws(UsageError) -> Int32 {
        var fields = KeyFields()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            // What stands there may be a secret, so it is told by its place.
            guard argument.hasPrefix("--") else {
                throw UsageError(text: "argument \(rest.startIndex) of keygen is unexpected: it begins with no --")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let word = String(parts[0])
            guard options.contains(word) else {
                throw UsageError(text: "unknown option '--\(word)'; keygen --help lists them")
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw UsageError(text: "--\(word) needs a value")
            }
            do throws(KeyFileFault) {
                try fields.set(word, to: value, now: WallClock.seconds())
            } catch {
                throw UsageError(text: "--\(error.reason)")
            }
        }
        do {
            return try make(&fields)
        } catch let fault as KeyFileFault {
            throw UsageError(text: "--\(fault.reason)")
        } catch let error as Errno {
            Console.failure("cannot write the key, which is lost: \(error)")
            return 1
        } catch {
            Console.failure("cannot make a key: OpenSSL or the protected memory failed")
            return 1
        }
    }

    private static func make(_ fields: inout KeyFields) throws -> Int32 {
        let arena = try SecureArena(capacity: 64 << 10)
        defer { arena.wipeAll() }
        Library.prepare()
        let suite = try CipherSuite(arena: arena)
        guard var key = arena.allocate(KeyText.size + 1) else { throw SealingError.arenaFull }
        try KeyText.generate(into: &key, suite: suite)
        let hash = try suite.keyHash(of: key.span)
        guard let id = KeyID(KeyText.id(of: key.span)) else { throw SealingError.libraryFailure }
        let line = try fields.line(id: id, hash: hash)
        key.append(UInt8(ascii: "\n"))
        // Nowhere else than there: not in a message, not in a log.
        try FileDescriptor.write(key.span, to: Console.standardOutput)
        try FileDescriptor.write((line.text + "\n").utf8Span.span, to: Console.standardOutput)
        return 0
    }
}
