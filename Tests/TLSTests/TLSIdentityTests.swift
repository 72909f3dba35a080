// Identities: what is made, what is read, and what is refused.
import Foundation
import Kernel
import Testing

@testable import TLS

@Suite struct TLSIdentityTests {
    @Test func eachSelfSignedCertificateIsAnotherOne() throws {
        let first = try TLSIdentity.selfSigned(for: ["localhost"], addresses: [[127, 0, 0, 1]])
        let second = try TLSIdentity.selfSigned(for: ["localhost"], addresses: [[127, 0, 0, 1]])
        let fingerprints = (try first.fingerprint(), try second.fingerprint())
        #expect((0..<32).contains { fingerprints.0[$0] != fingerprints.1[$0] })
    }

    @Test func aNameThatNoCertificateCanHoldIsLeftOut() throws {
        let identity = try TLSIdentity.selfSigned(
            for: ["", "two words", "nul\0byte", "ünïcode.example", String(repeating: "a", count: 300)],
            addresses: [[1, 2, 3]])
        _ = try identity.fingerprint()
    }

    @Test func aFileThatIsMissingIsNamed() {
        #expect(throws: TLSError.badCertificate(path: "/nowhere/cert.pem", Errno(rawValue: ENOENT))) {
            _ = try TLSIdentity.read(certificatePath: "/nowhere/cert.pem", keyPath: "/nowhere/key.pem")
        }
    }

    @Test func aDeviceWithoutEndIsNotReadForEver() {
        #expect(throws: TLSError.badCertificate(path: "/dev/zero", .fileTooLarge)) {
            _ = try TLSIdentity.read(certificatePath: "/dev/zero", keyPath: "/dev/zero")
        }
        #expect(throws: TLSError.badAuthorities(path: "/dev/zero", .fileTooLarge)) {
            _ = try TLSClient(authorityFile: "/dev/zero")
        }
    }

    @Test func aKeyOfAnotherCertificateIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "onetime-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key, other) = (folder.path + "/a.pem", folder.path + "/a.key", folder.path + "/b.key")
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a -out \(certificate)"
                + " -keyout \(key)")
        try openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out \(other)")
        _ = try TLSIdentity.read(certificatePath: certificate, keyPath: key)
        _ = try TLSClient(authorityFile: certificate)
        for (name, text) in [("text before it\n", ""), ("", "\ntext behind it\n")] {
            let mixed = folder.path + "/mixed.pem"
            try
                (name + String(contentsOfFile: key, encoding: .utf8)
                + String(contentsOfFile: certificate, encoding: .utf8) + text)
                .write(toFile: mixed, atomically: true, encoding: .utf8)
            _ = try TLSIdentity.read(certificatePath: mixed, keyPath: mixed)
            _ = try TLSClient(authorityFile: mixed)
        }
        // One of several that is cut off makes the file wrong, not shorter.
        let cut = folder.path + "/cut.pem"
        let text = try String(contentsOfFile: certificate, encoding: .utf8)
        try (text + text.prefix(text.count / 2)).write(toFile: cut, atomically: true, encoding: .utf8)
        #expect(throws: TLSError.badCertificate(path: cut)) {
            _ = try TLSIdentity.read(certificatePath: cut, keyPath: key)
        }
        #expect(throws: TLSError.badAuthorities(path: cut)) { _ = try TLSClient(authorityFile: cut) }
        #expect(throws: TLSError.badAuthorities(path: key)) { _ = try TLSClient(authorityFile: key) }
        #expect(throws: TLSError.keyOfAnotherCertificate(path: other)) {
            _ = try TLSIdentity.read(certificatePath: certificate, keyPath: other)
        }
        #expect(throws: TLSError.badKey(path: certificate)) {
            _ = try TLSIdentity.read(certificatePath: certificate, keyPath: certificate)
        }
        try openssl("ec -aes128 -passout pass:locked -in \(key) -out \(other)")
        #expect(throws: TLSError.badKey(path: other)) {
            _ = try TLSIdentity.read(certificatePath: certificate, keyPath: other)
        }
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
