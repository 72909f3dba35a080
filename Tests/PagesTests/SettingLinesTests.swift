// The lines that brand files and configuration files share.
import Testing

@testable import Pages

@Suite struct SettingLinesTests {
    private func said(_ text: String) -> [String]? {
        SettingLines(Array(text.utf8))?.lines.map { "\($0.number):\($0.name)=\($0.value ?? "nil")" }
    }

    @Test func aLineIsWhatStandsAroundItsFirstEqualsSignWithoutBlanks() {
        #expect(said("\u{FEFF} a =\tb = # c \r\n\n# d = e\n  # f\n=g\nh=") == ["1:a=b = # c", "5:=g", "6:h="])
    }

    @Test func aLineWithoutASignAndASectionHaveNoValue() {
        #expect(said("just words\n[a=b]\n") == ["1:just words=nil", "2:[a=b]=nil"])
    }

    @Test func whatIsNoTextHasNoLines() {
        #expect(SettingLines([0x61, 0xFF]) == nil)
        #expect(said("") == [])
    }

    @Test func aValueIsShownInOneLineAndShortened() {
        #expect(SettingLines.printable("a\nb\u{7F}") == "a\u{FFFD}b\u{FFFD}")
        #expect(SettingLines.printable(String(repeating: "é", count: 61)) == String(repeating: "é", count: 60) + "…")
        #expect(SettingLines.isPrintable("é ") && !SettingLines.isPrintable("\t"))
    }
}
