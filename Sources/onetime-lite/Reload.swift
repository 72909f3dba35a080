// SIGHUP: configuration and the files that it names are read anew, between two requests. All of it is judged before any of it is
// put in force, so a mistake changes nothing. What is read anew, and what is put in force, have one place each here.
import Kernel
import Log
import Rules
import SecureMemory
import Service
import TLS

struct Reload {
    /// What the server was started with: what it needs a restart for is what differs from that.
    let started: Configuration
    let service: OnetimeService
    let tls: TLSServer?
    let keys: KeyBook
    let proof: Proof
    let log: LogStream

    /// Reads anew, and tells the operator in one event what came of it.
    func run() {
        // The environment of a process does not change; its secrets were taken.
        var configuration = Configuration.read(
            arguments: started.arguments, environment: Environment.value, again: true)
        configuration.readFiles()
        do throws(UsageError) {
            try configuration.demandNoErrors()
            try putInForce(configuration)
        } catch {
            let reasons = error.text.split(separator: "\n").joined(separator: "; ")
            return log.event(
                "nothing is changed: \(reasons)", .error, [("event.action", "reload"), ("event.outcome", "failure")])
        }
        proof.noteConfiguration(configuration)
        for warning in configuration.warnings { log.event("warning: \(warning)", .warning) }
        var fields = [(name: "event.action", value: "reload"), (name: "event.outcome", value: "success")]
        let late = needingRestart(configuration)
        guard !late.isEmpty else { return log.event("configuration and files read anew", .info, fields) }
        fields.append((name: "onetime.needs_restart", value: late))
        log.event("configuration and files read anew; a restart is needed for \(late)", .warning, fields)
    }

    /// Whatever may fail comes first; requests under way go on with what they took already. A key whose line is gone fails from now
    /// on.
    private func putInForce(_ configuration: Configuration) throws(UsageError) {
        var configuration = configuration
        configuration.service.clients.trustedProxies = started.service.clients.trustedProxies
        guard configuration.service.clients.places.countries.isEmpty || configuration.canTellCountries else {
            throw UsageError(
                text: "countries of --country-header need a restart: --trusted-proxies is read at the start")
        }
        if let tls, !started.tls.isSelfSigned, !configuration.tls.files.isEmpty {
            do throws(TLSError) {
                var identities = try configuration.tls.identities(patience: configuration.filePatience)
                try tls.replace(&identities)
            } catch {
                throw UsageError(text: error.advice)
            }
        }
        _ = keys.replaceLines(configuration.keys.all)
        service.replaceSettings(configuration.service)
    }

    /// The flags of what was changed in vain.
    private func needingRestart(_ configuration: Configuration) -> String {
        let changed = Configuration.options.filter { option in
            // Other files are read anew; to begin or to end with TLS, or to make a certificate, is not.
            option.flag == "tls"
                ? started.tls.isSelfSigned != configuration.tls.isSelfSigned
                    || started.tls.isOn != configuration.tls.isOn
                : !option.isReloadable && option.describe(started) != option.describe(configuration)
        }
        return changed.map { "--" + $0.flag }.joined(separator: ", ")
    }
}
