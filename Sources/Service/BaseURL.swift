// Where links point to.
internal import HTTPServer
internal import HTTPWire
internal import Pages

extension ServiceContext {
    /// Writes the part of a link before its path.
    ///
    /// The request's own host where it is a domain with a brand; else the configured public URL; without one the request's own
    /// host, but only when that is loopback, private or allowed, for anybody can send any Host.
    func appendBaseURL(_ request: borrowing Request, to response: inout ResponseWriter) {
        let host = request.head.host.span(in: request.bytes)
        if let base = fixedBaseURL(host) { return response.append(base) }
        response.append(scheme(request, host))
        response.append(host)
    }

    /// Where links point to whatever the request names; nil where they point to the host that it names.
    func fixedBaseURL(_ host: Span<UInt8>) -> String? {
        if domain(host) != nil { return nil }
        if let publicURL = settings.publicURL { return publicURL }
        return isTrusted(host) ? nil : settings.fallbackURL
    }

    /// What stands before the host of a request. A domain with a brand is reached in the same way as the public URL, if there is one:
    /// TLS may end at a proxy.
    func scheme(_ request: borrowing Request, _ host: Span<UInt8>) -> StaticString {
        if let publicURL = settings.publicURL, domain(host) != nil {
            return publicURL.hasPrefix("https://") ? "https://" : "http://"
        }
        return request.isSecure ? "https://" : "http://"
    }

    /// The domain with a brand that a host is, on whichever port.
    func domain(_ host: Span<UInt8>) -> ServiceSettings.Domain? {
        if settings.domains.isEmpty { return nil }
        let name = HostName.withoutPort(host)
        return settings.domains.first { name.equals(lowerCase: $0.name.utf8Span.span) }
    }

    /// Whose pages a request gets.
    func brand(_ request: borrowing Request) -> Brand {
        domain(request.head.host.span(in: request.bytes))?.brand ?? settings.brand
    }

    /// Whether links may point to a host as a request names it.
    func isTrusted(_ host: Span<UInt8>) -> Bool {
        // One that is allowed without a port is so on every port: the one that clients see may be a proxy's or a container's.
        let name = HostName.withoutPort(host)
        for allowed in settings.allowedHosts {
            let allowed = allowed.utf8Span.span
            if host.equals(lowerCase: allowed) || name.equals(lowerCase: allowed) { return true }
        }
        return HostName.isLoopbackOrPrivate(host)
    }

    /// Whether a host is one of the server's own, on any port, or this machine or a private address.
    func serves(_ host: Span<UInt8>) -> Bool {
        let name = HostName.withoutPort(host)
        for own in settings.ownNames where name.equals(lowerCase: own.utf8Span.span) { return true }
        return HostName.isLoopbackOrPrivate(host)
    }

    /// Whether a page's form was sent by a page of this server, as far as the browser says.
    ///
    /// `Sec-Fetch-Site` where there is one (only for hosts that the browser trusts) that names a page, else `Origin`. Pages are sent
    /// with `no-referrer`, which makes browsers send `Origin: null`, as any other page can, too; then the form's hidden field has to
    /// prove it.
    func isSameOrigin(_ request: borrowing Request, hasFormToken: Bool) -> Bool {
        if let site = request.value(of: .secFetchSite), !site.equals("none") { return site.equals("same-origin") }
        guard let origin = request.value(of: .origin) else { return true }
        if origin.equals("null") { return hasFormToken }
        if let publicURL = settings.publicURL, origin.equals(publicURL.utf8Span.span) { return true }
        let host = request.head.host.span(in: request.bytes)
        let scheme = scheme(request, host)
        return origin.hasPrefix(scheme) && origin.extracting(droppingFirst: scheme.utf8CodeUnitCount).equals(host)
    }
}

extension Span<UInt8> {
    /// Whether both have the same bytes. For public words only: it stops at the first difference.
    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    /// Whether the bytes are a text in lower case, but for the case of ASCII letters.
    func equals(lowerCase text: Span<UInt8>) -> Bool {
        guard count == text.count else { return false }
        for index in indices {
            let byte = self[index]
            guard ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == text[index] else { return false }
        }
        return true
    }

    /// The same for a text that is part of the program.
    func equals(lowerCase text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // A StaticString shows its bytes by a pointer that lives as long as the program.
        return unsafe equals(lowerCase: Span(_unsafeStart: text.utf8Start, count: count))
    }

    func hasPrefix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && extracting(first: text.utf8CodeUnitCount).equals(text)
    }
}

/// Host names as they stand in the Host field.
enum HostName {
    /// Whether a host is this machine or an address of a private network (RFC 1918, RFC 4193, link-local).
    static func isLoopbackOrPrivate(_ host: Span<UInt8>) -> Bool {
        let name = withoutPort(host)
        if name.equals(lowerCase: "localhost") || name.equals("[::1]") { return true }
        if name.count > 10, name.extracting(last: 10).equals(lowerCase: ".localhost") { return true }
        if name.count > 6, name[5] == UInt8(ascii: ":"), name[0] == UInt8(ascii: "[") {
            let group = name.extracting(1..<5)
            return group.equals(lowerCase: "fe80") || group.extracting(first: 2).equals(lowerCase: "fc")
                || group.extracting(first: 2).equals(lowerCase: "fd")
        }
        guard let (first, second) = ipv4Prefix(name) else { return false }
        switch (first, second) {
        case (127, _), (10, _), (192, 168), (169, 254), (172, 16...31): return true
        default: return false
        }
    }

    /// Whether a host is this machine.
    static func isLoopback(_ host: Span<UInt8>) -> Bool {
        let name = withoutPort(host)
        return name.equals(lowerCase: "localhost") || name.equals("[::1]") || ipv4Prefix(name)?.0 == 127
    }

    @_lifetime(copy host)
    static func withoutPort(_ host: Span<UInt8>) -> Span<UInt8> {
        var end = host.count
        var index = host.count - 1
        while index >= 0 {
            if host[index] == UInt8(ascii: "]") { break }
            if host[index] == UInt8(ascii: ":") {
                end = index
                break
            }
            index -= 1
        }
        return host.extracting(first: end)
    }

    /// The first two numbers of a dotted quad, or nil for anything else.
    private static func ipv4Prefix(_ name: Span<UInt8>) -> (Int, Int)? {
        var numbers: [4 of Int] = .init(repeating: 0)
        var part = 0
        var digits = 0
        for index in name.indices {
            switch name[index] {
            case UInt8(ascii: "."):
                guard digits > 0, part < 3 else { return nil }
                part += 1
                digits = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // A leading zero means octal to some, and so another address.
                if digits > 0 && numbers[part] == 0 { return nil }
                numbers[part] = numbers[part] * 10 + Int(name[index] - 0x30)
                digits += 1
                guard numbers[part] <= 255 else { return nil }
            default: return nil
            }
        }
        return part == 3 && digits > 0 ? (numbers[0], numbers[1]) : nil
    }
}

extension Request {
    /// Whether a page of another site, or of a neighbour within this one, has a browser fetch this as a part of itself, and no person
    /// follows a link. Clients that are no browsers send no such fields.
    ///
    /// https://www.w3.org/TR/fetch-metadata/: a frame is a navigation, too, with a destination that is no document.
    var isEmbeddedElsewhere: Bool {
        guard let site = value(of: .secFetchSite), !site.equals("same-origin"), !site.equals("none")
        else { return false }
        if let mode = value(of: .secFetchMode), !mode.equals("navigate") { return true }
        guard let destination = value(of: .secFetchDest) else { return false }
        return !destination.equals("document")
    }
}
