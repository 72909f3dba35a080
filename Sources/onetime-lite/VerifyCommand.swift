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
        /// Where certificates are.
        var certificateFiles: [String] = []
        var keys: [VerificationKey] = []
        var sink: String?
        var allowsPartial = false

        /// Whether the one who asks has a key from elsewhere.
        func knows(_ key: VerificationKey) -> Bool { keys.contains { $0.text == key.text } }
    }

    /// Checks what the arguments name, and returns the exit status.
    static func run(_ arguments: [String]) throws(UsageError) -> Int32 {
        Library.prepare()
        var request = try read(arguments)
        guard !request.certificateFiles.contains("-") || !request.files.contains("-") else {
            throw UsageError(text: "standard input cannot be read twice: name the file that has log and certificates")
        }
        var certificates: [Certificate] = []
        for path in request.certificateFiles {
            let found = try read(certificates: path)
            guard !found.isEmpty else {
                Console.failure("there is no certificate in \(path)")
                return Status.broken
            }
            certificates += found
        }
        guard check(certificates, request) else { return Status.broken }
        let isChecked = certificates.allSatisfy { request.knows($0.key) }
        if request.files.isEmpty {
            if !certificates.isEmpty {
                say("Only the certificate was checked, for no log was named; - is standard input.\n")
                return isChecked ? Status.whole : Status.incomplete
            }
            request.files = ["-"]
        }
        let expectations = certificates.compactMap(\.expectation)
        if expectations.isEmpty && !certificates.isEmpty {
            Console.failure("the certificate says nothing of an audit log")
            return Status.broken
        }
        do throws(SealingError) {
            let verifier = try ChainVerifier(
                allowsPartial: request.allowsPartial, expectations: expectations, sink: request.sink)
            let status = try check(verifier, request)
            return status == Status.whole && !isChecked ? Status.incomplete : status
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
                request.certificateFiles.append(path)
            case "--public-key":
                guard let text = rest.popFirst(), let key = VerificationKey(text: text) else {
                    throw UsageError(text: "--public-key needs the 60 characters that the server printed")
                }
                request.keys.append(key)
            case "--sink":
                guard let name = rest.popFirst() else {
                    throw UsageError(text: "--sink needs the receiver's name in the log, such as fd:3")
                }
                request.sink = name
            default:
                guard argument == "-" || !argument.hasPrefix("-") else {
                    throw UsageError(
                        text:
                            "unknown option '\(argument)'; they are --certificate, --public-key, --sink and --partial")
                }
                request.files.append(argument)
            }
        }
        return request
    }

    // MARK: Certificates

    /// All certificates in a file: each run of a server that appends to it leaves one.
    private static func read(certificates path: String) throws(UsageError) -> [Certificate] {
        var found: [Certificate] = []
        do throws(Errno) {
            let reader = try LineReader(path)
            let fault = reader.forEach(upTo: ChainVerifier.lineBound) { line in
                guard line.count <= ChainVerifier.lineBound, let certificate = Certificate(line: line) else { return }
                found.append(certificate)
            }
            if let fault { throw fault }
        } catch {
            throw UsageError(text: "\(path) cannot be read: \(error)")
        }
        return found
    }

    /// Checks signatures and shows what they are of. Returns false, and says why, where one is not right.
    private static func check(_ certificates: [Certificate], _ request: Request) -> Bool {
        guard let last = certificates.last else { return true }
        guard certificates.allSatisfy(\.isGenuine) else {
            Console.failure("the certificate's signature is wrong: it, or what it states, was changed")
            return false
        }
        // A run that was killed has none; whether the log has the run is found out there. But it cannot be that all are others'.
        let mayLack = !request.files.isEmpty && certificates.contains { request.knows($0.key) }
        for key in request.keys where !mayLack && !certificates.contains(where: { $0.key.text == key.text }) {
            Console.failure("the certificate is signed, but by another key: \(last.key.text)")
            return false
        }
        for certificate in certificates {
            say(certificate.text)
            say("The signature is right. ")
            say(
                request.knows(certificate.key)
                    ? "The key is the one that was given.\n"
                    : "Whose key it is was not checked: compare the public key with what the server printed.\n")
        }
        return true
    }

    // MARK: The chain

    private static func check(
        _ given: consuming ChainVerifier, _ request: Request
    ) throws(SealingError) -> Int32 {
        var verifier = given
        var starts: [(name: String, line: UInt64)] = []
        do throws(ChainFault) {
            for path in request.files {
                starts.append((path == "-" ? "standard input" : path, verifier.line))
                guard try read(path, &verifier) else { return 2 }
            }
            guard verifier.events > 0 else {
                Console.failure("there is no line of an audit log")
                return Status.broken
            }
            try verifier.finish()
        } catch {
            let place = starts.last { $0.line < verifier.line }.map { "\($0.name), line \(verifier.line - $0.line): " }
            Console.failure((place ?? "") + describe(error))
            return Status.broken
        }
        var absent = verifier.absent.map(\.text)
        let known = verifier.runs.compactMap { $0.key?.text }
        // A run whose key nobody knows may be the one of any.
        if known.count == verifier.runs.count {
            let missing = request.keys.map(\.text).filter { !known.contains($0) }
            guard missing.isEmpty || request.allowsPartial && missing.count < request.keys.count else {
                Console.failure("the log was begun by another key: \(known.last ?? "")")
                return Status.broken
            }
            absent += missing.filter { !absent.contains($0) }
        }
        for key in absent { say("The run of \(key) is not here.\n") }
        for key in verifier.undecided {
            say(
                "The run of \(key.text) is not here, or it is the first one, behind what the certificate vouches for.\n"
            )
        }
        let status = tell(verifier, request)
        return absent.isEmpty ? status : Status.incomplete
    }

    private static func read(_ path: String, _ verifier: inout ChainVerifier) throws(ChainFault) -> Bool {
        guard let reader = try? LineReader(path) else {
            Console.failure("\(path) cannot be read")
            return false
        }
        let fault = try reader.forEach(upTo: ChainVerifier.lineBound) { (line) throws(ChainFault) in
            try verifier.check(line)
        }
        guard let fault else { return true }
        Console.failure("\(path) cannot be read: \(fault)")
        return false
    }

    private static func tell(_ verifier: borrowing ChainVerifier, _ request: Request) -> Int32 {
        say("The chain is whole: \(verifier.events) events")
        if verifier.chains > 1 { say(" of \(verifier.chains) runs") }
        if verifier.others > 0 { say("; \(verifier.others) other lines were passed over") }
        say(".\n")
        var isComplete = !verifier.isPartial && verifier.missing == 0
        if !request.certificateFiles.isEmpty || !request.keys.isEmpty {
            let isVouchedFor = vouch(verifier.runs, request)
            isComplete = isComplete && isVouchedFor
        }
        if verifier.isPartial { say("Its beginning is not here, and its first line was taken on trust.\n") }
        if verifier.missing > 0 {
            say("\(verifier.missing) events are missing where the log itself says so: a receiver was too slow, ")
            say("\(verifier.lateSinks.joined(separator: ", ")).\n")
        }
        if verifier.repeated > 0 {
            say("\(verifier.repeated) lines came again, as syslog has them where a connection ended.\n")
        }
        if verifier.openChains > 0 {
            say("\(verifier.openChains) runs do not end with a stop: still running, killed, or cut off at the end,\n")
            say("which only a certificate shows.\n")
        }
        return isComplete ? Status.whole : Status.incomplete
    }

    /// Tells which runs, and which ends of runs, no certificate or none of the given keys vouches for. Returns whether there are none.
    private static func vouch(_ runs: [ChainVerifier.Run], _ request: Request) -> Bool {
        var isComplete = true
        for (index, run) in runs.enumerated() {
            if let key = run.key, !request.keys.isEmpty, !request.knows(key) {
                say("Run \(index + 1) was begun by a key that was not given: \(key.text)\n")
                isComplete = false
            }
            if !request.certificateFiles.isEmpty, run.certified < run.count {
                say(
                    "Run \(index + 1): no certificate vouches for events \(max(run.certified, run.first)) to \(run.count - 1).\n"
                )
                isComplete = false
            }
        }
        if isComplete && !request.certificateFiles.isEmpty {
            say(runs.count == 1 ? "It ends as the certificate says.\n" : "All end as their certificates say.\n")
        }
        return isComplete
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
        case .doubled(let event):
            "this line and the one before it both call themselves event \(event): one was inserted"
        case .repeatedRun(let key):
            "the run of \(key) begins a second time: a line was inserted, or files are in a wrong order"
        case .wrongOrder(let event):
            "the log begins with event \(event), and what comes before that is behind it: files are in a wrong order"
        case .tooManyRuns: "more than \(ChainVerifier.runBound) runs"
        case .noBeginning(let event): "the log begins with event \(event); --partial takes that line on trust"
        case .notCertified:
            "the chain does not hold what the certificate vouches for: its end was cut off, or it is another"
        case .absentRun(let key):
            "the run of \(key), which a certificate vouches for, is not here; --partial takes a part of a log"
        case .afterEnd: "the certificate says that the log ended before this line"
        case .foreignKey: "the log was begun by another key than the certificate's"
        case .foreignGap(let event):
            "before event \(event) lines are missing that another receiver was not given, not the one whose file this is"
        case .libraryFailure: "OpenSSL failed"
        }
    }

    private static func say(_ text: String) { Console.write(text, to: Console.standardOutput) }
}
