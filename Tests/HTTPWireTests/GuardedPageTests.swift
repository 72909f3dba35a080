// Nothing is read behind the end of a buffer: each input ends where readable memory ends.

import Glibc
import Testing

@testable import HTTPWire

/// Readable memory with an inaccessible page behind it.
@safe private final class GuardedPage {
    static let size = 65_536
    private let base: UnsafeMutableRawPointer

    init?() {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let memory = unsafe mmap(nil, Self.size * 2, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe memory != MAP_FAILED
        else { return nil }
        unsafe base = memory
        guard unsafe mprotect(base + Self.size, Self.size, PROT_NONE) == 0 else { return nil }
    }

    deinit { unsafe munmap(base, Self.size * 2) }

    /// Runs `body` over a copy of `bytes` that ends where the readable memory ends.
    func with<Result>(_ bytes: ArraySlice<UInt8>, _ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
        let start = unsafe (base + Self.size - bytes.count).assumingMemoryBound(to: UInt8.self)
        for (offset, byte) in bytes.enumerated() { unsafe start[offset] = byte }
        let buffer = unsafe UnsafeMutableBufferPointer(start: start, count: bytes.count)
        var span = unsafe MutableSpan(_unsafeElements: buffer)
        return body(&span)
    }
}

@Suite struct GuardedPageTests {
    @Test func `No prefix of a request is read beyond its end`() throws {
        let page = try #require(GuardedPage())
        for vector in Vector.load("requests") where vector.raw.count < 400 {
            for count in 0...vector.raw.count {
                let isWhole = page.with(vector.raw[..<count]) { (bytes: inout MutableSpan<UInt8>) -> Bool in
                    var scanner = HeadScanner()
                    _ = try? RequestHead.parse(bytes.span)
                    return (try? scanner.scan(bytes.span)) ?? nil != nil
                }
                #expect(!isWhole || vector.expected.hasPrefix("ok") || count > 4)
            }
        }
    }

    @Test func `No prefix of a body is read beyond its end`() throws {
        let page = try #require(GuardedPage())
        let boundary = try FieldDecoderTests.boundary("b-1")
        func run(_ file: String, _ decoder: some FieldDecoder) {
            for vector in Vector.load(file) where vector.raw.count < 300 {
                for count in 0...vector.raw.count {
                    let consumed = page.with(vector.raw[..<count]) { (bytes: inout MutableSpan<UInt8>) -> Int in
                        var (decoder, sink) = (decoder, RecordingSink())
                        return (try? decoder.decode(&bytes, isLast: false, into: &sink)) ?? 0
                    }
                    #expect(consumed <= count)
                }
            }
        }
        run("forms", FormDecoder())
        run("multipart", MultipartDecoder(boundary: boundary))
        run("json", JSONFieldDecoder())
        for vector in Vector.load("chunked") where vector.raw.count < 300 {
            for count in 0...vector.raw.count {
                let progress = page.with(vector.raw[..<count]) { (bytes: inout MutableSpan<UInt8>) -> BodyProgress? in
                    var decoder = ChunkedDecoder(limit: 64)
                    return try? decoder.decode(&bytes, bodyEnd: 0, rawStart: 0)
                }
                #expect((progress?.rawStart ?? 0) <= count)
            }
        }
    }
}
