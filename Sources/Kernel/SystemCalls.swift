// The one place where the calls that move bytes are named, and, in debug builds, where a test can script their outcome.
internal import CLinux
internal import Glibc

#if DEBUG
    internal import Synchronization

    /// Outcomes that a test scripts for the system calls of its own task: how partial writes, `EINTR` and `EMFILE` get tests.
    final class SystemCallScript: Sendable {
        /// A call whose outcome can be scripted.
        enum Call: Sendable { case receive, send, accept, wait }

        /// What happens instead of the plain call.
        enum Outcome: Sendable {
            /// The call fails with this error.
            case failure(Errno)
            /// The call is made, with at most this many bytes.
            case atMost(Int)
        }

        @TaskLocal static var current: SystemCallScript?

        private let outcomes: Mutex<[(Call, Outcome)]>
        private let made = Mutex<[Call]>([])

        init(_ outcomes: [(Call, Outcome)]) {
            self.outcomes = Mutex(outcomes)
        }

        /// The calls that were made, in order.
        var trace: [Call] { made.withLock { $0 } }

        func next(_ call: Call) -> Outcome? {
            made.withLock { $0.append(call) }
            return outcomes.withLock { list in
                guard let index = list.firstIndex(where: { $0.0 == call }) else { return nil }
                return list.remove(at: index).1
            }
        }
    }
#endif

enum SystemCalls {
    /// Makes a call, again for as long as a signal interrupts it, and turns -1 into the error.
    @inline(__always)
    static func retrying(_ call: () -> Int) throws(Errno) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let error = Errno.last
            if error != .interrupted { throw error }
        }
    }

    /// `recv(2)`
    @inline(__always)
    static func receive(_ socket: Int32, _ bytes: UnsafeMutableRawBufferPointer, _ flags: Int32 = 0) -> Int {
        var count = bytes.count
        #if DEBUG
            guard scripted(.receive, &count) else { return -1 }
        #endif
        return unsafe recv(socket, bytes.baseAddress, count, flags)
    }

    /// `send(2)` without SIGPIPE.
    @inline(__always)
    static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        var count = bytes.count
        #if DEBUG
            guard scripted(.send, &count) else { return -1 }
        #endif
        return unsafe Glibc.send(socket, bytes.baseAddress, count, Int32(MSG_NOSIGNAL))
    }

    /// `sendmmsg(2)` without SIGPIPE: datagrams that lie one behind the other from `start` on. Returns how many were sent.
    static func send(
        _ socket: Int32, _ bytes: UnsafeRawBufferPointer, from start: Int, _ ends: UnsafeBufferPointer<Int>
    ) -> Int {
        var count = ends.count
        #if DEBUG
            guard scripted(.send, &count) else { return -1 }
        #endif
        return unsafe Int(onetime_send_datagrams(socket, bytes.baseAddress, start, ends.baseAddress, count))
    }

    /// `accept4(2)`: the new socket does not block and is closed on exec.
    static func accept(_ socket: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: inout socklen_t) -> Int {
        #if DEBUG
            var count = 1
            guard scripted(.accept, &count) else { return -1 }
        #endif
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return unsafe Int(accept4(socket, address, &length, flags))
    }

    /// `epoll_wait(2)`
    @inline(__always)
    static func wait(
        _ queue: Int32, _ events: UnsafeMutableBufferPointer<epoll_event>, _ milliseconds: Int32
    ) -> Int {
        #if DEBUG
            var count = events.count
            guard scripted(.wait, &count) else { return -1 }
        #endif
        return unsafe Int(epoll_wait(queue, events.baseAddress, Int32(events.count), milliseconds))
    }

    #if DEBUG
        private static func scripted(_ call: SystemCallScript.Call, _ count: inout Int) -> Bool {
            guard let outcome = SystemCallScript.current?.next(call) else { return true }
            switch outcome {
            case .failure(let error):
                errno = error.rawValue
                return false
            case .atMost(let limit):
                count = min(count, limit)
                return true
            }
        }
    #endif
}
