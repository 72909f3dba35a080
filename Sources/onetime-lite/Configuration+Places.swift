// From where requests may come, and who is believed about that: proxies, networks, countries.
import HTTPServer
import Kernel
import Rules
import Service

extension Configuration {
    /// The server counts connections by these from its first one on.
    static var proxies: [Option] {
        [
            ranges(
                "trusted-proxies", "TRUSTED_PROXY_CIDRS",
                "proxies that are believed about whom they speak for (X-Forwarded-For or Forwarded, read from the right)"
            ) { $0.service.clients.trustedProxies = $1 },
            .toggle(
                "proxy-protocol", "PROXY_PROTOCOL",
                "connections begin with a header of the PROXY protocol v2: those of --trusted-proxies, else all",
                \.server.expectsProxyHeader),
        ]
    }

    static var places: [Option] {
        [
            ranges("allow-networks", "ALLOW_NETWORKS", "networks that requests may come from (all)") {
                $0.service.clients.places.networks.allowed = $1
            },
            ranges(
                "deny-networks", "DENY_NETWORKS", "networks that requests may not come from, even if they are allowed"
            ) {
                $0.service.clients.places.networks.denied = $1
            },
            countries("allow-countries", "ALLOW_COUNTRIES", "countries that requests may come from (all)") {
                $0.service.clients.places.countries.allowed = $1
            },
            countries(
                "deny-countries", "DENY_COUNTRIES",
                "countries that requests may not come from, even if they are allowed"
            ) {
                $0.service.clients.places.countries.denied = $1
            },
            Option(
                flag: "country-file", variable: "COUNTRY_FILE", value: "FILE",
                help: "countries by address: a MaxMind DB file, up to 128 MiB"
            ) { (text, configuration) throws(Option.Refused) in
                configuration.countryFile = text
            },
            Option(
                flag: "country-header", variable: "COUNTRY_HEADER", value: "NAME",
                help: "the field in which trusted proxies tell the client's country, such as CF-IPCountry"
            ) { (text, configuration) throws(Option.Refused) in
                guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(isOfName) else {
                    throw Option.Refused(allowed: "the name of a header field: letters, digits and dashes, up to 64")
                }
                configuration.service.clients.countryField = Array(text.utf8)
            },
        ]
    }

    private static func ranges(
        _ flag: String, _ variable: String, _ help: String,
        _ apply: @escaping (inout Configuration, [AddressRange]) -> Void
    ) -> Option {
        Option(flag: flag, variable: variable, value: "CIDR,…", help: help) {
            (text, configuration) throws(Option.Refused) in
            let ranges: [AddressRange]
            do throws(ListFault) {
                ranges = try [AddressRange](ranges: text.utf8Span.span, limit: NetworkRule.maximumRanges)
            } catch {
                throw Option.Refused(allowed: "addresses and ranges such as 10.0.0.0/8, 2001:db8::/32; \(error.text)")
            }
            guard !ranges.isEmpty else {
                throw Option.Refused(allowed: "at least one address or range, such as 10.0.0.0/8")
            }
            apply(&configuration, ranges)
        }
    }

    private static func countries(
        _ flag: String, _ variable: String, _ help: String,
        _ apply: @escaping (inout Configuration, [CountryCode]) -> Void
    ) -> Option {
        Option(flag: flag, variable: variable, value: "CC,…", help: help) {
            (text, configuration) throws(Option.Refused) in
            let codes: [CountryCode]
            do throws(ListFault) {
                codes = try [CountryCode](countries: text.utf8Span.span)
            } catch {
                throw Option.Refused(allowed: "codes of countries such as NL, DE; \(error.text)")
            }
            guard !codes.isEmpty else { throw Option.Refused(allowed: "at least one code of a country, such as NL") }
            apply(&configuration, codes)
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Settles what these options say together, and reads the file of countries. Rules that nothing can answer are a mistake.
    mutating func settlePlaces() {
        server.trustedProxies = service.clients.trustedProxies
        if !service.clients.countryField.isEmpty, service.clients.trustedProxies.isEmpty {
            errors.append("--country-header is believed from --trusted-proxies alone, and there are none")
        }
        if !canTellCountries && !service.clients.places.countries.isEmpty {
            errors.append("--allow-countries and --deny-countries need --country-file or --country-header")
        }
    }

    /// Whether there is somebody to ask for a client's country.
    var canTellCountries: Bool {
        countryFile != nil || !(service.clients.countryField.isEmpty || service.clients.trustedProxies.isEmpty)
    }

    /// Reads the file of countries.
    mutating func readCountries() throws(UsageError) {
        guard let path = countryFile else { return }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(path, limit: CountryDatabase.maximumSize, patience: filePatience)
        } catch {
            throw UsageError(text: "the country file \(path) cannot be read: \(error)")
        }
        do throws(DatabaseFault) {
            let countries = try CountryDatabase(bytes)
            service.clients.countries = countries
            for (kind, isThere) in [("IPv4", countries.hasIPv4), ("IPv6", countries.hasIPv6)] where !isThere {
                warnings.append(
                    "the country file \(path) has no \(kind) addresses: whoever comes from one is in no known country, so"
                        + " denied countries do not refuse him, and allowed ones do")
            }
        } catch {
            throw UsageError(text: "the country file \(path) cannot be used: \(error.text)")
        }
    }
}
