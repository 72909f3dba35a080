// The fingerprint of a certificate that nobody vouches for, in the forms in which people can compare it.
import FingerprintWords
import Kernel
import Log
import QRCode

extension ServeCommand {
    /// Shows a fingerprint as digits and as words (RFC 2289), on a terminal also as a QR code of the digits.
    static func announce(_ fingerprint: [32 of UInt8], _ log: LogStream) {
        let bytes = fingerprint.span
        let digits = text(FingerprintText.hexadecimalCount(forByteCount: 32)) {
            FingerprintText.writeHexadecimal(bytes, to: &$0)
        }
        guard log.isText else {
            let words = text(FingerprintText.wordsBound(forByteCount: 32)) {
                FingerprintText.writeWords(for: bytes, to: &$0)
            }
            return log.event(
                "certificate fingerprint (SHA-256): \(digits)", .info,
                [("tls.server.hash.sha256", digits), ("onetime.fingerprint.words", words)])
        }
        log.event("The certificate vouches for itself. Compare its SHA-256 fingerprint with the browser's:")
        log.event("  \(digits)")
        for start in stride(from: 0, to: 32, by: 8) {
            let line = text(FingerprintText.wordsBound(forByteCount: 8)) {
                FingerprintText.writeWords(for: bytes.extracting(start..<start + 8), to: &$0)
            }
            log.event("  \(line)")
        }
        if let code = code(of: digits) { log.show(code) }
    }

    private static func code(of digits: String) -> String? {
        var memory = [UInt8](repeating: 0, count: QRCode.memorySize)
        // Long before it is too long for a code: a fingerprint has one length.
        guard let code = try? QRCode(digits.utf8Span.span, in: memory.mutableSpan) else { return nil }
        return text(code.terminalBound) { code.writeTerminal(to: &$0) }
    }

    private static func text(_ room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) -> String {
        String(decoding: [UInt8](capacity: room, initializingWith: write), as: UTF8.self)
    }
}
