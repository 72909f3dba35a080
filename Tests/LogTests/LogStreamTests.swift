// What a line says, which lines are written, and that nobody who does not read holds anything up.
import Glibc
import Kernel
import Testing

@testable import Log

/// Both ends of a pipe.
private struct Pipe {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        _ = unsafe pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
        // What is written to waits for its reader, as standard output does.
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    func close() {
        _ = Glibc.close(reading)
        _ = Glibc.close(writing)
    }

    /// All that is there.
    func text() -> String {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(reading, &piece, piece.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += piece[..<count]
        }
    }
}

private func line(status: Int = 200, source: RequestLine.Source? = nil) -> RequestLine {
    RequestLine(
        method: "POST", path: "/secret/{key}", status: status, microseconds: 1234, requestBytes: 5, responseBytes: 678,
        minorVersion: 1, isComplete: true, source: source)
}

@Suite struct LogStreamTests {
    @Test func anEventIsOneLineOfJSONWithItsFields() {
        let pipe = Pipe()
        defer { pipe.close() }
        let log = LogStream(LogSettings(), to: pipe.writing, allowsColour: true)
        log.event("said \"so\"\n", .info, [("event.action", "say")])
        let text = pipe.text()
        #expect(text.hasPrefix("{\"@timestamp\":\""))
        #expect(text.hasSuffix(",\"message\":\"said \\\"so\\\" \",\"event.action\":\"say\"}\n"))
    }

    @Test func aRequestHasTheNamesOfTheElasticCommonSchema() {
        let pipe = Pipe()
        defer { pipe.close() }
        let log = LogStream(LogSettings(), to: pipe.writing, allowsColour: true)
        log.request(line(source: .address("192.0.2.1")), .info)
        log.flush(now: 0)
        let text = pipe.text()
        for part in [
            "\"event.duration\":1234000,", "\"http.request.method\":\"POST\",", "\"url.path\":\"/secret/{key}\",",
            "\"http.response.status_code\":200,", "\"http.response.body.bytes\":678,", "\"http.version\":\"1.1\"",
            "\"source.ip\":\"192.0.2.1\"}\n",
        ] { #expect(text.contains(part)) }
    }

    @Test func `a request of somebody whom nobody knows has no address`() {
        for format in [LogFormat.json, .text] {
            let pipe = Pipe()
            defer { pipe.close() }
            var settings = LogSettings()
            settings.format = format
            let log = LogStream(settings, to: pipe.writing, allowsColour: false)
            log.request(line(source: .unknown), .info)
            log.flush(now: 0)
            let text = pipe.text()
            #expect(text.hasSuffix(format == .json ? ",\"source.address\":\"unknown\"}\n" : " unknown\n"), "\(text)")
            #expect(!text.contains("source.ip"))
        }
    }

    @Test func linesBelowTheLevelAreNotWritten() {
        let pipe = Pipe()
        defer { pipe.close() }
        var settings = LogSettings()
        settings.level = .warning
        let log = LogStream(settings, to: pipe.writing, allowsColour: true)
        log.event("info", .info)
        log.request(line(), .info)
        log.event("warning", .warning)
        log.event("error", .error)
        let lines = pipe.text().split(separator: "\n")
        #expect(lines.count == 2)
    }

    @Test func textOnNoTerminalHasATimeAndNoColours() {
        let pipe = Pipe()
        defer { pipe.close() }
        var settings = LogSettings()
        settings.format = .text
        let log = LogStream(settings, to: pipe.writing, allowsColour: true)
        log.request(line(status: 404), .info)
        log.flush(now: 0)
        let text = pipe.text()
        #expect(text.hasSuffix("Z info POST /secret/{key} 404 1.234 ms 678 B\n"))
        #expect(!text.contains("\u{1b}"))
    }

    @Test func aReaderWhoDoesNotReadLosesLinesAndIsToldHowMany() {
        let pipe = Pipe()
        defer { pipe.close() }
        var settings = LogSettings()
        settings.buffer = LogStream.leastBuffer
        let log = LogStream(settings, to: pipe.writing, allowsColour: true)
        // A pipe holds 64 KiB, and the buffer 16: this would wait for ever if anything waited.
        let written = 1000
        for _ in 0..<written {
            log.request(line(), .info)
            log.flush(now: 0)
        }
        #expect(log.droppedCount > 0)
        #expect(log.flushesAgainAt != nil)
        var text = pipe.text()
        log.flush(now: 100)
        text += pipe.text()
        log.flush(now: 200)
        text += pipe.text()
        let lines = text.split(separator: "\n")
        #expect(lines.filter { $0.contains("\"request\"") }.count + Int(log.droppedCount) == written)
        #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        #expect(text.contains("\"onetime.log.dropped\":\"\(log.droppedCount)\""))
    }

    @Test func theDescriptorOfOthersStillWaits() {
        let pipe = Pipe()
        defer { pipe.close() }
        let log = LogStream(LogSettings(), to: pipe.writing, allowsColour: true)
        log.event("something")
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
    }
}
