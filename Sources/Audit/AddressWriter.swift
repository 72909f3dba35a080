// A client's address, as much of it as the operator wants to keep.
internal import Sealing
internal import SecureMemory

/// Writes `source.ip` or `source.address`.
struct AddressWriter: ~Copyable {
    private let choice: AuditAddresses
    private let hash: HashContext
    private let key: SecureBytes?

    init(_ choice: AuditAddresses, hash: HashContext, arena: SecureArena) throws(SealingError) {
        self.choice = choice
        self.hash = hash
        guard choice == .hashed else {
            key = nil
            return
        }
        guard var key = arena.allocate(32) else { throw .arenaFull }
        try Randomness.append(32, to: &key)
        self.key = consume key
    }

    /// Appends the field.
    func write(_ address: [16 of UInt8], into buffer: inout LineBuffer) {
        switch choice {
        case .whole:
            Self.write(address, into: &buffer)
        case .truncated:
            var network = address
            for index in Self.isIPv4(address) ? 15..<16 : 6..<16 { network[index] = 0 }
            Self.write(network, into: &buffer)
        case .hashed:
            writeHash(of: address, into: &buffer)
        }
    }

    private func writeHash(of address: [16 of UInt8], into buffer: inout LineBuffer) {
        var digest: [32 of UInt8] = .init(repeating: 0)
        do throws(SealingError) {
            try hash.begin()
            switch key {
            case .some(let key): try hash.add(key.span)
            case .none: break
            }
            try hash.add(address.span)
            try hash.finish(into: &digest)
        } catch {
            return
        }
        buffer.append(#","source.address":""#)
        for index in 0..<8 { buffer.append(hexadecimal: digest[index]) }
        buffer.append(0x22)
    }

    private static func isIPv4(_ address: [16 of UInt8]) -> Bool {
        for index in 0..<10 where address[index] != 0 { return false }
        return address[10] == 0xFF && address[11] == 0xFF
    }

    private static func write(_ address: [16 of UInt8], into buffer: inout LineBuffer) {
        buffer.append(#","source.ip":""#)
        if isIPv4(address) {
            for index in 12..<16 {
                if index > 12 { buffer.append(0x2E) }
                buffer.append(octet: address[index])
            }
        } else {
            writeIPv6(address, into: &buffer)
        }
        buffer.append(0x22)
    }

    /// RFC 5952: groups without leading zeroes, the first longest run of two or more zero groups as `::`.
    private static func writeIPv6(_ address: [16 of UInt8], into buffer: inout LineBuffer) {
        func group(_ index: Int) -> UInt16 { UInt16(address[2 * index]) << 8 | UInt16(address[2 * index + 1]) }
        var (runStart, runCount, start) = (8, 1, 0)
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > runCount { (runStart, runCount) = (start, end - start) }
            start = max(end, start + 1)
        }
        var index = 0
        while index < 8 {
            if index == runStart {
                buffer.append(index == 0 ? "::" : ":")
                index += runCount
                continue
            }
            let number = group(index)
            for shift in stride(from: UInt16(12), through: 0, by: -4) where shift == 0 || number >> shift > 0 {
                let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
                buffer.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
            index += 1
            if index < 8 { buffer.append(0x3A) }
        }
    }
}
