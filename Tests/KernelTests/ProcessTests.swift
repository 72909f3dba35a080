// Descriptors, threads, limits and clocks.

import Foundation
import Glibc
import Testing

@testable import Kernel

@Suite struct ProcessTests {
    @Test func `a descriptor is closed with its owner`() throws {
        let ends = try pipeEnds()
        let reader = FileDescriptor(owning: ends.read)
        do {
            let writer = FileDescriptor(owning: ends.write)
            try FileDescriptor.write([1, 2].span, to: writer.rawValue)
        }
        var bytes: [UInt8] = [0, 0, 0]
        let first = unsafe read(reader.rawValue, &bytes, 3)
        #expect(first == 2)
        // Only a pipe that nobody can write to any more has an end.
        let second = unsafe read(reader.rawValue, &bytes, 3)
        #expect(second == 0)
        let isTerminal = FileDescriptor.isTerminal(reader.rawValue)
        #expect(!isTerminal)
    }

    @Test func `writing goes on until all is written`() throws {
        let ends = try pipeEnds()
        let reader = FileDescriptor(owning: ends.read)
        let writer = ends.write
        let count = 300_000  // More than a pipe holds.
        try Kernel.Process.startThread(named: "writer") {
            let owner = FileDescriptor(owning: writer)
            try? FileDescriptor.write([UInt8](repeating: 7, count: count).span, to: owner.rawValue)
        }
        var total = 0
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = unsafe read(reader.rawValue, &bytes, bytes.count)
            if got <= 0 { break }
            #expect(bytes[..<got].allSatisfy { $0 == 7 })
            total += got
        }
        #expect(total == count)
    }

    @Test func `writing where nobody reads is an error`() throws {
        #expect(throws: Errno(rawValue: EBADF)) { try FileDescriptor.write([1].span, to: -1) }
    }

    @Test(arguments: [("worker", "worker"), ("a name that is much too long", "a name that is ")])
    func `a thread bears its name and is not interrupted by signals`(_ name: String, _ shown: String) async throws {
        typealias Facts = (name: String, blocks: Bool, isOther: Bool)
        let facts: Facts = try await withCheckedThrowingContinuation { continuation in
            let here = Kernel.Process.currentThread()
            do {
                try Kernel.Process.startThread(named: name) {
                    var blocked = sigset_t()
                    unsafe pthread_sigmask(SIG_SETMASK, nil, &blocked)
                    let blocks = unsafe sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGUSR1) == 1
                    let text = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                    let shown = String((text ?? "").prefix { $0 != "\n" })
                    continuation.resume(returning: (shown, blocks, !Kernel.Process.isCurrentThread(here)))
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(facts.name == shown)
        #expect(facts.blocks)
        #expect(facts.isOther)
    }

    @Test func `many threads that end at once harm nobody`() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        do {
                            try Kernel.Process.startThread(named: "short") { continuation.resume() }
                        } catch {
                            Issue.record("\(error)")
                            continuation.resume()
                        }
                    }
                }
            }
        }
    }

    @Test func `the limit on open files is raised as far as it goes`() throws {
        let raised = Kernel.Process.raiseOpenFileLimit()
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(limit.rlim_cur == limit.rlim_max)
        #expect(UInt(raised) == min(limit.rlim_cur, UInt(Int32.max)))
    }

    @Test func `one clock only goes forward and the other one tells the time`() {
        var last = BootClock.milliseconds()
        for _ in 0..<1000 {
            let now = BootClock.milliseconds()
            #expect(now >= last)
            last = now
        }
        let time = Int64(Glibc.time(nil))
        #expect(abs(WallClock.seconds() - time) <= 1)
    }

    private func pipeEnds() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        let result = unsafe pipe(&ends)
        try #require(result == 0)
        return (ends[0], ends[1])
    }
}
