// Which networks may do something: a list of those that may, a list of those that may not.
public import Kernel

/// Ranges of addresses that are allowed, and ranges that are denied. Denial is stronger; an empty list of allowed ones allows all.
public struct NetworkRule: Equatable, Sendable {
    /// How many ranges a list of the server may have.
    public static var maximumRanges: Int { 1024 }

    /// The ranges that may; empty for all.
    public var allowed: [AddressRange]
    /// The ranges that may not, even where they are among those that may.
    public var denied: [AddressRange]

    /// A rule; without lists it lets everybody do everything.
    public init(allowed: [AddressRange] = [], denied: [AddressRange] = []) {
        self.allowed = allowed
        self.denied = denied
    }

    /// Whether there is no rule at all.
    public var isEmpty: Bool { allowed.isEmpty && denied.isEmpty }

    /// Whether an address may; nil, one that is not known, may only where there is no rule. O(ranges), no allocation.
    public func permits(_ address: InternetAddress?) -> Bool {
        guard let address else { return isEmpty }
        if denied.cover(address) { return false }
        return allowed.isEmpty || allowed.cover(address)
    }

    /// Whether there is an address that both this rule and another one permit.
    ///
    /// O((ranges of both)²), two milliseconds where the other has as many as there may be; this one should be short.
    public func meets(_ other: NetworkRule) -> Bool {
        let denied = self.denied + other.denied
        return common(with: other.allowed).contains { !$0.isWithin(denied) }
    }

    /// Ranges of all addresses that are allowed here and there.
    private func common(with others: [AddressRange]) -> [AddressRange] {
        if allowed.isEmpty, others.isEmpty {
            let zero = InternetAddress(high: 0, low: 0)
            return [AddressRange(InternetAddress(ipv4: 0), sharedBits: 96), AddressRange(zero, sharedBits: 0)]
                .compactMap(\.self)
        }
        if allowed.isEmpty || others.isEmpty { return allowed + others }
        var found: [AddressRange] = []
        for (index, range) in allowed.enumerated() {
            // Once is enough for ranges that are in another.
            let outer = allowed.indices.first { $0 != index && allowed[$0].covers(range) }
            if let outer, outer < index || allowed[outer] != range { continue }
            if others.contains(where: { $0.covers(range) }) {
                found.append(range)
            } else {
                found += others.filter { range.covers($0) }
            }
        }
        return found
    }
}

extension AddressRange {
    /// Whether all of another range is in this one.
    fileprivate func covers(_ other: AddressRange) -> Bool {
        sharedBits <= other.sharedBits && contains(other.first)
    }

    /// Whether each of its addresses is in one of some ranges.
    fileprivate func isWithin(_ ranges: [AddressRange]) -> Bool {
        var address = first
        repeat {
            // More bits than there are: none.
            var widest: UInt8 = 129
            for range in ranges where range.sharedBits < widest && range.contains(address) {
                widest = range.sharedBits
            }
            if widest > 128 { return false }
            // Ranges that have an address in common lie in one another.
            guard widest > sharedBits, var next = address.first(behind: widest) else { return true }
            // Those of IPv4 lie amid the others, and are none of them.
            if next.isIPv4, !first.isIPv4 { next = InternetAddress(high: 0, low: 1 << 48) }
            address = next
        } while contains(address)
        return true
    }
}

extension InternetAddress {
    /// The first address behind those that share so many bits with this one, at least one; nil behind the last.
    fileprivate func first(behind sharedBits: UInt8) -> InternetAddress? {
        guard sharedBits > 64 else {
            let size = UInt64(1) << UInt64(64 - sharedBits)
            let (high, overflow) = (high & ~(size - 1)).addingReportingOverflow(size)
            return overflow ? nil : InternetAddress(high: high, low: 0)
        }
        let size = UInt64(1) << UInt64(128 - sharedBits)
        let (low, carry) = (low & ~(size - 1)).addingReportingOverflow(size)
        guard carry else { return InternetAddress(high: high, low: low) }
        return high == .max ? nil : InternetAddress(high: high + 1, low: low)
    }
}
