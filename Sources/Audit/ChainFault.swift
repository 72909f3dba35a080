// What can be wrong with a chain.

/// What is wrong with a chain.
public enum ChainFault: Error, Equatable, Sendable {
    /// The line is neither of the log nor another JSON line of the program.
    case foreignLine
    /// The line is longer than ``ChainVerifier/lineBound``.
    case tooLong
    /// The line is one of the log, but its fields are not where they belong.
    case malformed
    /// The line, or the one before it together with its hash, was changed.
    case changed(event: UInt64)
    /// Lines are missing before this one.
    case removed(first: UInt64, count: UInt64)
    /// The line stands where another one belongs.
    case swapped(event: UInt64)
    /// The line was not written here.
    case inserted(event: UInt64)
    /// The line has the number of the one before it, and both may follow what is before them: one of them was not written here.
    case doubled(event: UInt64)
    /// The first line of a run that is here already: each start of a server has a key of its own. `key`: that key, as text.
    case repeatedRun(key: String)
    /// The log begins with what follows its last line.
    case wrongOrder(event: UInt64)
    /// More runs than ``ChainVerifier/runBound``.
    case tooManyRuns
    /// What came before the first line is not here.
    case noBeginning(event: UInt64)
    /// The chain does not hold what the certificate vouches for: its end was cut off, or it is another chain.
    case notCertified
    /// A certificate vouches for a run that is not here. `key`: that of the run, as text.
    case absentRun(key: String)
    /// Lines follow the one that the certificate says was the last.
    case afterEnd
    /// The chain was begun by the holder of another key than that of the certificate.
    case foreignKey
    /// Lines are missing before this one, which tells of lines that another receiver was not given, and not the one whose file this is.
    case foreignGap(event: UInt64)
    /// The hash could not be computed.
    case libraryFailure
}
