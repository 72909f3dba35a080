// What may be a host: in the Host field and in an absolute target.

/// The grammar of `uri-host [":" port]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2).
enum HostGrammar {
    /// True for a name, an IPv4 address, or an IPv6 address in brackets, with or without a port up to 65535.
    static func isValid(_ value: Span<UInt8>) -> Bool {
        guard !value.isEmpty else { return false }
        var index = 0
        if value[0] == .openBracket {
            let close = value.first(.closeBracket, from: 1, to: value.count)
            guard close < value.count, isIPv6(value.extracting(1..<close)) else { return false }
            index = close + 1
        } else {
            while index < value.count, ByteClass.isRegName(value[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        guard index < value.count else { return true }
        return value[index] == .colon && isPort(value.extracting((index + 1)...))
    }

    /// Digits up to 65535; RFC 3986 allows none at all.
    private static func isPort(_ value: Span<UInt8>) -> Bool {
        guard value.count <= 5 else { return false }
        var port = 0
        for index in value.indices {
            guard ByteClass.isDigit(value[index]) else { return false }
            port = port * 10 + Int(value[index] &- .zero)
        }
        return port <= 65_535
    }

    /// Up to eight groups of one to four hexadecimal digits, once "::" for one or more of zeros, the last two
    /// groups possibly as IPv4.
    static func isIPv6(_ value: Span<UInt8>) -> Bool {
        var (groups, isCompressed, index) = (0, false, 0)
        while index < value.count {
            if value[index] == .colon {
                guard index + 1 < value.count, value[index + 1] == .colon, !isCompressed else { return false }
                isCompressed = true
                index += 2
                if index == value.count { break }
            }
            let start = index
            while index < value.count, ByteClass.hexValue(value[index]) != nil { index += 1 }
            if index < value.count, value[index] == .dot {
                groups += 2
                return isIPv4(value.extracting(start...)) && (isCompressed ? groups < 8 : groups == 8)
            }
            guard index > start, index - start <= 4 else { return false }
            groups += 1
            guard index < value.count else { break }
            guard value[index] == .colon else { return false }
            if index + 1 < value.count, value[index + 1] == .colon { continue }
            index += 1
            guard index < value.count else { return false }
        }
        return isCompressed ? groups < 8 : groups == 8
    }

    private static func isIPv4(_ value: Span<UInt8>) -> Bool {
        var (octets, digits, number) = (0, 0, 0)
        for index in value.indices {
            if value[index] == .dot {
                guard digits > 0 else { return false }
                (octets, digits, number) = (octets + 1, 0, 0)
                continue
            }
            guard ByteClass.isDigit(value[index]), digits == 0 || number > 0 else { return false }
            number = number * 10 + Int(value[index] &- .zero)
            digits += 1
            guard number <= 255 else { return false }
        }
        return octets == 3 && digits > 0
    }
}
