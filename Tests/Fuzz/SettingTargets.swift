// The files that operators write: configuration and brands. What is read is written, and read again as the same.

import Pages

@Sendable func fuzzSettings(_ raw: [UInt8]) {
    _ = try? BrandFile(parsing: raw)
    let isText = String(validating: raw, as: UTF8.self) != nil
    guard let file = SettingLines(raw) else { return expect(!isText, "a text is refused") }
    expect(isText, "what is no text is taken")
    let count = raw.count { $0 == 10 } + 1
    var number = 0
    for line in file.lines {
        expect(number < line.number && line.number <= count, "a line that there is not", "\(line.number)")
        number = line.number
        expect(!line.name.hasPrefix("#"), "a comment says something")
        let texts = [line.name, line.value ?? ""]
        for text in texts {
            let blanks: Set<UInt8> = [0x20, 0x09, 0x0d]
            let hasBlanks = text.utf8.first.map(blanks.contains) == true || text.utf8.last.map(blanks.contains) == true
            expect(!hasBlanks && !text.utf8.contains(10), "blanks around a text", printable(text.utf8))
            let isPrintable = SettingLines.isPrintable(text)
            expect(SettingLines.isPrintable(SettingLines.singleLine(text)), "a control character is told")
            expect(SettingLines.isPrintable(SettingLines.printable(text)), "a control character is told")
            expect(!isPrintable || SettingLines.singleLine(text) == text, "a text is told otherwise", text)
            expect(SettingLines.printable(text).unicodeScalars.count <= 61, "more is told than one line")
        }
    }
    // Without comments and blanks it says the same. The first line is empty, for a mark of byte order is one only in front.
    let text = file.lines.map { line in line.name + (line.value.map { "=" + $0 } ?? "") }.joined(separator: "\n")
    let again = SettingLines(Array(("\n" + text).utf8))?.lines ?? []
    let isSame = zip(again, file.lines).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    expect(isSame && again.count == file.lines.count, "a file is not itself again", printable(raw))
}
