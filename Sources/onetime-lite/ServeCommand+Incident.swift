// What the operator's log says of an incident.
import Log
import Rules
import Service

extension ServeCommand {
    /// Tells what somebody with an administrator's key, or a signal, stopped or burned.
    static func tell(_ event: IncidentEvent, _ log: LogStream) {
        switch event {
        case .lockedDown(let mode, let key):
            log.event(
                "lock-down: \(mode.name)", .warning,
                [("event.action", "lockdown"), ("onetime.lockdown", "\(mode.name)")] + user(key))
        case .burned(let number, let count, let isFinished, let key):
            log.event(
                isFinished ? "burned \(count) secrets" : "burned \(count) secrets, and goes on", .warning,
                [("event.action", "burn"), ("onetime.burn", "\(number)"), ("onetime.count", "\(count)")] + user(key))
        case .surveyed(let key):
            log.event("secrets were listed", .info, [("event.action", "survey")] + user(key))
        }
    }

    private static func user(_ key: APIKey?) -> [(name: String, value: String)] {
        key.map { [("user.name", $0.name), ("user.id", $0.id.text)] } ?? []
    }
}
