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
    /// O(n log n) in the ranges of both, times those that are allowed here.
    public func meets(_ other: NetworkRule) -> Bool {
        let denied = (self.denied + other.denied).sorted { $0.precedes($1) }
        let (ofIPv4, ofIPv6) = (denied.outermost(areIPv4: true), denied.outermost(areIPv4: false))
        return common(with: other.allowed).contains { !$0.isWithin($0.first.isIPv4 ? ofIPv4 : ofIPv6) }
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

    /// The order of their first addresses, and the larger one first where they are the same.
    fileprivate func precedes(_ other: AddressRange) -> Bool {
        first == other.first ? sharedBits < other.sharedBits : first.precedes(other.first)
    }

    /// Whether each of its addresses is in one of some ranges of its kind, which are in order and have no address in common.
    fileprivate func isWithin(_ ranges: [AddressRange]) -> Bool {
        var (index, end) = (0, ranges.count)
        while index < end {
            let middle = (index + end) / 2
            if first.precedes(ranges[middle].first) { end = middle } else { index = middle + 1 }
        }
        guard index > 0, ranges[index - 1].contains(first) else { return false }
        while true {
            let last = ranges[index - 1]
            // Ranges that have an address in common lie in one another.
            guard last.sharedBits > sharedBits, var next = last.first.first(behind: last.sharedBits) else {
                return true
            }
            // Those of IPv4 lie amid the others, and are none of them.
            if next.isIPv4, !first.isIPv4 { next = InternetAddress(high: 0, low: 1 << 48) }
            guard contains(next) else { return true }
            guard index < ranges.count, ranges[index].first == next else { return false }
            index += 1
        }
    }
}

extension [AddressRange] {
    /// Those of IPv4, or those that are not, without what lies in another; they have to be in order, and are.
    fileprivate func outermost(areIPv4: Bool) -> [AddressRange] {
        var found: [AddressRange] = []
        for range in self where range.first.isIPv4 == areIPv4 && found.last?.covers(range) != true {
            found.append(range)
        }
        return found
    }
}

extension InternetAddress {
    fileprivate func precedes(_ other: InternetAddress) -> Bool {
        high == other.high ? low < other.low : high < other.high
    }

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
