// Protected pages, as the kernel sees them.

import Glibc
import Testing

@testable import SecureMemory

/// Whether this kernel has memory that even root can't read.
let kernelHasSecretMemory = (try? SecureArena(capacity: 4096))?.protection == .secretMemory

@Suite struct LockedMappingTests {
    private func address(_ mapping: borrowing LockedMapping) -> UInt {
        unsafe UInt(bitPattern: mapping.base)
    }

    @Test(arguments: [true, false])
    func `a page that nobody may touch lies on each side`(_ allowsSecretMemory: Bool) throws {
        let mapping = try LockedMapping(byteCount: 5000, allowsSecretMemory: allowsSecretMemory)
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let base = address(mapping)
        let end = base + UInt(mapping.count)
        #expect(mapping.count == Int((5000 + page - 1) / page * page))
        for outside in [base - 1, base - page, end, end + page - 1] {
            let region = try #require(MappedRegion.containing(outside))
            #expect(region.permissions.hasPrefix("---"))
        }
        for inside in [base, end - 1] {
            let region = try #require(MappedRegion.containing(inside))
            #expect(region.permissions.hasPrefix("rw-"))
        }
    }

    @Test(arguments: [true, false])
    func `protected pages are left out of dumps and not inherited`(_ allowsSecretMemory: Bool) throws {
        let mapping = try LockedMapping(byteCount: 4096, allowsSecretMemory: allowsSecretMemory)
        let region = try #require(MappedRegion.containing(address(mapping)))
        #expect(region.flags.isSuperset(of: ["dd", "dc"]), "\(region.flags)")
        if mapping.protection != .unlockedMemory { #expect(region.flags.contains("lo"), "\(region.flags)") }
    }

    @Test(.enabled(if: kernelHasSecretMemory))
    func `secret memory can not be read through the kernel`() throws {
        let mapping = try LockedMapping(byteCount: 4096, allowsSecretMemory: true)
        #expect(mapping.protection == .secretMemory)
        unsafe mapping.base[0] = 42
        #expect(readThroughKernel(address(mapping), count: 1) == nil)
        let own = unsafe mapping.base[0]
        #expect(own == 42)
    }

    @Test func `locked memory is what is had where secret memory is not wanted`() throws {
        let mapping = try LockedMapping(byteCount: 4096, allowsSecretMemory: false)
        #expect(mapping.protection == .lockedMemory || mapping.protection == .unlockedMemory)
        unsafe mapping.base[0] = 42
        #expect(readThroughKernel(address(mapping), count: 2) == [42, 0])
    }

    @Test(arguments: [true, false])
    func `all of it is zero, and backed by memory once it was touched`(_ allowsSecretMemory: Bool) throws {
        let mapping = try LockedMapping(byteCount: 40 * 4096, allowsSecretMemory: allowsSecretMemory)
        mapping.touch()
        for offset in stride(from: 0, to: mapping.count, by: 4096) {
            #expect(isResident(address(mapping) + UInt(offset)))
        }
        let isZero = unsafe UnsafeBufferPointer(start: mapping.base, count: mapping.count).allSatisfy { $0 == 0 }
        #expect(isZero)
    }

    @Test func `a mapping that the machine can not give is an error`() {
        #expect(throws: SecureMemoryError.self) {
            _ = try LockedMapping(byteCount: 1 << 50, allowsSecretMemory: false)
        }
    }

    @Test func `what a borrower writes lies in the protected pages`() throws {
        let arena = try SecureArena(capacity: 4096)
        guard var bytes = arena.allocate(64) else { throw SecureMemoryError.outOfMemory(64) }
        bytes.append([1, 2, 3].span)
        let place = unsafe UInt(bitPattern: bytes.base)
        let region = try #require(MappedRegion.containing(place))
        #expect(region.flags.contains("dd"))
        #expect((readThroughKernel(place, count: 3) == nil) == (arena.protection == .secretMemory))
    }
}
