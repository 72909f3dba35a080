// Lines: where one ends, what is found in it, and how it is signed.
import Kernel
import SecureMemory
import Testing

@testable import Outbound

@Suite struct LineTests {
    @Test func `several lines are told apart by their line feeds`() {
        var found: [[UInt8]] = []
        LineQueue.forEach(Array("a\n\nbc\nd".utf8).span) { line in found.append(line.indices.map { line[$0] }) }
        #expect(found == [[0x61], [0x62, 0x63], [0x64]])
    }

    @Test func `a member is found under its full name or the last part of it, and nowhere inside of a text`() {
        func action(_ line: String) -> String? {
            let bytes = Array(line.utf8)
            return AuditLine.text(of: "action", in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
        #expect(action(#"{"event.action":"reveal"}"#) == "reveal")
        #expect(action(#"{"event":{"action":"burn"}}"#) == "burn")
        #expect(action(#"{"label":"\"action\":\"reveal\"","event.action":"burn"}"#) == "burn")
        #expect(action(#"{"reaction":"x"}"#) == nil)
        #expect(action(#"{"action":7}"#) == nil)
        #expect(action(#"{"action":"a\"b"}"#) == nil)
        #expect(action(#"{"action":"never ends"#) == nil)
        #expect(action("") == nil)
    }

    @Test func `what a message of syslog says is found in one go as it is found one by one`() {
        func check(_ line: String, _ timestamp: String?, _ action: String?, _ outcome: String?) {
            let bytes = Array(line.utf8)
            let texts = AuditLine.texts(in: bytes.span)
            func text(_ range: Range<Int>?) -> String? { range.map { String(decoding: bytes[$0], as: UTF8.self) } }
            #expect([text(texts.timestamp), text(texts.action), text(texts.outcome)] == [timestamp, action, outcome])
            #expect(texts.timestamp == AuditLine.text(of: "@timestamp", in: bytes.span))
            #expect(texts.action == AuditLine.text(of: "action", in: bytes.span))
            #expect(texts.outcome == AuditLine.text(of: "outcome", in: bytes.span))
        }
        check(#"{"@timestamp":"now","event.action":"burn","event.outcome":"failure"}"#, "now", "burn", "failure")
        check(#"{"outcome":"a","action":"b","outcome":"c","action":"d","@timestamp":"e"}"#, "e", "b", "a")
        check(#"{"action":"a\"b","outcome":"success","action":"c"}"#, nil, nil, "success")
        check(#"{"action":5,"label":"::\":\"","event.action":"reveal"}"#, nil, "reveal", nil)
        check(#":"":"outcome":""#, nil, nil, nil)
    }

    @Test func `one byte that is no ASCII is seen wherever it is`() {
        for count in 0...100 {
            var bytes = [UInt8](repeating: 0x7f, count: count)
            let isPlain = bytes.span.isASCII
            #expect(isPlain)
            for index in 0..<count {
                bytes[index] = 0x80
                let isPlain = bytes.span.isASCII
                #expect(!isPlain)
                bytes[index] = 0x7f
            }
        }
    }

    @Test func `a signature is what the example in the README says`() throws {
        let arena = try SecureArena(capacity: 4096)
        guard var text = arena.allocate(64) else { throw Errno.invalidArgument }
        text.append(Array("0123456789abcdef0123456789abcdef\n".utf8).span)
        guard let secret = WebhookSecret(text) else { throw Errno.invalidArgument }
        let target = try #require(WebhookSettings.Target("https://hooks.example/onetime"))
        let message = WebhookMessage(id: Array("msg_1".utf8), body: Array(#"{"event.action":"reveal"}"#.utf8))
        let request = try #require(message.request(to: WebhookSettings(target), secret: secret, at: 1_700_000_000))
        let lines = String(decoding: request, as: UTF8.self).split(separator: "\r\n").map(String.init)
        // Python: hmac.new(b"0123456789abcdef0123456789abcdef", b'msg_1.1700000000.{"event.action":"reveal"}', "sha256")
        #expect(lines.contains("Webhook-Signature: v1,zD3RP5i1Pc2JYAFAAiJqTwhh0/qDKTfWpiplPwARDrw="))
        #expect(lines.contains("Host: hooks.example"))
        secret.wipe()
        #expect(message.request(to: WebhookSettings(target), secret: secret, at: 1_700_000_000) == nil)
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n", "HTTP/1.0 204 \r\n", "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\n"])
    func `an answer's status is that of the final answer`(_ text: String) {
        guard case .status(200..<300) = status(text) else {
            Issue.record("no status in \(text)")
            return
        }
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1 2000 OK\r\n", "<!DOCTYPE html>\r\n",
        "HTTP/1.1 099 No\r\n",
    ])
    func `what is no answer has no status`(_ text: String) {
        #expect(status(text) == .malformed)
    }

    @Test(arguments: [
        ("HTTP/1.1 503 Later\r\nRetry-After: 7\r\n\r\n", 7 as UInt64?, true),
        ("HTTP/1.1 503 Later\r\nRETRY-AFTER:\t120 \r\nA", 120, true),
        ("HTTP/1.1 100 Go\r\nRetry-After: 1\r\n\r\nHTTP/1.1 429 No\r\nA: b\r\nretry-after: 9\r\n", 9, true),
        ("HTTP/1.1 503 Later\r\nRetry-After: 99999999999999999999\r\n\r\n", 999_999_999, true),
        ("HTTP/1.1 503 Later\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", nil, true),
        ("HTTP/1.1 503 Later\r\nRetry-After: 1", nil, false),
        ("HTTP/1.1 503 Later\r\nX-Retry-After: 1\r\n\r\nRetry-After: 2\r\n", nil, true),
        ("HTTP/1.1 503 Later\r\n", nil, false), ("HTTP/1.1 503 Later\n\nRetry-After: 3\n", nil, true),
        ("HTTP/1.1 503", nil, false),
    ])
    func `for how long a receiver asks not to be called is known once its field is there`(
        _ text: String, _ seconds: UInt64?, _ isKnown: Bool
    ) {
        let found = WebhookAnswer.pause(in: Array(text.utf8).span)
        #expect(found.seconds == seconds && found.isKnown == isKnown, "\(text)")
    }

    private func status(_ text: String) -> WebhookAnswer.Finding {
        let bytes = Array(text.utf8)
        return WebhookAnswer.status(in: bytes.span)
    }
}
