// From names to addresses, without the C library: its own way loads libraries that a static executable has not, and waits as long
// as it likes.
public import Kernel
internal import Sealing

/// Finds addresses as the machine is set up: literal ones, `/etc/hosts`, then the servers of `/etc/resolv.conf` by UDP.
///
/// The files are read anew each time, since containers get theirs changed. Any thread may use it, but not the loop: it waits.
public struct Resolver: Sendable {
    /// A server that is asked instead of those of `/etc/resolv.conf`.
    public var server: SocketAddress?
    /// Names of this machine (hosts(5)).
    var hostsPath = "/etc/hosts"
    /// Servers and domains (resolv.conf(5)).
    var configurationPath = "/etc/resolv.conf"

    private static let maximumFile = 256 << 10
    private static let maximumServers = 3
    private static let maximumDomains = 6

    /// The machine's own settings.
    public init() {}

    /// The addresses of an endpoint, with its port, IPv4 ones first; never none.
    func addresses(
        of endpoint: Endpoint, until milliseconds: UInt64, _ closing: Closing
    ) throws(OutboundFault) -> [SocketAddress] {
        if let address = endpoint.address { return [address] }
        var found = hosts(named: endpoint.plainHost)
        // Names of this machine are asked of nobody else (RFC 6761, section 6.3).
        if found.isEmpty, endpoint.plainHost == "localhost" || endpoint.plainHost.hasSuffix(".localhost") {
            found = [SocketAddress("127.0.0.1:0"), SocketAddress("[::1]:0")].compactMap(\.self)
        }
        if found.isEmpty { found = try ask(endpoint.host, until: milliseconds, closing) }
        return found.map { SocketAddress(bytes: $0.bytes, port: endpoint.port, isIPv4: $0.isIPv4) }
    }

    private func hosts(named name: String) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for words in lines(of: hostsPath)
        where words.dropFirst().contains(where: { $0.lowercased() == name })
            && found.count < DNSQuestion.maximumAddresses
        {
            let text = words[0].contains(":") ? "[\(words[0])]:0" : "\(words[0]):0"
            if let address = SocketAddress(text) { found.append(address) }
        }
        return found
    }

    private struct Settings {
        var servers: [SocketAddress] = []
        var domains: [Substring] = []
        var dots = 1
        var attempts = 2
        var timeout: UInt64 = 5000
    }

    private func settings() -> Settings {
        var settings = Settings()
        for words in lines(of: configurationPath) {
            switch words[0] {
            case "nameserver" where words.count > 1 && settings.servers.count < Self.maximumServers:
                let text = words[1].contains(":") ? "[\(words[1])]:53" : "\(words[1]):53"
                if let address = SocketAddress(text) { settings.servers.append(address) }
            case "search", "domain": settings.domains = Array(words.dropFirst().prefix(Self.maximumDomains))
            case "options":
                for word in words.dropFirst() {
                    let parts = word.split(separator: ":")
                    guard parts.count == 2, let number = Int(parts[1]), number >= 0 else { continue }
                    switch parts[0] {
                    case "ndots": settings.dots = min(number, 15)
                    case "attempts": settings.attempts = min(max(number, 1), 5)
                    case "timeout": settings.timeout = UInt64(min(max(number, 1), 30)) * 1000
                    default: break
                    }
                }
            default: break
            }
        }
        if let server {
            settings.servers = [server]
        } else if settings.servers.isEmpty, let local = SocketAddress("127.0.0.1:53") {
            settings.servers = [local]
        }
        return settings
    }

    private func ask(
        _ host: String, until milliseconds: UInt64, _ closing: Closing
    ) throws(OutboundFault) -> [SocketAddress] {
        let settings = settings()
        var names = [host]
        if !host.hasSuffix(".") {
            let further = settings.domains.map { "\(host).\($0)" }
            let dots = host.utf8.count { $0 == UInt8(ascii: ".") }
            names = dots >= settings.dots ? names + further : further + names
        }
        for name in names {
            for _ in 0..<settings.attempts {
                for server in settings.servers {
                    let limit = min(BootClock.milliseconds() + settings.timeout, milliseconds)
                    let first = try ask(server, name, .ipv4, until: limit, closing)
                    guard first != .noSuchName else { break }
                    let second = try ask(server, name, .ipv6, until: limit, closing)
                    var found: [SocketAddress] = []
                    for case .addresses(let some) in [first, second] { found += some }
                    if !found.isEmpty { return found }
                }
                guard BootClock.milliseconds() < milliseconds, !closing.isOver else { throw .unknownHost }
            }
        }
        throw .unknownHost
    }

    /// Asks one server. The socket is connected, so the kernel takes answers from that server only; its port and the number of the
    /// question are random (RFC 5452).
    private func ask(
        _ server: SocketAddress, _ name: String, _ kind: DNSQuestion.Kind, until milliseconds: UInt64,
        _ closing: Closing
    ) throws(OutboundFault) -> DNSQuestion.Answer {
        guard let number = try? Randomness.number() else { throw .libraryFailure }
        guard let question = DNSQuestion(name, kind, id: UInt16(truncatingIfNeeded: number)) else { return .failure }
        do throws(Errno) {
            let socket = try Socket.connecting(to: server, .datagram)
            _ = try socket.send(question.bytes.span)
            var message = [UInt8](repeating: 0, count: 1500)
            while closing.wait(for: socket.rawValue, .readable, until: milliseconds) {
                var room = message.mutableSpan
                guard let count = try socket.receive(into: &room) else { continue }
                if let answer = question.answer(in: message.span.extracting(first: count)) { return answer }
            }
            return .failure
        } catch {
            return .failure
        }
    }

    /// The words of each line that has some, without comments. None where the file cannot be read or is too large to be one.
    private func lines(of path: String) -> [[Substring]] {
        guard let bytes = try? File.read(path, limit: Self.maximumFile) else { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.prefix { $0 != "#" && $0 != ";" }.split { $0 == " " || $0 == "\t" }
            return words.isEmpty ? nil : words
        }
    }
}
