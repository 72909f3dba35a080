// The audit log and the certificate of destruction as the operator asked for them.
import Audit
import Kernel

/// What options say of the audit log and of the certificate.
struct AuditOptions {
    /// Where the log goes; it is off while there is nothing here.
    var targets: [AuditTarget] = []
    /// Bytes in memory.
    var ringBytes = 1 << 20
    /// Bytes that wait for each receiver.
    var queueBytes = 1 << 20
    var addresses = AuditAddresses.whole
    var certificate = CertificateTarget.automatic

    var settings: AuditSettings {
        var settings = AuditSettings()
        settings.ringBytes = ringBytes
        settings.addresses = addresses
        return settings
    }
}

/// Where the certificate goes at the end.
enum CertificateTarget: Equatable {
    /// To standard error where that is a terminal, else nowhere.
    case automatic
    case off
    case open(Int32)

    /// The descriptor; nil where there shall be no certificate.
    var descriptor: Int32? {
        switch self {
        case .automatic: FileDescriptor.isTerminal(Console.standardError) ? Console.standardError : nil
        case .off: nil
        case .open(let number): number
        }
    }
}

extension Configuration {
    static var auditing: [Option] {
        [
            Option(
                flag: "audit", variable: "AUDIT", value: "TARGET",
                help:
                    "write an audit log: memory, stdout, stderr or fd:N, several with commas or the option given again (off)",
                separator: ",",
                show: { $0.audit.targets.map(\.text).joined(separator: ",") }
            ) { (text, configuration) throws(Option.Refused) in
                let items = text.split(separator: ",")
                guard !items.isEmpty else { throw Option.Refused(allowed: AuditTarget.allowed) }
                for item in items {
                    guard let target = AuditTarget(String(item)) else {
                        throw Option.Refused(allowed: AuditTarget.allowed)
                    }
                    if !configuration.audit.targets.contains(target) { configuration.audit.targets.append(target) }
                }
            },
            .size(
                "audit-size", "AUDIT_SIZE", 0...(1 << 30),
                "how much of the log is kept in memory, the newest lines (1M); below 1536 nothing",
                \.audit.ringBytes),
            .size(
                "audit-queue", "AUDIT_QUEUE", 4096...(1 << 30),
                "how much of the log waits for a slow receiver before lines are dropped and counted (1M)",
                \.audit.queueBytes),
            Option(
                flag: "audit-addresses", variable: "AUDIT_ADDRESSES", value: "whole|truncated|hashed",
                help: "how clients' addresses stand in the log (whole); truncated to /24 and /48",
                show: { $0.audit.addresses.rawValue }
            ) { (text, configuration) throws(Option.Refused) in
                guard let choice = AuditAddresses(rawValue: text) else {
                    throw Option.Refused(allowed: "whole, truncated or hashed")
                }
                configuration.audit.addresses = choice
            },
            Option(
                flag: "certificate", variable: "CERTIFICATE", value: "stdout|stderr|fd:N|off",
                help: "where the certificate of destruction goes at the end (stderr on a terminal, else off)",
                show: { $0.audit.certificate.descriptor.map { AuditTarget.descriptor($0).text } ?? "off" }
            ) { (text, configuration) throws(Option.Refused) in
                if text == "off" {
                    configuration.audit.certificate = .off
                } else if case .descriptor(let number) = AuditTarget(text) {
                    configuration.audit.certificate = .open(number)
                } else {
                    throw Option.Refused(allowed: "stdout, stderr, fd:N or off")
                }
            },
        ]
    }
}
