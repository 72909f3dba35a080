// `onetime-lite verify`: is an audit log what the server wrote, and is a certificate the server's?
import Audit
import Kernel
import Sealing

enum VerifyCommand {
    /// What the exit status says.
    enum Status {
        static let whole: Int32 = 0
        static let broken: Int32 = 1
        static let incomplete: Int32 = 3
    }

    private struct Request {
        var files: [String] = []
        var certificate: String?
        var key: VerificationKey?
        var allowsPartial = false
    }

    /// Checks what the arguments name, and returns the exit status.
    static func run(_ arguments: [String]) throws(UsageError) -> Int32 {
        Library.prepare()
        var request = try read(arguments)
        var certificate: Certificate?
        if let path = request.certificate {
            guard let found = try check(path, request.key) else { return Status.broken }
            certificate = found
        }
        if request.files.isEmpty {
            if certificate != nil { return Status.whole }
            request.files = ["-"]
        }
        if let certificate, certificate.expectation == nil {
            Console.failure("the certificate says nothing of an audit log")
            return Status.broken
        }
        do throws(SealingError) {
            let verifier = try ChainVerifier(
                allowsPartial: request.allowsPartial, expectation: certificate?.expectation)
            return try check(verifier, request, isCertified: certificate != nil)
        } catch {
            throw UsageError(text: "OpenSSL failed")
        }
    }

    private static func read(_ arguments: [String]) throws(UsageError) -> Request {
        var request = Request()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--partial": request.allowsPartial = true
            case "--certificate":
                guard let path = rest.popFirst() else { throw UsageError(text: "--certificate needs a file") }
                request.certificate = path
            case "--public-key":
                guard let text = rest.popFirst(), let key = VerificationKey(text: text) else {
                    throw UsageError(text: "--public-key needs the 60 characters that the server printed")
                }
                request.key = key
            default:
                guard argument == "-" || !argument.hasPrefix("-") else {
                    throw UsageError(
                        text: "unknown option '\(argument)'; they are --certificate, --public-key and --partial")
                }
                request.files.append(argument)
            }
        }
        return request
    }

    // MARK: The certificate

    /// Finds the last certificate in a file and checks its signature; nil, and says why, where it is not right.
    private static func check(_ path: String, _ key: VerificationKey?) throws(UsageError) -> Certificate? {
        var found: Certificate?
        do throws(Errno) {
            let reader = try LineReader(path)
            let fault = reader.forEach(upTo: ChainVerifier.lineBound) { line in
                if let certificate = Certificate(line: line) { found = certificate }
            }
            if case .unreadable(let error) = fault { throw error }
        } catch {
            throw UsageError(text: "\(path) cannot be read: \(error)")
        }
        guard let found else {
            Console.failure("there is no certificate in \(path)")
            return nil
        }
        guard found.isGenuine else {
            Console.failure("the certificate's signature is wrong: it, or what it states, was changed")
            return nil
        }
        if let key, key.text != found.key.text {
            Console.failure("the certificate is signed, but by another key: \(found.key.text)")
            return nil
        }
        say(found.text)
        say("The signature is right. ")
        say(
            key == nil
                ? "Whose key it is was not checked: compare the public key with what the server printed.\n"
                : "The key is the one that was given.\n")
        return found
    }

    // MARK: The chain

    private static func check(
        _ given: consuming ChainVerifier, _ request: Request, isCertified: Bool
    ) throws(SealingError) -> Int32 {
        var verifier = given
        var starts: [(name: String, line: UInt64)] = []
        do throws(ChainFault) {
            for path in request.files {
                starts.append((path == "-" ? "standard input" : path, verifier.line))
                guard try read(path, &verifier) else { return 2 }
            }
            try verifier.finish()
        } catch {
            let place = starts.last { $0.line < verifier.line } ?? starts[0]
            Console.failure("\(place.name), line \(verifier.line - place.line): \(describe(error))")
            return Status.broken
        }
        guard verifier.events > 0 else {
            Console.failure("there is no line of an audit log")
            return Status.broken
        }
        if let key = request.key, let other = verifier.key, key.text != other.text {
            Console.failure("the log was begun by another key: \(other.text)")
            return Status.broken
        }
        return tell(verifier, isCertified)
    }

    private static func read(_ path: String, _ verifier: inout ChainVerifier) throws(ChainFault) -> Bool {
        guard let reader = try? LineReader(path) else {
            Console.failure("\(path) cannot be read")
            return false
        }
        switch try reader.forEach(
            upTo: ChainVerifier.lineBound, { (line) throws(ChainFault) in try verifier.check(line) })
        {
        case .none: return true
        case .tooLong: throw .tooLong
        case .unreadable(let error):
            Console.failure("\(path) cannot be read: \(error)")
            return false
        }
    }

    private static func tell(_ verifier: borrowing ChainVerifier, _ isCertified: Bool) -> Int32 {
        say("The chain is whole: \(verifier.events) events")
        if verifier.chains > 1 { say(" of \(verifier.chains) runs") }
        if verifier.others > 0 { say("; \(verifier.others) other lines were passed over") }
        say(".\n")
        if isCertified { say("It ends as the certificate says.\n") }
        if verifier.isPartial { say("Its beginning is not here, and its first line was taken on trust.\n") }
        if verifier.missing > 0 {
            say("\(verifier.missing) events are missing where the log itself says so: a receiver was too slow.\n")
        }
        if verifier.openChains > 0 && !isCertified {
            say("\(verifier.openChains) runs do not end with a stop: still running, killed, or cut off at the end,\n")
            say("which only a certificate shows.\n")
        }
        return verifier.isPartial || verifier.missing > 0 ? Status.incomplete : Status.whole
    }

    private static func describe(_ fault: ChainFault) -> String {
        switch fault {
        case .foreignLine: "neither a line of the log nor another line of the server"
        case .tooLong: "longer than \(ChainVerifier.lineBound) bytes"
        case .malformed: "a line of the log that was changed: its fields are not where they belong"
        case .changed(let event): "event \(event) was changed, or the one before it with its hash"
        case .removed(let first, let count): "before this line \(count) events are missing, from event \(first) on"
        case .swapped(let event): "event \(event) stands where another one belongs"
        case .inserted(let event): "a line that calls itself event \(event) was inserted"
        case .noBeginning(let event): "the log begins with event \(event); --partial takes that line on trust"
        case .notCertified:
            "the chain does not hold what the certificate vouches for: its end was cut off, or it is another"
        case .afterEnd: "the certificate says that the log ended before this line"
        case .foreignKey: "the log was begun by another key than the certificate's"
        case .libraryFailure: "OpenSSL failed"
        }
    }

    private static func say(_ text: String) { Console.write(text, to: Console.standardOutput) }
}
