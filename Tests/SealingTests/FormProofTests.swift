// The proofs of forms that act with a key.
import SecureMemory
import Testing

@testable import Sealing

@Suite struct FormProofTests {
    @Test("Each key has a proof of its own, the same each time, and another one in the next process")
    func proofs() throws {
        let arena = try SecureArena(capacity: 64 << 10)
        let maker = try FormProof(arena: arena)
        let next = try FormProof(arena: arena)
        let ids = ["jf9lwcx9", "jf9lwcx8", "environment", ""]
        var proofs: Set<String> = []
        for id in ids {
            let proof = try maker.text(for: id.utf8Span.span)
            #expect(proof.utf8.count == 64)
            #expect(proof.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            #expect(try maker.text(for: id.utf8Span.span) == proof)
            proofs.insert(proof)
            proofs.insert(try next.text(for: id.utf8Span.span))
        }
        #expect(proofs.count == 2 * ids.count)
    }
}
