// Session tickets over time: which ones are taken, and for how long, with a clock that the test moves.
import Foundation
import Kernel
import SecureMemory
import Testing

@testable import TLS

@Suite(.serialized) struct TicketTests {
    private static let hour: UInt64 = 3_600_000

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func aTicketIsTakenWithinTheHourAndTheHourAfter(version: String) throws {
        let service = try TicketService()
        #expect(try service.connect(version, at: 0, presenting: nil, keeping: "first") == .full)
        #expect(try service.connect(version, at: Self.hour - 1, presenting: "first", keeping: nil) == .resumed)
        #expect(try service.connect(version, at: Self.hour, presenting: "first", keeping: "second") == .resumed)
        // The client of TLS 1.2 does not write down a ticket that replaces the one it showed.
        if version == "-tls1_2" {
            #expect(try service.connect(version, at: Self.hour, presenting: nil, keeping: "second") == .full)
        }
        // The new one is under the new key; the first one's key is gone after another hour.
        #expect(try service.connect(version, at: 2 * Self.hour, presenting: "first", keeping: nil) == .full)
        #expect(try service.connect(version, at: 2 * Self.hour, presenting: "second", keeping: nil) == .resumed)
    }

    @Test func keysOfAnHourInWhichNobodyCameAreNotKept() throws {
        let service = try TicketService()
        #expect(try service.connect("-tls1_3", at: 0, presenting: nil, keeping: "early") == .full)
        #expect(try service.connect("-tls1_3", at: 5 * Self.hour, presenting: "early", keeping: nil) == .full)
    }

    @Test func ticketsOutliveTheCertificate() throws {
        let service = try TicketService()
        #expect(try service.connect("-tls1_3", at: 0, presenting: nil, keeping: "before") == .full)
        var identities = TLSIdentities()
        identities.append(try .selfSigned(for: ["localhost"], addresses: []))
        try service.server.replace(&identities)
        #expect(try service.connect("-tls1_3", at: 1, presenting: "before", keeping: nil) == .resumed)
    }

    @Test func identitiesThatAreNoneAreRefusedAndThoseInUseStay() throws {
        let service = try TicketService()
        var none = TLSIdentities()
        #expect(throws: TLSError.libraryFailure) { try service.server.replace(&none) }
        #expect(try service.connect("-tls1_3", at: 0, presenting: nil, keeping: nil) == .full)
    }
}

/// A server on a loopback socket, one connection at a time, and the openssl command as its client.
private final class TicketService {
    enum Handshake { case full, resumed, failed }

    let server: TLSServer
    private let listener: Socket
    private let folder: URL

    init() throws {
        var identities = TLSIdentities()
        identities.append(try .selfSigned(for: ["localhost"], addresses: []))
        server = try TLSServer(&identities, arena: try SecureArena(capacity: 65536), now: 0)
        let anyPort = try #require(SocketAddress("127.0.0.1:0"))
        listener = try Socket.listening(on: anyPort)
        folder = FileManager.default.temporaryDirectory.appending(path: "onetime-tickets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// One handshake at a moment; the client shows the ticket of one file and keeps the one it gets in another.
    func connect(_ version: String, at now: UInt64, presenting: String?, keeping: String?) throws -> Handshake {
        let client = Process()
        client.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        guard let address = listener.localAddress else { return .failed }
        client.arguments = ["s_client", "-connect", "\(address)", "-ign_eof", version]
        if let presenting { client.arguments? += ["-sess_in", folder.appending(path: presenting).path] }
        if let keeping { client.arguments? += ["-sess_out", folder.appending(path: keeping).path] }
        let output = Pipe()
        client.standardOutput = output
        client.standardInput = FileHandle.nullDevice
        client.standardError = FileHandle.nullDevice
        try client.run()
        try serveOne(now)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        client.waitUntilExit()
        return text.contains("Reused, TLS") ? .resumed : text.contains("New, TLS") ? .full : .failed
    }

    private func serveOne(_ now: UInt64) throws {
        for _ in 0..<5000 {
            guard let socket = try listener.accept() else {
                usleep(1000)
                continue
            }
            guard var session = server.session(on: socket.rawValue, now: now) else { break }
            var step = session.shakeHands()
            for _ in 0..<5000 where step == .wantsToRead {
                usleep(1000)
                step = session.shakeHands()
            }
            #expect(step == .moved(0))
            session.finishSending()
            return
        }
        Issue.record("no client came")
    }
}
