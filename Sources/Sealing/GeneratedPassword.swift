// Passwords that the server makes up.
public import SecureMemory

/// The classes of characters that a generated password draws from.
public struct CharacterClasses: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A to Z without I and O.
    public static let uppercase = CharacterClasses(rawValue: 1)
    /// a to z without i, l and o.
    public static let lowercase = CharacterClasses(rawValue: 2)
    /// 2 to 9.
    public static let digits = CharacterClasses(rawValue: 4)
    /// Signs that survive a shell's double quotes and are found on most keyboards.
    public static let symbols = CharacterClasses(rawValue: 8)

    /// What is drawn from when nobody asks for anything else.
    public static let standard: CharacterClasses = [.uppercase, .lowercase, .digits]

    private static let alphabets: [(CharacterClasses, StaticString)] = [
        (.uppercase, "ABCDEFGHJKLMNPQRSTUVWXYZ"),
        (.lowercase, "abcdefghjkmnpqrstuvwxyz"),
        (.digits, "23456789"),
        (.symbols, "#%*+,-./:;=?@^_~"),
    ]

    var alphabets: [StaticString] {
        Self.alphabets.filter { contains($0.0) }.map { $0.1 }
    }
}

/// Passwords from OpenSSL's CSPRNG, with at least one character of each chosen class and none that are mistaken for others.
public enum GeneratedPassword {
    /// The lengths that can be asked for.
    public static let lengths = 4...128

    /// Appends a password.
    ///
    /// Each draw is uniform over the union of the classes; a password that lacks a class is thrown away as a whole, so all
    /// passwords that have every class are equally likely.
    public static func append(
        length: Int, from classes: CharacterClasses, to output: inout SecureBytes, suite: CipherSuite
    ) throws(SealingError) {
        precondition(lengths.contains(length) && !classes.isEmpty)
        let alphabets = classes.alphabets
        let total = alphabets.reduce(0) { $0 + $1.utf8CodeUnitCount }
        let start = output.count
        try suite.reserve.prepare()
        while true {
            var seen = Array(repeating: false, count: alphabets.count)
            for _ in 0..<length {
                var position = try suite.reserve.number(below: total)
                for (index, alphabet) in alphabets.enumerated() {
                    if position < alphabet.utf8CodeUnitCount {
                        guard unsafe output.append(alphabet.utf8Start[position]) else { throw .arenaFull }
                        seen[index] = true
                        break
                    }
                    position -= alphabet.utf8CodeUnitCount
                }
            }
            if seen.allSatisfy({ $0 }) { return }
            output.truncate(to: start)
        }
    }
}
