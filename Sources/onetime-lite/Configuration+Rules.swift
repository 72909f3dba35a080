// Options of when secrets may be read, and of how often a client may do what.
import Rules
import Service

extension Configuration {
    static var rules: [Option] {
        [
            Option(
                flag: "hours", variable: "HOURS", value: "HOURS",
                help:
                    "when secrets may be read, such as 'Mon-Fri 09:00-17:00 Europe/Amsterdam'; up to \(TimeWindows.maximumCount), with"
                    + " semicolons between them or the option given again; time zones of tzdata \(ZoneTable.version) (always)",
                separator: "; "
            ) { (text, configuration) throws(Option.Refused) in
                do throws(HoursFault) {
                    if configuration.service.hours == nil {
                        configuration.service.hours = try TimeWindows(parsing: text.utf8Span.span)
                    } else {
                        try configuration.service.hours?.add(parsing: text.utf8Span.span)
                    }
                } catch {
                    throw Option.Refused(allowed: error.allowed)
                }
            },
            .number(
                "creations-per-minute", "CREATIONS_PER_MINUTE", "N", 0...RateLimits.maximum,
                "secrets that one client may make, 0 for any number (600; no limit for loopback)",
                \.service.rates.creations),
            .number(
                "misses-per-minute", "MISSES_PER_MINUTE", "N", 0...RateLimits.maximum,
                "secrets and receipts that one client may ask for that are not there, 0 for any number (120)",
                \.service.rates.misses),
            .number(
                "wrong-passphrases-per-minute", "WRONG_PASSPHRASES_PER_MINUTE", "N", 0...RateLimits.maximum,
                "of one client, 0 for any number (30)", \.service.rates.wrongPassphrases),
            .number(
                "failed-keys-per-minute", "FAILED_KEYS_PER_MINUTE", "N", 0...RateLimits.maximum,
                "wrong API keys of one client, 0 for any number (10)", \.service.rates.failedKeys),
            .toggle(
                "limit-loopback", "LIMIT_LOOPBACK", "the loopback has these limits, too",
                \.service.rates.limitsLoopback),
        ]
    }
}
