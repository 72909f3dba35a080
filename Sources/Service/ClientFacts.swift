// Where a request comes from.
public import HTTPServer
public import Kernel
internal import Rules

extension OnetimeService {
    /// The address that a request counts as.
    public func origin(of request: borrowing Request) -> InternetAddress {
        context.client(of: request).address
    }
}

extension ServiceContext {
    /// The client of a request: its peer.
    func client(of request: borrowing Request) -> ClientAddress {
        ClientAddress(of: request.head, in: request.bytes, peer: request.peer.host, trusted: [])
    }
}
