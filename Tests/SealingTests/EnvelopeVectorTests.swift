// Envelopes, payloads and parts, compared with what a second implementation made: the browser's script reads the same files.

import SecureMemory
import Testing

@testable import Sealing

@Suite struct EnvelopeVectorTests {
    let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    private func optionalBytes(_ vector: Vector, _ name: String) throws -> [UInt8] {
        vector.values[name] == nil ? [] : try vector.bytes(name)
    }

    private func content(of vector: Vector) throws -> [UInt8] {
        guard vector.values["seed"] != nil else { return try vector.bytes("payload") }
        return try bench.stream(try vector.bytes("seed"), try vector.number("payloadCount"))
    }

    private func seal(_ vector: Vector) throws -> [UInt8] {
        try bench.sealEnvelope(
            try content(of: vector), linkKey: try vector.bytes("linkKey"),
            stretched: try optionalBytes(vector, "stretched"), salt: try vector.bytes("salt"))
    }

    private func error(opening envelope: [UInt8], of vector: Vector) throws -> EnvelopeError? {
        let linkKey = try vector.bytes("linkKey")
        let stretched = try optionalBytes(vector, "stretched")
        do throws(EnvelopeError) {
            _ = try bench.openEnvelope(envelope, linkKey: linkKey, stretched: stretched)
            return nil
        } catch {
            return error
        }
    }

    @Test func `base64url is that of the second implementation`() throws {
        for vector in try Vector.all("base64url", in: "envelope") {
            let bytes = try vector.bytes("bytes")
            let text = Array(try vector.text("text").utf8)
            var output = try bench.lend(128)
            try Base64URL.encode(bytes.span, into: &output)
            #expect(output.copied == text)
            output.wipe()
            #expect(try Base64URL.decode(text.span, into: &output) == true)
            #expect(output.copied == bytes)
        }
    }

    @Test func `base64url that a strict reader refuses is refused`() throws {
        for vector in try Vector.all("badBase64url", in: "envelope") {
            let (text, why) = (try vector.bytes("text"), try vector.text("why"))
            var output = try bench.lend(128)
            #expect(try Base64URL.decode(text.span, into: &output) == false, "\(why)")
            #expect(output.isZeroThroughout == true)
        }
    }

    @Test func `keys are written to the characters of the second implementation, and read from them`() throws {
        for vector in try Vector.all("linkKey", in: "envelope") {
            let (key, text) = (try vector.bytes("bytes"), Array(try vector.text("text").utf8))
            var written = try bench.lend(LinkKey.textSize)
            try LinkKey.write(key.span, into: &written, arena: bench.arena)
            #expect(written.copied == text)
            var read = try bench.lend(LinkKey.size)
            try LinkKey.read(text.span, into: &read, arena: bench.arena)
            #expect(read.copied == key)
        }
    }

    @Test func `keys that were cut or mistyped are refused, and nothing of them stays`() throws {
        for vector in try Vector.all("badLinkKey", in: "envelope") {
            let (text, why) = (try vector.bytes("text"), try vector.text("why"))
            var output = try bench.lend(64)
            do throws(EnvelopeError) {
                try LinkKey.read(text.span, into: &output, arena: bench.arena)
                Issue.record("was taken: \(why)")
            } catch {
                #expect(error == .malformedKey, "\(why)")
            }
            #expect(output.isZeroThroughout == true)
        }
    }

    @Test func `a passphrase is stretched and proved as in the second implementation`() throws {
        for vector in try Vector.all("stretch", in: "envelope") {
            let (phrase, linkKey) = (try vector.bytes("passphrase"), try vector.bytes("linkKey"))
            var stretched = try bench.lend(EnvelopePassphrase.stretchedSize)
            try EnvelopePassphrase.stretch(phrase.span, linkKey: linkKey.span, into: &stretched, arena: bench.arena)
            #expect(stretched.copied == (try vector.bytes("stretched")))
            var proof = try bench.lend(EnvelopePassphrase.proofSize)
            try EnvelopePassphrase.prove(stretched.span, into: &proof, arena: bench.arena)
            #expect(proof.copied == Array(try vector.text("proof").utf8))
        }
    }

    @Test func `payloads are read and written as in the second implementation`() throws {
        for vector in try Vector.all("payload", in: "envelope") {
            let payload = try vector.bytes("payload")
            let items = try Payload.items(payload.span, of: payload.count)
            #expect(items.count == (try vector.number("itemCount")))
            for (index, item) in items.enumerated() {
                #expect(item.kind.rawValue == (try vector.number("kind\(index)")))
                #expect(Array(payload[item.name]) == (try vector.bytes("name\(index)")))
                #expect(Array(payload[item.type]) == (try vector.bytes("type\(index)")))
                #expect(Array(payload[item.content]) == (try vector.bytes("content\(index)")))
            }
            let isLong = items.contains { $0.name.count > Payload.nameLimit }
            guard try vector.text("isCanonical") == "1", !isLong else { continue }
            var output = try bench.lend(payload.count)
            try Payload.write(count: items.count, into: &output)
            for item in items {
                try Payload.write(
                    item.kind, name: payload.span.extracting(item.name), type: payload.span.extracting(item.type),
                    size: item.content.count, into: &output)
            }
            for item in items { output.append(payload.span.extracting(item.content)) }
            #expect(output.copied == payload)
        }
    }

    @Test func `payloads that are malformed are refused for the rule that they break`() throws {
        let rules: [(String, PayloadError)] = [
            ("nothing", .cut), ("half a count", .cut), ("no item follows", .cut), ("no item", .count),
            ("too many items", .count), ("1001 items", .count), ("unknown kind", .unknownKind),
            ("a text with", .notAFile),
            ("a part with", .notAFile), ("name: ", .name), ("type: ", .type), ("a byte too few", .cut),
            ("a byte too many", .surplus), ("all that follows is not the last", .size), ("far too large", .cut),
            ("too large by", .cut), ("sizes that overflow", .cut), ("all that follows is less", .cut),
            ("cut after", .cut),
        ]
        for vector in try Vector.all("badPayload", in: "envelope") {
            let (payload, why) = (try vector.bytes("payload"), try vector.text("why"))
            let rule = try #require(rules.first { why.hasPrefix($0.0) }, "\(why)")
            #expect(throws: rule.1, "\(why)") { try Payload.items(payload.span, of: payload.count) }
        }
    }

    @Test func `envelopes are sealed to the bytes of the second implementation, and open`() throws {
        for vector in try Vector.all("envelope", in: "envelope") {
            let content = try content(of: vector)
            let envelope = try seal(vector)
            if vector.values["envelope"] != nil {
                #expect(envelope == (try vector.bytes("envelope")))
            } else {
                #expect(envelope.count == (try vector.number("envelopeCount")))
                #expect(try bench.sha256(envelope) == (try vector.bytes("envelopeSHA256")), "\(content.count) bytes")
            }
            #expect(Envelope.sealedCount(of: content.count) == envelope.count)
            #expect(try Envelope.contentCount(of: envelope.count) == content.count)
            #expect(try EnvelopeHeader(envelope.span).needsPassphrase == (vector.values["stretched"] != nil))
            let opened = try bench.openEnvelope(
                envelope, linkKey: try vector.bytes("linkKey"), stretched: try optionalBytes(vector, "stretched"))
            #expect(opened == content, "\(content.count) bytes")
        }
    }

    /// What the reasons in the file come to.
    private func rule(_ why: String) throws -> EnvelopeError {
        let words = why.split(separator: " ")
        switch words[0] {
        case "bit":
            // Letters, version, flags, salt and ciphertext. Of the flags none but the first may be set.
            switch try #require(Int(words[1])) {
            case 0..<24: return .notAnEnvelope
            case 24..<32: return .unknownVersion
            case 33..<40: return .unknownFlags
            default: return .notAuthentic
            }
        case "cut":
            switch try #require(Int(words[2])) {
            case 0..<37: return .cut
            case 37: return .empty
            default: return .notAuthentic
            }
        case "version": return .unknownVersion
        case "flags": return .unknownFlags
        default:
            let others: [String: EnvelopeError] = [
                "a byte more": .notAuthentic, "another link key": .notAuthentic, "another passphrase": .notAuthentic,
                "no passphrase": .passphraseMissing, "a passphrase where none is needed": .passphraseSuperfluous,
                "its flag says that no passphrase is needed": .notAuthentic,
                "an empty last chunk, authentic": .empty, "chunks of another size, authentic": .notAuthentic,
            ]
            return try #require(others[why], "\(why)")
        }
    }

    @Test func `envelopes that are not as they were sealed are refused for the rule that they break`() throws {
        for vector in try Vector.all("badEnvelope", in: "envelope") {
            let why = try vector.text("why")
            #expect(try error(opening: try vector.bytes("envelope"), of: vector) == rule(why), "\(why)")
        }
    }

    @Test func `chunks that are missing, repeated or in another order are refused`() throws {
        // Many orders of the same chunks, which need sealing only once.
        var envelopes: [String: [UInt8]] = [:]
        for vector in try Vector.all("badOrder", in: "envelope") {
            let seed = try vector.text("seed")
            let envelope = try envelopes[seed] ?? seal(vector)
            envelopes[seed] = envelope
            let size = Envelope.sealedChunkSize
            let chunks = stride(from: EnvelopeHeader.size, to: envelope.count, by: size).map {
                envelope[$0..<min($0 + size, envelope.count)]
            }
            let order = try vector.text("chunks")
            let changed = order.split(separator: " ").compactMap { Int($0) }
                .reduce(Array(envelope.prefix(EnvelopeHeader.size))) { $0 + chunks[$1] }
            #expect(try bench.sha256(changed) == (try vector.bytes("envelopeSHA256")), "what is meant")
            #expect(try error(opening: changed, of: vector) == .notAuthentic, "\(order)")
        }
    }

    @Test func `secrets are split to the parts of the second implementation, of which enough give them back`() throws {
        for vector in try Vector.all("split", in: "splitting") {
            let (needed, total): (Int, Int) = (try vector.number("needed"), try vector.number("total"))
            let isSeeded = vector.values["seed"] != nil
            let secret =
                try isSeeded
                ? bench.stream(vector.bytes("seed"), vector.number("secretCount")) : vector.bytes("secret")
            let coefficients =
                try isSeeded
                ? bench.stream(vector.bytes("coefficientSeed"), (needed - 1) * secret.count)
                : vector.bytes("coefficients")
            let parts = try bench.split(
                secret, needed: needed, total: total, set: try vector.bytes("set"), coefficients: coefficients)
            if vector.values["partsSHA256"] != nil {
                #expect(try bench.sha256(parts.flatMap(\.self)) == (try vector.bytes("partsSHA256")))
            } else {
                #expect(parts == (try (1...total).map { try vector.bytes("part\($0)") }))
            }
            let chosen =
                total < 8 && secret.count < 1000
                ? choices(parts, needed) : [Array(parts.prefix(needed)), parts.suffix(needed).reversed()]
            for some in chosen + [parts] { #expect(try bench.join(some) == secret, "\(needed) of \(total)") }
        }
    }

    @Test func `parts that do not belong together are refused for the rule that they break`() throws {
        let rules: [(String, SplittingError)] = [
            ("fewer", .few), ("none", .few), ("the same", .repeated), ("different", .strangers),
            ("nothing but heads", .malformedPart), ("half a head", .malformedPart), ("k ", .malformedPart),
            ("x ", .malformedPart),
        ]
        for vector in try Vector.all("badJoin", in: "splitting") {
            let (why, count): (String, Int) = (try vector.text("why"), try vector.number("partCount"))
            let parts = try (0..<count).map { try vector.bytes("part\($0 + 1)") }
            let rule = try #require(rules.first { why.hasPrefix($0.0) }, "\(why)")
            #expect(throws: rule.1, "\(why)") { try bench.join(parts) }
        }
    }
}
