// Renders pages as the server would, and takes the answers apart.
import HTTPWire
import Pages
import SecureMemory
import Testing

@testable import HTTPServer

/// One whole response, as text. Tests may; the server may not.
struct Rendered: Equatable {
    let raw: String
    var head: String { raw.split(separator: "\r\n\r\n", maxSplits: 1).first.map(String.init) ?? "" }
    var body: String { raw.firstRange(of: "\r\n\r\n").map { String(raw[$0.upperBound...]) } ?? "" }
    var status: Int { Int(raw.dropFirst(9).prefix(3)) ?? 0 }

    func field(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}

func render(_ write: (inout ResponseWriter) -> Void) throws -> Rendered {
    let arena = try SecureArena(capacity: 1 << 20, allowsSecretMemory: false)
    var writer = try ResponseWriter(arena: arena)
    writer.prepare(nil, keepsAlive: true)
    write(&writer)
    writer.finish()
    let overflowed = writer.overflowed
    #expect(!overflowed)
    let bytes = writer.output.span
    return Rendered(raw: String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self))
}
