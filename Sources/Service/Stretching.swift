// A passphrase on its way through a worker.
internal import Sealing
internal import SecureMemory
internal import Synchronization

/// One run of scrypt: handed to a worker, looked at by the loop once it is done.
final class Stretching: Sendable {
    private struct State: ~Copyable {
        var passphrase: SecureBytes
        var salt: SecureBytes
        var result: SecureBytes
        var succeeded = false
    }

    private let state: Mutex<State>
    private let parameters: ScryptParameters

    /// - Parameter salt: 32 bytes, the share that the server holds or will hold.
    init(
        passphrase: consuming SecureBytes, salt: consuming SecureBytes, parameters: ScryptParameters,
        arena: SecureArena
    ) throws(SealingError) {
        guard let result = arena.allocate(PassphraseLock.stretchedSize) else { throw .arenaFull }
        state = Mutex(State(passphrase: passphrase, salt: salt, result: result))
        self.parameters = parameters
    }

    /// Takes its time; for a worker.
    func run() {
        let parameters = parameters
        state.withLock { state in
            state.succeeded = Self.stretch(state.passphrase, state.salt, into: &state.result, parameters)
            state.passphrase.wipe()
        }
    }

    private static func stretch(
        _ passphrase: borrowing SecureBytes, _ salt: borrowing SecureBytes, into result: inout SecureBytes,
        _ parameters: ScryptParameters
    ) -> Bool {
        do throws(SealingError) {
            try parameters.stretch(passphrase.span, salt: salt.span, into: &result)
            return true
        } catch {
            return false
        }
    }

    /// Lets the closure look at the stretched passphrase and the salt, if the run succeeded.
    func withResult<Result>(_ body: (Span<UInt8>, Span<UInt8>) -> Result) -> Result? {
        state.withLock { state in
            guard state.succeeded else { return nil }
            return body(state.result.span, state.salt.span)
        }
    }
}
