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
}
