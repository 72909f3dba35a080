// The file in which an operator describes brands: its grammar.

/// A brand file: lines of `key = value`, the first ones for everybody, those behind `[domain]` for that domain. A `#` begins a
/// line that says nothing.
///
/// Sections share nothing: what one does not say is the standard there.
public struct BrandFile: Sendable {
    /// What one section says.
    public struct Section: Sendable {
        /// The domain in lower case; nil for everybody else.
        public internal(set) var domain: String?
        /// All but the pictures.
        public internal(set) var description = Brand.Description()
        /// The logo, for the program to read.
        public internal(set) var logo: Picture?
        /// The icon of the tab, for the program to read.
        public internal(set) var favicon: Picture?
        let line: Int
    }

    /// A picture that a section names.
    public struct Picture: Equatable, Sendable {
        /// Its path as it is written there.
        public let path: String
        let line: Int
        let key: String

        /// What is wrong with it, once it was looked for.
        public func fault(_ text: String) -> Fault { Fault(line: line, text: "\(key) \(path): \(text)") }
    }

    /// What is wrong with a file.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        /// The line, counted from 1.
        public let line: Int
        let text: String

        /// Line, key, and what is allowed.
        public var description: String { "line \(line): \(text)" }
    }

    /// The largest file, in bytes.
    public static let maximumSize = SettingLines.maximumSize

    /// The section for everybody, which may be empty, and those of domains.
    public private(set) var sections = [Section(line: 1)]

    /// Reads the bytes of a file.
    public init(parsing bytes: [UInt8]) throws(Fault) {
        guard let text = SettingLines(bytes) else { throw Fault(line: 1, text: "the file is not UTF-8 text") }
        var seen: Set<String> = []
        for line in text.lines {
            let (number, name) = (line.number, line.name)
            guard let value = line.value else {
                guard name.hasPrefix("[") else {
                    throw Fault(line: number, text: "a line has to be key = value, [domain], or begin with #")
                }
                try checkSize()
                sections.append(Section(domain: try domain(name, number), line: number))
                seen = []
                continue
            }
            guard let key = BrandKey(rawValue: name) else {
                let known = BrandKey.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(
                    line: number, text: "unknown key '\(SettingLines.printable(name))'; it is one of \(known)")
            }
            guard seen.insert(name).inserted || key.isRepeatable else {
                throw Fault(line: number, text: "\(name) is there twice in one section")
            }
            guard SettingLines.isPrintable(value), key.set(value, line: number, in: &sections[sections.count - 1])
            else {
                throw Fault(
                    line: number,
                    text: "\(name) is '\(SettingLines.printable(value))', but has to be \(key.allowed)")
            }
        }
        try checkSize()
    }

    private func domain(_ line: String, _ number: Int) throws(Fault) -> String {
        let name = String(line.dropFirst().dropLast()).lowercased()
        guard line.hasSuffix("]"), Self.isDomain(name) else {
            throw Fault(
                line: number,
                text:
                    "a section has to be [domain], a name in ASCII (xn--… for others) or an IPv4 address, without port")
        }
        guard !sections.contains(where: { $0.domain == name }) else {
            throw Fault(line: number, text: "[\(name)] is there twice")
        }
        guard sections.count <= Self.maximumDomains else {
            throw Fault(line: number, text: "there are more than \(Self.maximumDomains) domains")
        }
        return name
    }

    /// How many domains there may be.
    static let maximumDomains = 100

    /// All texts of a section together have to fit a page that holds a secret, too.
    private func checkSize() throws(Fault) {
        guard let section = sections.last, !section.description.fitsPages else { return }
        throw Fault(line: section.line, text: "of this section, \(Brand.allowedTogether)")
    }

    /// Labels of letters, digits and hyphens (RFC 1123, section 2.1).
    private static func isDomain(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            let hyphen = UInt8(ascii: "-")
            return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                && label.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == hyphen }
        }
    }
}
