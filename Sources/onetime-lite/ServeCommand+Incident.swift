// What the operator's log says of an incident.
import Log
import Service

extension ServeCommand {
    /// Tells what somebody with an administrator's key, or a signal, stopped or burned.
    static func tell(_ event: IncidentEvent, _ log: LogStream) {
        switch event {
        case .lockedDown(let mode, let name):
            log.event(
                "lock-down: \(mode.name)", .warning,
                [("event.action", "lockdown"), ("onetime.lockdown", "\(mode.name)")] + user(name))
        case .burned(let number, let count, let isFinished, let name):
            log.event(
                isFinished ? "burned \(count) secrets" : "burned \(count) secrets, and goes on", .warning,
                [("event.action", "burn"), ("onetime.burn", "\(number)"), ("onetime.count", "\(count)")] + user(name))
        case .surveyed(let name):
            log.event("secrets were listed", .info, [("event.action", "survey")] + user(name))
        }
    }

    private static func user(_ name: String?) -> [(name: String, value: String)] {
        name.map { [("user.name", $0)] } ?? []
    }
}
