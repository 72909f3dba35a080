// The environment: settings that anybody may see, and secrets that are taken out of it.
internal import CLinux
internal import Glibc

/// The variables that the process was started with.
public enum Environment {
    /// The value of a variable that is no secret, or nil where it is not set.
    public static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// How many bytes the value of a variable has, without looking at it; 0 where it is not set.
    public static func size(of name: String) -> Int {
        guard let value = unsafe getenv(name) else { return 0 }
        return unsafe strlen(value)
    }

    /// Moves the value of a variable into the arena and wipes it from the environment, so that neither
    /// `/proc/PID/environ` nor a dump shows it. Nil where it is not set or the arena has no room.
    public static func takeSecret(_ name: String, into arena: SecureArena) -> SecureBytes? {
        guard let value = unsafe getenv(name) else { return nil }
        let count = unsafe strlen(value)
        defer {
            unsafe onetime_wipe(value, count)
            unsafe unsetenv(name)
        }
        guard var bytes = arena.allocate(count) else { return nil }
        let raw = unsafe UnsafeRawBufferPointer(start: value, count: count)
        let taken = unsafe bytes.append(Span(_unsafeElements: raw.bindMemory(to: UInt8.self)))
        guard taken else { return nil }
        return consume bytes
    }
}
