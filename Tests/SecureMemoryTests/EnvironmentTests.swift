// Secrets that come in through the environment.

import Glibc
import Testing

@testable import SecureMemory

@Suite(.serialized) struct EnvironmentTests {
    @Test func `a secret moves into the arena, and is wiped where it was`() throws {
        let arena = try SecureArena(capacity: 4096)
        unsafe setenv("ONETIME_TEST_SECRET", "correct horse battery staple", 1)
        let place = unsafe UInt(bitPattern: getenv("ONETIME_TEST_SECRET"))
        #expect(readThroughKernel(place, count: 7) == Array("correct".utf8))
        let taken = Environment.takeSecret("ONETIME_TEST_SECRET", into: arena)
        #expect(readThroughKernel(place, count: 28) == [UInt8](repeating: 0, count: 28))
        guard let bytes = taken else { throw SecureMemoryError.outOfMemory(28) }
        #expect(bytes.span.indices.map { bytes.span[$0] } == Array("correct horse battery staple".utf8))
        #expect(Environment.value("ONETIME_TEST_SECRET") == nil)
    }

    @Test func `a secret that finds no room in the arena is wiped all the same`() throws {
        let arena = try SecureArena(capacity: 4096)
        guard let all = arena.allocate(4096) else { throw SecureMemoryError.outOfMemory(4096) }
        unsafe setenv("ONETIME_TEST_SECRET_2", "correct horse", 1)
        let place = unsafe UInt(bitPattern: getenv("ONETIME_TEST_SECRET_2"))
        let isTaken = Environment.takeSecret("ONETIME_TEST_SECRET_2", into: arena) != nil
        #expect(!isTaken)
        #expect(readThroughKernel(place, count: 13) == [UInt8](repeating: 0, count: 13))
        #expect(Environment.value("ONETIME_TEST_SECRET_2") == nil)
        #expect(all.capacity == 4096)
    }

    @Test func `what is not set is nothing, and an empty value is no bytes`() throws {
        let arena = try SecureArena(capacity: 4096)
        let missing = Environment.takeSecret("ONETIME_TEST_MISSING", into: arena) == nil
        #expect(missing)
        #expect(Environment.value("ONETIME_TEST_MISSING") == nil)
        unsafe setenv("ONETIME_TEST_EMPTY", "", 1)
        let count = Environment.takeSecret("ONETIME_TEST_EMPTY", into: arena)?.count
        #expect(count == 0)
    }

    @Test func `a setting that is no secret stays`() {
        unsafe setenv("ONETIME_TEST_SETTING", "blue", 1)
        #expect(Environment.value("ONETIME_TEST_SETTING") == "blue")
        #expect(Environment.value("ONETIME_TEST_SETTING") == "blue")
        unsafe unsetenv("ONETIME_TEST_SETTING")
    }
}
