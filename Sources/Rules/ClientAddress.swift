// Whom a request comes from, where proxies stand in between.
public import HTTPWire
public import Kernel

/// The address that a request counts as.
///
/// Proxies append to X-Forwarded-For or Forwarded whom they got a request from. Both are read from right to left, each entry only
/// because the one behind it, at last the connection's own address, is a trusted proxy's. The first one that is none is the client.
/// Nothing that anybody else wrote is believed. Where a trusted proxy hides the address, writes what is none, or leaves two fields
/// that contradict each other (it appends to one, and hands on the other as the client made it up), the client is not known.
public struct ClientAddress: Equatable, Sendable {
    /// The client's address; if it is not known, that of the proxy where the trace is lost.
    public let address: InternetAddress
    /// Whether the client's address is known.
    public let isKnown: Bool
    /// Whether a trusted proxy spoke for the client.
    public let isForwarded: Bool

    /// How many entries and lines are looked at; whoever is further away is not known.
    public static var maximumHops: Int { 32 }

    /// A client's address.
    public init(_ address: InternetAddress, isKnown: Bool = true, isForwarded: Bool = false) {
        self.address = address
        self.isKnown = isKnown
        self.isForwarded = isForwarded
    }

    /// Finds the client of a request. O(1) unless the peer is trusted, then O(head); no allocation.
    ///
    /// - Parameters:
    ///   - head: the request's head, parsed from `bytes`.
    ///   - peer: where the connection comes from.
    ///   - trusted: the proxies that are believed.
    public init(of head: RequestHead, in bytes: Span<UInt8>, peer: InternetAddress, trusted: [AddressRange]) {
        self.init(peer)
        guard !trusted.isEmpty, trusted.cover(peer) else { return }
        let listed = Self.trace(.xForwardedFor, .list, head, bytes, peer, trusted)
        let forwarded = Self.trace(.forwarded, .elements, head, bytes, peer, trusted)
        if let listed, let forwarded, listed != forwarded {
            self.init(peer, isKnown: false, isForwarded: true)
        } else if let found = listed ?? forwarded {
            self = found
        }
    }

    /// Follows one field; nil if there is none, or nothing in it.
    private static func trace(
        _ field: KnownField, _ grammar: ForwardingGrammar, _ head: RequestHead, _ bytes: Span<UInt8>,
        _ peer: InternetAddress, _ trusted: [AddressRange]
    ) -> ClientAddress? {
        var (hop, steps, isEmpty) = (peer, 0, true)
        var next = head.range(of: field)
        while let line = next {
            var end = line.upperBound
            while let element = grammar.lastElement(bytes, from: line.lowerBound, to: &end) {
                isEmpty = false
                steps += 1
                guard steps <= maximumHops, let text = grammar.address(of: element, in: bytes),
                    let address = InternetAddress(text.span(in: bytes))
                else { return ClientAddress(hop, isKnown: false, isForwarded: true) }
                guard trusted.cover(address) else { return ClientAddress(address, isForwarded: true) }
                hop = address
            }
            steps += 1
            guard head.isRepeated(field) else { break }
            guard steps <= maximumHops else { return ClientAddress(hop, isKnown: false, isForwarded: true) }
            next = head.lastLine(of: field, before: line.lowerBound, in: bytes)
        }
        return isEmpty ? nil : ClientAddress(hop, isForwarded: true)
    }
}
