// Ed25519 against the vectors of RFC 8032.
import SecureMemory
import Testing

@testable import Sealing

@Suite struct SigningKeyTests {
    private static func bytes(_ text: String) -> [UInt8] {
        var rest = text[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(rest.prefix(2), radix: 16), !rest.isEmpty {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// RFC 8032, section 7.1, tests 1 to 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]) func `signatures are those of the standard`(_ seed: String, key: String, message: String, signature: String)
        throws
    {
        let arena = try SecureArena(capacity: 4096)
        guard var block = arena.allocate(32) else { throw SealingError.arenaFull }
        block.append(Self.bytes(seed).span)
        let signer = try SigningKey(seed: block)
        let message = Self.bytes(message)
        let made = try signer.sign(message.span)
        #expect((0..<32).map { signer.publicKey.bytes[$0] } == Self.bytes(key))
        #expect((0..<64).map { made[$0] } == Self.bytes(signature))
        let isAccepted = signer.publicKey.accepts(made.span, of: message.span)
        let other: [UInt8] = [1, 2, 3]
        let isAcceptedForOther = signer.publicKey.accepts(made.span, of: other.span)
        #expect(isAccepted && !isAcceptedForOther)
        let form = signer.publicKey.standardForm
        let read = VerificationKey(standardForm: form.span)
        #expect(read.map { key in (0..<32).map { key.bytes[$0] } } == Self.bytes(key))
    }
}
