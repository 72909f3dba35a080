// What is signed, and that nothing else passes for it.
import Foundation
import Kernel
import Sealing
import SecureMemory
import Testing

@testable import Audit

@Suite struct CertificateTests {
    private let now = Moment(milliseconds: 1000, wallSeconds: 1_800_000_000)

    private func certificate(audit: (count: UInt64, head: [32 of UInt8])? = nil) throws -> Certificate {
        let certifier = try Certifier(arena: try SecureArena(capacity: 64 << 10), now: now)
        var facts = CertificateFacts()
        facts.isFinal = true
        facts.version = "1.2.3"
        facts.created = 7
        facts.wiped = 3
        facts.audit = audit
        facts.memory = "memfd_secret"
        facts.protections = ["no core dumps", "wiped heap"]
        return try certifier.certify(facts, now: now)
    }

    @Test func `a certificate is genuine until one bit changes`() throws {
        let certificate = try certificate()
        #expect(certificate.isGenuine)
        for place in certificate.statement.indices {
            var changed = certificate.statement
            changed[place] ^= 1
            #expect(
                !Certificate(statement: changed, signature: certificate.signature, key: certificate.key).isGenuine)
        }
        var signature = certificate.signature
        signature[63] ^= 0x10
        #expect(
            !Certificate(statement: certificate.statement, signature: signature, key: certificate.key).isGenuine)
    }

    @Test func `its line is read back as it was written`() throws {
        let certificate = try certificate()
        let line = certificate.line(at: now)
        let bytes = Array(line.utf8)
        let found = Certificate(line: bytes.span)
        let read = try #require(found)
        #expect(read.statement == certificate.statement)
        #expect(read.isGenuine)
        let cut = Array(line.dropFirst(200).utf8)
        let fromCut = Certificate(line: cut.span)
        #expect(fromCut == nil)
        #expect(line.split(separator: "\n").count == 1)
    }

    @Test func `a line with two statements is none`() throws {
        let line = try certificate().line(at: now)
        for name in ["statement", "signature", "public_key"] {
            let twice = Array(line.replacing("}\n", with: ",\"onetime.\(name)\":\"\"}\n").utf8)
            let found = Certificate(line: twice.span)
            #expect(found == nil)
        }
    }

    @Test func `no certificate is of before the newest line`() throws {
        let certifier = try Certifier(arena: try SecureArena(capacity: 64 << 10), now: now)
        var facts = CertificateFacts()
        facts.newestLine = 1_800_000_009
        let text = try certifier.certify(facts, now: now).text
        #expect(text.contains("as of: 2027-01-15T08:00:09Z\n"))
        let desk = try Desk()
        desk.pass(milliseconds: 5000)
        desk.record(AuditEvent(.create))
        #expect(desk.log.newestLine == 1_800_000_005)
        desk.now = Moment(milliseconds: desk.now.milliseconds + 1000, wallSeconds: 1_800_000_001)
        desk.record(AuditEvent(.create))
        #expect(desk.log.newestLine == 1_800_000_005)
    }

    @Test func `the statement is JSON with the facts`() throws {
        let certificate = try certificate(audit: (12, .init(repeating: 0xAB)))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(certificate.statement)) as? [String: Any])
        #expect(object["created"] as? Int == 7)
        #expect(object["wiped"] as? Int == 3)
        #expect(object["ended"] as? String == "2027-01-15T08:00:00Z")
        #expect(object["audit_events"] as? Int == 12)
        #expect(object["audit_head"] as? String == String(repeating: "ab", count: 32))
        #expect((object["executable_sha256"] as? String)?.count == 64)
        #expect(object["public_key"] as? String == certificate.key.text)
        let expectation = try #require(certificate.expectation)
        #expect(expectation.count == 12 && expectation.isFinal && expectation.head[5] == 0xAB)
    }

    @Test func `people read a line for each fact`() throws {
        let text = try certificate().text
        #expect(text.contains("wiped: 3\n"))
        #expect(text.contains("protections: no core dumps, wiped heap\n"))
        #expect(text.contains("ended: 2027-01-15T08:00:00Z\n"))
    }

    @Test func `without a log nothing is said of one`() throws {
        #expect(try certificate().expectation == nil)
    }
}
