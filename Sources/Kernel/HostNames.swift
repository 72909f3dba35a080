// What this machine is called, and the addresses that it has.
internal import CLinux
internal import Glibc

/// The names and addresses of this machine.
public enum HostNames {
    /// The host name, or nil where it has none.
    public static func hostName() -> String? {
        var name: [256 of CChar] = .init(repeating: 0)
        var room = name.mutableSpan
        let result = unsafe room.withUnsafeMutableBufferPointer { target -> Int32 in
            guard let base = target.baseAddress else { return -1 }
            return unsafe gethostname(base, 255)
        }
        guard result == 0 else { return nil }
        var text: [UInt8] = []
        for index in 0..<255 where name[index] != 0 { text.append(UInt8(bitPattern: name[index])) }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    /// The addresses of all network interfaces that are up, loopback included. Empty where the kernel tells none.
    public static func addresses() -> [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&first) == 0 else { return [] }
        defer { unsafe freeifaddrs(first) }
        var found: [SocketAddress] = []
        var next = unsafe first
        while let interface = unsafe next {
            unsafe next = interface.pointee.ifa_next
            guard let address = unsafe interface.pointee.ifa_addr else { continue }
            let family = unsafe Int32(address.pointee.sa_family)
            guard family == AF_INET || family == AF_INET6 else { continue }
            var storage = sockaddr_storage()
            let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
            }
            if let address = SocketAddress(storage), !found.contains(address) { found.append(address) }
        }
        return found
    }
}
